"""What a load says while it fetches: plain lines for the library; the command line has bars of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from .transport.records import Event, Listener

Progress = bool | Callable[[Event], object] | None
"""How a load may be told to show its progress; see ``steadyset.load``."""


def listener(progress: Progress) -> Listener | None:
    """Return who is told of the progress.

    Args:
        progress: True for lines on stderr, False for silence, a callable to be told every ``Event``;
            None for lines when stderr is a terminal.

    Raises:
        TypeError: it is none of these.
    """
    if progress is None:
        progress = bool(getattr(sys.stderr, "isatty", lambda: False)())
    if progress is True:
        return Lines(lambda line: print(line, file=sys.stderr, flush=True))
    if progress is False:
        return None
    if callable(progress):
        return _telling(progress)
    raise TypeError("progress is True, False, None or a callable")


def _telling(told: Callable[[Event], object]) -> Listener:
    """Return a listener that lets go of what the caller's callable returns."""

    def tell(event: Event) -> None:
        told(event)

    return tell


class Lines:
    """Tells the progress in lines: one per tenth of a file, and one for each thing that happens."""

    def __init__(self, say: Callable[[str], None], *, quiet_for: float = 0.5) -> None:
        self._say = say
        self._tenths: dict[str, int] = {}
        self._begun: dict[str, float] = {}
        self._quiet_for = quiet_for

    def __call__(self, event: Event) -> None:
        """Say what is worth a line."""
        if event.kind == "start":
            self._begun[event.file] = time.monotonic()
            self._tenths[event.file] = 0
            if event.done:
                self._say(f"{event.file}: goes on at {_mb(event.done)} of {_mb(event.total)}")
        elif event.kind == "advance":
            self._advance(event)
        elif event.text:
            self._say(f"{event.file}: {event.text}")

    def _advance(self, event: Event) -> None:
        if not event.total:
            return
        tenth = 10 * event.done // event.total
        slow = time.monotonic() - self._begun.get(event.file, 0.0) > self._quiet_for
        if tenth > self._tenths.get(event.file, 0) and slow:
            self._tenths[event.file] = tenth
            self._say(f"{event.file}: {tenth * 10} % of {_mb(event.total)} from {event.source}")


def _mb(size: int | None) -> str:
    return "an unknown size" if size is None else f"{size / 1e6:.1f} MB"
