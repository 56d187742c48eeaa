"""What is said when a command fails: the code, what was seen, what to do; and the exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from .. import __version__
from ..errors import (
    ArgumentError,
    DiskFullError,
    InternalError,
    ManifestError,
    SteadysetError,
    StorePathError,
    StoreVersionError,
    UsageError,
)
from ..findings.lines import error_lines
from ..findings.records import Finding, Remedy
from ..findings.redaction import redact_url
from ..findings.report import Report, finding
from .answering import painted, write_document
from .console import Channel, clean, muffle
from .fitting import command, fitted
from .options import Run

_CONFIGURATION = (UsageError, StorePathError, StoreVersionError, ManifestError, InternalError)
_AFTER = ("--json", "-q", "--quiet", "-v", "--verbose", "--offline", "--mirror", "--color")
INTERRUPTED = 130
_FRAMES = 12


class Failure(NamedTuple):
    """How a command ended: the lines for a person, the finding for a machine, and the exit code."""

    lines: tuple[str, ...]
    summary: str
    finding: Finding | None
    exit_code: int


def answer(error: BaseException, run: Run, argv: Sequence[str]) -> int:
    """Write what a failure means, as text or as the one JSON document, and return the exit code."""
    try:
        failure = _judge(error, run, argv)
        _write(failure, error, run)
    except OSError as unwritable:
        return say_unwritable(unwritable)
    except KeyboardInterrupt:  # once more, while it was being said
        return INTERRUPTED
    return failure.exit_code


def _judge(error: BaseException, run: Run, argv: Sequence[str]) -> Failure:
    if isinstance(error, SteadysetError):
        return _coded(error, run.urls[0] if len(run.urls) == 1 else "")
    if isinstance(error, click.ClickException):
        return _coded(_usage(error, run))
    if isinstance(error, KeyboardInterrupt | click.Abort | EOFError):
        return _interrupted(run)
    if isinstance(error, OSError) and _is_output(error):
        raise error
    return _coded(_bug(error, argv))


def _coded(error: SteadysetError, url: str = "") -> Failure:
    code = 2 if isinstance(error, _CONFIGURATION) else 1
    found = finding_of(error, url)
    lines = error_lines(error.code, error.message, error.evidence, found.remedies)
    return Failure(tuple(lines), error.message, found, code)


def finding_of(error: SteadysetError, url: str = "") -> Finding:
    """Return an error as a finding; with a URL, as one of the file that the URL names."""
    remedies = fitted(error.code, error.remedies, url)
    found = finding(error.code, error.message, evidence=error.evidence, remedies=remedies)
    wrong_call = isinstance(error, UsageError | InternalError)
    return found._replace(verify=() if wrong_call else command(found.verify, url))


class Failures:
    """The datasets, or the URLs, of one command that failed, while the others went on."""

    def __init__(self, *, only: bool) -> None:
        self._only = only
        self.found: list[tuple[str, SteadysetError]] = []

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Remember that the work on a dataset failed. What is wrong with the call is raised, and so is
        what is wrong with the only dataset.
        """
        try:
            yield
        except SteadysetError as error:
            if self._only or isinstance(error, _CONFIGURATION):
                raise
            self.found.append((name, error))

    @property
    def names(self) -> list[str]:
        """The datasets that failed."""
        return [name for name, _ in self.found]

    @property
    def findings(self) -> list[Finding]:
        """Why, as findings."""
        return [finding_of(error, name if "://" in name else "") for name, error in self.found]


