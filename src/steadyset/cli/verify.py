"""``steadyset verify``: is what is stored what it should be?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .answering import Answer
from .app import CONTEXT
from .options import Run, common

if TYPE_CHECKING:
    from ..findings.report import Report
    from .console import Channel

EPILOG = """\b
Examples:
  steadyset verify
  steadyset verify mnist -v
  steadyset verify -qq && echo all is well
"""


@click.command("verify", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@common
def command(run: Run, names: tuple[str, ...]) -> Answer:
    """Check every stored file and array against its recorded SHA-256, and change nothing.

    The files that Keras keeps of the same datasets are checked too. Exits with 1 when something is
    damaged; nothing stored is no problem.
    """
    from ..loading.verification import verify_with

    report = verify_with(run.settings(), names or None)
    return Answer(report, body=_lines(report, run.console.out, verbose=run.common.verbose))


def _lines(report: Report, channel: Channel, *, verbose: int) -> list[str]:
    """Return a line per dataset, with ``-v`` one per file too, and the summary."""
    from .console import clean

    lines = []
    for record in report.datasets:
        stored = record.get("stored", [])
        bad = sum(not each["ok"] for each in stored)
        count = f"{len(stored)} stored file{'s' * (len(stored) != 1)}"
        what = f"{bad} of {count} damaged" if bad else f"{count} verified" if stored else "nothing stored"
        mark = "note" if not stored else "ok" if not bad else "warning" if record["ok"] else "error"
        lines.append(f"{channel.mark(mark)} {channel.paint(record['name'], 'bold')}  {what}")
        width = max((len(each["name"]) for each in stored), default=0)
        for each in stored if verbose else ():
            mark = channel.mark("ok" if each["ok"] else "error")
            lines.append(f"    {mark} {each['kind']:<7} {each['name']:<{width}}  {clean(each['path'])}")
    return [*lines, report.summary] if not report.datasets or len(report.datasets) > 1 else lines
