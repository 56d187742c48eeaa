"""``steadyset fetch``: the published files of datasets, or any file by its URL, where they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .answering import Answer
from .app import CONTEXT
from .options import Run, common, timeout
from .urls import Wish, fetch_urls, is_url, refuse_mixture

if TYPE_CHECKING:
    from ..loading.fetching import FetchRecord
    from ..transport.records import Limits
    from .console import Channel

EPILOG = """\b
Examples:
  steadyset fetch mnist
  steadyset fetch mnist --to keras
  steadyset fetch mnist --to ~/data --timeout 600
  steadyset fetch https://example.org/weights.bin --sha256 HEX -o weights.bin
  cp $(steadyset fetch mnist -q) /media/stick
"""


@click.command("fetch", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("names", metavar="NAME...|URL", nargs=-1, required=True)
@click.option(
    "--to",
    metavar="keras|torchvision|DIR",
    help="Put copies into Keras' cache, into data/ for torchvision, or into a directory.",
)
@click.option("--sha256", metavar="HEX", help="The digest that the file of a URL must have.")
@click.option("--size", type=int, metavar="BYTES", help="The size that the file of a URL must have.")
@click.option("-o", "--output", metavar="FILE", help="Where to put the file of a URL: a file or a directory.")
@timeout
@common
def command(run: Run, names: tuple[str, ...], *, to: str | None, limits: Limits | None, **wish: Any) -> Answer:
    """Fetch the published files of the datasets NAME, verified, or any file by its URL.

    Prints their paths, one per line. A file that is there already and right is left alone; one that is
    wrong is renamed first, never deleted. What is not whole and right is never there.

    The file of a URL is proved by --sha256; without, it is called unverified and its digest is shown.
    """
    refuse_mixture(names, to, Wish(**wish), run.common.mirrors)
    if is_url(names[0]):
        return fetch_urls(run, names, Wish(**wish), limits)
    return _fetch_datasets(run, names, to, limits)


def _fetch_datasets(run: Run, names: tuple[str, ...], to: str | None, limits: Limits | None) -> Answer:
    from .. import manifests
    from ..findings.report import Report
    from ..loading.fetching import fetch_with
    from .documents import failed_record, fetched_record
    from .failing import Failures

    settings = run.settings()
    run.datasets = tuple(manifests.get(name).name for name in names)
    records: list[FetchRecord] = []
    documents = []
    failures = Failures(only=len(names) == 1)
    with run.progress() as tell:
        for name in names:
            with failures.of(name):
                records.append(fetch_with(settings, name, to=to, progress=tell, limits=limits))
                documents.append(fetched_record(records[-1]))
    documents += [failed_record(name, error) for name, error in failures.found]
    findings = [found for record in records for found in record.findings] + failures.findings
    report = Report("fetch", _summary(records, failures.names), tuple(findings), tuple(documents))
    paths = [path for record in records for path in record.paths]
    return Answer(report, paths=paths, chatter=_chatter(records, run.console.err, run.common.verbose))


def _summary(records: list[FetchRecord], failed: list[str]) -> str:
    count = sum(len(record.paths) for record in records)
    done = f"{count} file{'s' * (count != 1)} of {', '.join(r.dataset for r in records)}" if records else ""
    missing = f"{', '.join(failed)} could not be fetched" if failed else ""
    return "; ".join(part for part in (done, missing) if part)


def _chatter(records: list[FetchRecord], channel: Channel, verbose: int) -> list[str]:
    from .console import clean
    from .tables import attempt_lines, duration, size

    lines = []
    for record in records:
        got = f"{size(record.bytes_downloaded)} downloaded, " if record.bytes_downloaded else ""
        source = "the store" if record.source == "store" else clean(record.source)
        what = f"{record.dataset}: {record.recipe} from {source}, SHA-256 verified"
        lines.append(f"{channel.mark('ok')} {what} ({got}{duration(record.seconds)})")
        lines += attempt_lines(record.attempts, channel) if verbose or len(record.attempts) > len(record.paths) else []
    return lines
