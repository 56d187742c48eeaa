"""Facts, tables, sizes and durations as lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from .console import Channel, clean

if TYPE_CHECKING:
    from ..transport.records import Attempt

_AMOUNT = re.compile(r"[\d,.]+( [kMG]?B)?")


def facts(rows: Iterable[tuple[str, str]], channel: Channel) -> list[str]:
    """Return labelled facts as aligned lines, without the empty ones."""
    return [f"  {channel.paint(f'{label:<9}', 'dim')} {clean(value)}" for label, value in rows if value]


def attempt_lines(attempts: Sequence[Attempt], channel: Channel) -> list[str]:
    """Return the attempts below their source: how each ended, bytes, time, and what was said."""
    lines = []
    for source, tries in groupby(attempts, key=lambda attempt: attempt.source):
        lines.append(f"    {clean(source)}")
        for attempt in tries:
            ending = channel.mark("ok" if attempt.code is None else "note")
            said = f"  {attempt.code or ''} {attempt.said}".rstrip()
            lines.append(f"    {ending} {size(attempt.bytes)} in {duration(attempt.seconds)}{clean(said)}")
    return lines


def table(rows: list[list[str]], channel: Channel) -> list[str]:
    """Return rows as aligned lines; columns of amounts, whatever their first cell, go to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [all(map(_AMOUNT.fullmatch, column[1:])) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        lines.append(f"  {channel.paint(cells[0], 'dim')}  {'  '.join(cells[1:])}".rstrip())
    return lines


def duration(seconds: float) -> str:
    """Return a duration as people read it."""
    if seconds < 0.1:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def size(count: int) -> str:
    """Return a number of bytes as people read it, in powers of 1000."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count} B"
