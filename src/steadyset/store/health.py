"""Hosts that failed not long ago, remembered in the store: they are asked last for a while.

It is a matter of order only: a host that rests is still asked when the others do not have the file, and
what is written here is believed by nobody for anything else. A success clears it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from ..errors import StoreError
from .layout import Layout
from .writing import write_file

_SCHEMA = "steadyset.sources/1"
_FIRST, _LONGEST = 60.0, 3600.0  # seconds of rest: doubled with each failure in a row
_MOST = 1 << 16  # bytes; a longer file is not ours
# What is said of one file, and not of the host: it is not there, it is not for us, another way to ask is needed.
_OF_THE_FILE = frozenset({"SS131", "SS132", "SS139", "SS141", "SS203"})


class Rest(NamedTuple):
    """Why and until when (Unix time) a host is asked last: ``failures`` in a row, the code of the last one."""

    failures: int
    code: str
    since: float
    until: float


class Tried(Protocol):
    """One attempt at a source, as the fetch engine records it."""

    @property
    def source(self) -> str:
        """The source's URL, or the path that it is."""

    @property
    def code(self) -> str | None:
        """The code of its failure; None when it delivered."""


S = TypeVar("S")

_unwritten: dict[str, dict[str, Rest]] = {}  # of stores that cannot be written, for this process


class Health:
    """What is remembered of the hosts that one store's files come from.

    Args:
        layout: the store.
        now: tells the Unix time.
    """

    def __init__(self, layout: Layout, now: Callable[[], float] = time.time) -> None:
        self._layout = layout
        self._now = now

    def last(self, sources: Sequence[S], url: Callable[[S], str]) -> list[S]:
        """Return sources in their order, those whose host rests at the end."""
        resting = self._resting()
        return sorted(sources, key=lambda source: host_of(url(source)) in resting) if resting else list(sources)

    def rests(self, url: str) -> bool:
        """Whether the host of a URL failed not long ago."""
        return host_of(url) in self._resting()

    def note(self, attempts: Sequence[Tried]) -> None:
        """Take note of how the hosts did, the last attempt at each counting."""
        told = {host: a.code for a in attempts if (host := host_of(a.source)) and a.code not in _OF_THE_FILE}
        if not told:
            return
        known = self._read()
        now = self._now()
        after = {host: rest for host, rest in known.items() if self._holds(rest, now) and host not in told}
        for host, code in told.items():
            if code is not None:
                before = known.get(host)
                failures = min(before.failures if before and self._holds(before, now) else 0, 30) + 1
                after[host] = Rest(failures, code, now, now + min(_LONGEST, _FIRST * 2.0 ** (failures - 1)))
        if after != known:
            self._write(after)

    def _resting(self) -> dict[str, Rest]:
        now = self._now()
        return {host: rest for host, rest in self._read().items() if self._holds(rest, now)}

    def _holds(self, rest: Rest, now: float) -> bool:
        """Whether a rest is still to be kept; none is when the clock was set back."""
        return rest.since <= now < rest.until <= rest.since + _LONGEST

    def _read(self) -> dict[str, Rest]:
        if self._layout.root in _unwritten:
            return _unwritten[self._layout.root]
        try:
            with open(self._layout.sources, "rb") as file:
                raw = json.loads(file.read(_MOST))
            if raw["schema"] != _SCHEMA:
                return {}
            return {
                str(host): Rest(int(r["failures"]), str(r["code"]), float(r["since"]), float(r["until"]))
                for host, r in raw["hosts"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return {}

    def _write(self, hosts: dict[str, Rest]) -> None:
        _unwritten.pop(self._layout.root, None)
        text = json.dumps({"schema": _SCHEMA, "hosts": {host: rest._asdict() for host, rest in hosts.items()}})
        try:
            if not os.path.isdir(self._layout.root):
                raise StoreError("there is no store")
            write_file(self._layout.sources, [text.encode()])
        except StoreError:
            _unwritten[self._layout.root] = hosts


def host_of(url: str) -> str:
    """Return host and port of an http or https URL; nothing for what is no such URL."""
    if url.startswith(("http://", "https://")):
        with contextlib.suppress(ValueError):
            return urlsplit(url).netloc.rpartition("@")[2].lower()
    return ""
