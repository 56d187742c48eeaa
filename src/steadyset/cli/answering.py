"""What a command answers, and how the answer is written: as text by level of quiet, or as one document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..findings.lines import evidence_lines, quoted, remedy_lines
from ..findings.records import Finding
from ..findings.report import Report
from .console import Channel, Console, clean

if TYPE_CHECKING:
    from .options import Common


class Answer(NamedTuple):
    """What a command came to.

    Attributes:
        report: the machine's form, and the findings.
        body: lines for stdout, left out with ``-q``.
        product: lines for stdout that were asked for themselves, left out with ``-qq`` only.
        paths: the same, for paths: written byte for byte.
        chatter: lines for stderr, left out with ``-q``.
        told: the findings that the body tells; with the body they are not written once more.
        exit_code: left out, the report's.
    """

    report: Report
    body: Sequence[str] = ()
    product: Sequence[str] = ()
    paths: Sequence[str] = ()
    chatter: Sequence[str] = ()
    told: Sequence[Finding] = ()
    exit_code: int | None = None


def deliver(answer: Answer, console: Console, common: Common) -> int:
    """Write an answer and return the exit code."""
    code = answer.report.exit_code if answer.exit_code is None else answer.exit_code
    if common.as_json:
        write_document(console, answer.report.document(code))
        return code
    if common.quiet < 1:
        console.err.write(answer.chatter)
        console.out.write(answer.body)
    if common.quiet < 2:
        console.out.write(answer.product)
        for path in answer.paths:
            console.out.write_path(path)
        channel = console.err if answer.paths else console.out
        above = common.quiet < 1 and (answer.body or answer.chatter)
        told = answer.told if common.quiet < 1 else ()
        channel.write(
            findings_lines([f for f in answer.report.findings if f not in told], channel)[0 if above else 1 :]
        )
    return code


def write_document(console: Console, document: dict[str, Any]) -> None:
    """Write the one JSON document of a run, in ASCII, which every encoding carries."""
    console.out.write([json.dumps(document, indent=2)])


def findings_lines(findings: Sequence[Finding], channel: Channel) -> list[str]:
    """Return findings as blocks of lines, an empty line before each."""
    return [line for found in findings for line in ("", *finding_block(found, channel))]


def finding_block(found: Finding, channel: Channel) -> list[str]:
    """Return one finding: what happened, what was seen, why, what to do, how to check, where to read more."""
    sure = "" if found.confidence == "certain" else f" ({found.confidence})"
    head = f"{channel.mark(found.level)} {channel.paint(f'{found.code} {found.name}', 'bold')}{sure}"
    rest = [f"  {found.message}", *evidence_lines(found.evidence)]
    rest += [f"  Why     {found.why}"] if found.why else []
    rest += remedy_lines(found.remedies)
    rest += [f"  Verify  {quoted(found.verify)}"] if found.verify and found.level == "error" else []
    return [head, *painted([*rest, f"  More    steadyset explain {found.code}"], channel)]


def painted(lines: Sequence[str], channel: Channel) -> list[str]:
    """Return the lines of a block with their labels dimmed, and nothing in them that steers a terminal."""
    return [_painted(part, channel) for line in lines for part in line.split("\n")]


def _painted(line: str, channel: Channel) -> str:
    line = clean(line)
    label, gap, rest = line[:8], line[8:10], line[10:]
    if line[:2] == "  " and label.strip() in ("Why", "Do", "Verify", "More", "Usage"):
        return f"{channel.paint(label, 'dim')}{gap}{rest}"
    return line