def _usage(error: click.ClickException, run: Run) -> ArgumentError:
    """Return a malformed command line as an error of ours."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "steadyset"
    message = error.format_message().strip()
    option = getattr(error, "option_name", "")
    if path == "steadyset" and option in _AFTER:
        command = "load" if run.command == "steadyset" else run.command
        message = f"{option} goes after the command: steadyset {command} {option}"
    usage = [("usage", ctx.get_usage().removeprefix("Usage: "))] if ctx is not None else []
    remedy = Remedy("See what it takes, with examples.", ((*path.split(), "-h"),))
    return ArgumentError(message[:1].lower() + message[1:], evidence=usage, remedies=[remedy])


def _interrupted(run: Run) -> Failure:
    kept = _kept(run)
    lines = ["interrupted", *([f"  {kept}"] if kept else [])]
    return Failure(tuple(lines), ": ".join(line.strip() for line in lines), None, INTERRUPTED)


def _kept(run: Run) -> str:
    """Say what an interrupted download leaves for the next call: of the files of this one, no others'."""
    from ..progress import amount
    from ..store.census import census

    with contextlib.suppress(SteadysetError, OSError):
        left = {item.name for item in census(run.settings().own) if item.kind == "unfinished"}
        came = [event for event in run.coming.values() if event.done and event.file in left]
        if came:
            parts = ", ".join(f"{amount(event.done, event.total)} of {event.file}" for event in came)
            return f"{parts} are kept; the same command goes on from there"
    return ""


def _bug(error: BaseException, argv: Sequence[str]) -> InternalError:
    """Return something unforeseen as our own bug, with a block that can be pasted into a report."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" in {_module(where[0].filename)}" if where else ""
    block = "\n".join(redacted_traceback(error))
    return InternalError(
        f"unexpected {type(error).__name__}{place}: this is our bug, not your mistake",
        evidence=[
            ("command", f"steadyset {' '.join(map(redact, argv))}"),
            ("version", f"steadyset {__version__}, Python {sys.version.split()[0]}, {sys.platform}"),
            ("traceback", block),
        ],
        remedies=[
            Remedy("Report it to the project with the lines above; what was stored and verified is not affected.")
        ],
    ).with_traceback(error.__traceback__)


def redacted_traceback(error: BaseException) -> list[str]:
    """Return the last frames of a traceback with no path of the user in it, and what was raised."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    lines = [f"{_module(f.filename)}:{f.lineno} in {f.name}" for f in frames]
    said = redact(str(error)).strip().split("\n")[0][:300]
    return [*lines, f"{type(error).__name__}: {said}" if said else type(error).__name__]


def _module(path: str) -> str:
    """Return the path of a module below its package's parent, without what stands before it."""
    parts = path.replace("\\", "/").split("/")
    for mark in ("steadyset", "site-packages"):
        if mark in parts[:-1]:
            at = len(parts) - 1 - parts[::-1].index(mark)
            return "/".join(parts[at + (mark == "site-packages") :])
    return parts[-1]


def redact(text: str) -> str:
    """Return text without credentials in URLs and without the path of the home directory."""
    home = os.path.expanduser("~")
    text = redact_url(text)
    return text.replace(home, "~") if len(home) > 1 else text


def _write(failure: Failure, error: BaseException, run: Run) -> None:
    if run.common.as_json:
        findings = (failure.finding,) if failure.finding else ()
        report = Report(run.command, failure.summary, findings, tuple(_records(error, run)), _files(error, run))
        write_document(run.console, report.document(failure.exit_code))
    elif run.common.quiet < 2:
        run.console.err.write(_colored(failure, run.console.err))


def _records(error: BaseException, run: Run) -> list[dict[str, Any]]:
    from .documents import failed_record

    return [failed_record(name, error) for name in run.datasets]


def _files(error: BaseException, run: Run) -> dict[str, Any]:
    from .documents import failed_file

    return {"files": [failed_file(url, error) for url in run.urls]} if run.urls else {}


def _colored(failure: Failure, channel: Channel) -> list[str]:
    first, *rest = failure.lines
    code, gap, message = first.partition("] ")
    head = f"{channel.paint(clean(code) + ']', 'bold red')} {clean(message)}" if gap else clean(first)
    return [head, *painted(rest, channel)]


def _is_output(error: OSError) -> bool:
    """Tell whether writing our own output failed: then no path is named in the error."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EBADF)


def say_unwritable(error: OSError) -> int:
    """Say that the output could not be written, as far as that is still possible; return the exit code.

    That its reader has left is not worth a word.
    """
    seen = [("system", error.strerror or str(error))]
    problem = DiskFullError("the output could not be written", evidence=seen)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if not isinstance(error, BrokenPipeError):
            print(problem, file=sys.stderr, flush=True)
    muffle(sys.stdout)
    return 1
