"""``steadyset explain``: what a code means, offline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from .answering import Answer
from .app import CONTEXT
from .options import Run, common

if TYPE_CHECKING:
    from ..errors import ArgumentError
    from ..findings.catalogue import Entry

EPILOG = """\b
Examples:
  steadyset explain SS105
  steadyset explain tls-issuer-not-trusted
  steadyset explain SS121 --json
"""
_CODE = re.compile(r"(?i)ss\d+|[a-z]+(-[a-z0-9]+)+")
_WIDEST = 88


@click.command("explain", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("code", nargs=-1)
@common
def command(run: Run, code: tuple[str, ...]) -> Answer:
    """Explain a CODE such as SS105: what it means, why it happens, how to fix it. Nobody is contacted.

    The name of a code, dns-failure for example, does as well.
    """
    from ..findings.catalogue import entry
    from ..findings.page import plain
    from ..findings.report import Report

    if len(code) != 1 or not _CODE.fullmatch(code[0].strip("[] ")):
        raise _only_codes(" ".join(code))
    try:
        found = entry(code[0].strip("[] "))
    except KeyError as error:
        raise _unknown(code[0], str(error.args[0])) from None
    report = Report("explain", f"{found.code} {found.name}: {found.title}", extra={"entry": _document(found)})
    width = min(run.console.out.width, _WIDEST)
    return Answer(report, product=plain(found, width).rstrip("\n").split("\n"))


def _only_codes(given: str) -> ArgumentError:
    from ..errors import ArgumentError
    from ..findings.records import Remedy

    return ArgumentError(
        "explain takes one code; only codes are explained so far, no tracebacks, files or commands",
        evidence=[("given", given[:200] or "nothing")],
        remedies=[Remedy("Give the code that the message shows in brackets.", (("steadyset", "explain", "SS105"),))],
    )


def _unknown(given: str, near: str) -> ArgumentError:
    from ..errors import ArgumentError
    from ..findings.records import Remedy

    hint = f"; did you mean {' or '.join(near.split(', '))}?" if near else ""
    nearest = near.split(", ")[0] or "SS105"
    return ArgumentError(
        f"there is no code {given!r}{hint}",
        remedies=[Remedy("Give the code that the message shows in brackets.", (("steadyset", "explain", nearest),))],
    )


def _document(entry: Entry) -> dict[str, Any]:
    remedies = [{"text": r.text, "commands": [list(c) for c in r.commands], "safety": r.safety} for r in entry.remedies]
    return {
        "code": entry.code,
        "name": entry.name,
        "category": entry.category,
        "title": entry.title,
        "means": entry.means,
        "causes": list(entry.causes),
        "remedies": remedies,
        "verify": list(entry.verify),
        "ignore": entry.ignore,
        "references": list(entry.references),
        "example": entry.example,
        "since": entry.since,
        "url": entry.url,
    }
