"""Runs of bytes, held or missing, in the order of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_WRITTEN = re.compile(r"\d{1,18}-\d{1,18}(?:,\d{1,18}-\d{1,18})*", re.ASCII)


class Span(NamedTuple):
    """A run of bytes: from ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Spans:
    """A set of bytes, as disjoint runs that do not touch each other."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: list[Span] = []
        for span in spans:
            self.add(*span)

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    @classmethod
    def read(cls, text: object) -> Spans | None:
        """Return what ``str`` wrote, or None when it is something else."""
        if not isinstance(text, str) or not (_WRITTEN.fullmatch(text) or not text):
            return None
        pairs = (part.split("-") for part in text.split(",") if part)
        return cls(Span(int(start), int(end)) for start, end in pairs)

    def __str__(self) -> str:
        return ",".join(f"{start}-{end}" for start, end in self._spans)

    @property
    def total(self) -> int:
        """How many bytes there are."""
        return sum(end - start for start, end in self._spans)

    @property
    def first(self) -> int:
        """How many bytes there are in a row from the start of the file."""
        return self.reach(0)

    def reach(self, at: int) -> int:
        """Return where the run ends that a position is in or at the end of; the position itself without one."""
        return next((end for start, end in self._spans if start <= at <= end), at)

    def add(self, start: int, end: int) -> None:
        """Add a run."""
        if end <= start:
            return
        apart = [s for s in self._spans if s.end < start or s.start > end]
        near = [s for s in self._spans if not (s.end < start or s.start > end)]
        new = Span(min([start, *(s.start for s in near)]), max([end, *(s.end for s in near)]))
        self._spans = sorted([*apart, new])

    def cut(self, size: int) -> None:
        """Remove all from a position on."""
        self._spans = [Span(start, min(end, size)) for start, end in self._spans if start < size]

    def within(self, start: int, end: int) -> list[Span]:
        """Return what there is of a run."""
        return [Span(max(s, start), min(e, end)) for s, e in self._spans if s < end and e > start]

    def missing(self, start: int, end: int) -> list[Span]:
        """Return what is not there of a run."""
        found = []
        for held in self.within(start, end):
            if held.start > start:
                found.append(Span(start, held.start))
            start = held.end
        return [*found, Span(start, end)] if start < end else found
