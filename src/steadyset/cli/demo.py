"""``steadyset demo``: the whole thing at work, on drawn digits and a server that misbehaves."""

from __future__ import annotations

import click

from .answering import Answer
from .app import CONTEXT
from .options import Run, common

EPILOG = """\b
Examples:
  steadyset demo
  steadyset demo --quick
"""


@click.command("demo", context_settings=CONTEXT, epilog=EPILOG)
@click.option("--quick", is_flag=True, help="Without the pauses for reading.")
@common
def command(run: Run, quick: bool) -> Answer:
    """Show what steadyset does when things go wrong: wholly offline, about 20 seconds.

    A server on this machine serves drawn digits, not MNIST, and misbehaves. Nothing is left behind.
    """
    from ..demo import play
    from ..errors import InternalError
    from ..findings.report import Report

    out = run.console.out
    silent = run.common.as_json or run.common.quiet > 0
    code = play(
        (lambda _: None) if silent else (lambda line: out.write([line])),
        color=out.color,
        unicode=out.unicode,
        width=out.width,
        quick=quick or silent,
    )
    if code:
        raise InternalError("the demonstration did not end as it should")
    return Answer(Report("demo", "the demonstration ran to its end"))
