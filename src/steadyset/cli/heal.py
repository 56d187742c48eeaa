"""``steadyset heal``: what is damaged is moved aside and replaced, in the store and where Keras looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .answering import Answer
from .app import CONTEXT
from .options import Run, common, timeout

if TYPE_CHECKING:
    from ..findings.report import Report
    from ..transport.records import Limits
    from .console import Channel

EPILOG = """\b
Examples:
  steadyset heal --dry-run
  steadyset heal mnist
  steadyset heal --mirror ~/Downloads --offline
"""
_STATES = {
    "planned": ("warning", "to heal"),
    "healed": ("ok", "healed"),
    "set-aside": ("note", "moved aside; the dataset loads without it"),
    "failing": ("error", "still failing"),
}
_KINDS = {"object": "file", "array": "array", "keras": "file of Keras", "leftover": "beside Keras' file"}


@click.command("heal", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and change nothing; exit with 1 if that is anything."
)
@timeout
@common
def command(run: Run, names: tuple[str, ...], dry_run: bool, limits: Limits | None) -> Answer:
    """Move damaged copies of the datasets NAME aside, and put good ones in their place.

    Looks at what verify looks at: the store, and the files that Keras keeps. What is damaged is renamed,
    never deleted; what is missing then is had again from the store, a mirror or a built-in source, and is
    read once more before it is called healed. Exits with 1 when something is still failing.
    """
    from ..loading.healing import heal_with

    settings = run.settings()
    with run.progress() as tell:
        report = heal_with(settings, names or None, apply=not dry_run, progress=tell, limits=limits)
    body = _lines(report, run.console.out)
    told = [found for found in report.findings if dry_run or found.level != "error"]
    return Answer(report, body=body, told=told)


def _lines(report: Report, channel: Channel) -> list[str]:
    steps = report.extra["steps"]
    return [*(line for step in steps for line in _step(step, channel)), report.summary]


def _step(step: dict[str, Any], channel: Channel) -> list[str]:
    """Return one step as lines: what was found, where it is now, what took its place."""
    from .tables import facts

    mark, word = _STATES[step["state"]]
    word = "moved aside" if step["kind"] == "leftover" and step["state"] == "set-aside" else word
    what = f"{channel.paint(step['name'], 'bold')} ({_KINDS[step['kind']]})  {word}"
    planned = step["state"] == "planned"
    rows = [
        ("found", f"{step['found']} [{step['code']}]"),
        ("at", step["path"]),
        ("would", step["action"] if planned else ""),
        ("moved to", step["moved_to"] or ""),
        ("now", _now(step)),
    ]
    return [f"{channel.mark(mark)} {what}", *(f"  {line}" for line in facts(rows, channel))]


def _now(step: dict[str, Any]) -> str:
    if step["state"] == "healed":
        made = "made again" if step["kind"] == "array" else "a copy"
        source = "the store" if step["replaced_by"] == "store" else step["replaced_by"]
        return f"{made} from {source}, SHA-256 verified"
    lacks = step["state"] in ("set-aside", "failing") and step["kind"] != "leftover"
    return "nothing" if lacks and step["moved_to"] else ""
