"""``steadyset fetch URL``: any file, with the engine and the store of the datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .answering import Answer
from .options import Run

if TYPE_CHECKING:
    from ..errors import ArgumentError
    from ..loading.urls import UrlRecord
    from ..transport.records import Limits
    from .console import Channel


class Wish(NamedTuple):
    """What was said about the file that a URL names: its digest, its size in bytes, and where to put it."""

    sha256: str | None = None
    size: int | None = None
    output: str | None = None


def is_url(word: str) -> bool:
    """Tell a URL from the name of a dataset."""
    return "://" in word


def refuse_mixture(words: tuple[str, ...], to: str | None, wish: Wish, mirrors: tuple[str, ...]) -> None:
    """Refuse what does not go together, before anything is done.

    Raises:
        ArgumentError: SS443.
    """
    urls = [word for word in words if is_url(word)]
    given = [f"--{name}" for name, value in wish._asdict().items() if value is not None]
    options = ", ".join(given)
    if urls and len(urls) < len(words):
        raise _refusal("datasets and URLs are fetched by calls of their own", words)
    if not urls and given:
        raise _refusal(f"{options} is for a URL; the manifest of a dataset says what its files are", words)
    if urls and to is not None:
        raise _refusal("--to is for datasets; -o says where the file of a URL goes", words)
    if urls and mirrors:
        raise _refusal("--mirror is for datasets; a URL says itself where its file is", words)
    if len(urls) > 1 and given:
        raise _refusal(f"{options} is for one URL, and there are {len(urls)}", words)
    if wish.output in ("", "-"):
        raise _refusal(
            "-o takes the name of a file or a directory; what is not proved yet is not written to a pipe", words
        )


def _refusal(message: str, words: tuple[str, ...]) -> ArgumentError:
    from ..errors import ArgumentError
    from ..findings.records import Remedy
    from ..findings.redaction import redact_url

    remedy = Remedy("See what it takes, with examples.", (("steadyset", "fetch", "-h"),))
    return ArgumentError(message, evidence=[("given", " ".join(map(redact_url, words)))], remedies=[remedy])


def fetch_urls(run: Run, urls: tuple[str, ...], wish: Wish, limits: Limits | None) -> Answer:
    """Fetch files by their URLs and answer with their paths."""
    from ..findings.report import Report
    from ..loading.urls import fetch_url_with
    from .documents import failed_file, fetched_file
    from .failing import Failures

    settings = run.settings()
    run.urls = urls
    records: list[UrlRecord] = []
    failures = Failures(only=len(urls) == 1)
    with run.progress() as tell:
        for url in urls:
            with failures.of(url):
                told: dict[str, Any] = {"progress": tell, "limits": limits}
                records.append(
                    fetch_url_with(settings, url, sha256=wish.sha256, size=wish.size, to=wish.output, **told)
                )
    files = [*map(fetched_file, records), *(failed_file(url, error) for url, error in failures.found)]
    findings = [found for record in records for found in record.findings] + failures.findings
    report = Report("fetch", _summary(records, len(failures.found)), tuple(findings), extra={"files": files})
    chatter = _chatter(records, run.console.err, run.common.verbose)
    return Answer(report, paths=[record.path for record in records], chatter=chatter)


def _summary(records: list[UrlRecord], failed: int) -> str:
    done = f"{len(records)} file{'s' * (len(records) != 1)} fetched" if records else ""
    missing = f"{failed} could not be fetched" if failed else ""
    return "; ".join(part for part in (done, missing) if part)


def _chatter(records: list[UrlRecord], channel: Channel, verbose: int) -> list[str]:
    from .console import clean
    from .tables import attempt_lines, duration, size

    lines = []
    for record in records:
        got = f"{size(record.bytes_downloaded)} downloaded, " if record.bytes_downloaded else ""
        source = f"{record.url}, from the store" if record.source == "store" else record.source
        proof = "SHA-256 verified" if record.verified else "unverified"
        what = f"{size(record.size)} of {clean(source)}, {proof} ({got}{duration(record.seconds)})"
        lines.append(f"{channel.mark('ok' if record.verified else 'note')} {what}")
        lines += attempt_lines(record.attempts, channel) if verbose or len(record.attempts) > 1 else []
    return lines
