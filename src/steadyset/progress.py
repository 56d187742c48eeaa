"""What a load says while it fetches: a bar in a notebook, plain lines elsewhere. The command line has its own bars."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from .transport.records import Event, Listener

Progress = bool | Callable[[Event], object] | None
"""How a load may be told to show its progress; see ``steadyset.load``."""

Say = Callable[[str], None]
Ticks = Callable[[], float]

_SPAN = 10.0  # seconds that a rate is taken over
_STEP = 0.1  # seconds between two measurements
_WIDTH = 24


def listener(progress: Progress) -> Listener | None:
    """Return who is told of the progress.

    Args:
        progress: True for a bar in a notebook and lines on stderr elsewhere, False for silence, a callable
            to be told every ``Event``; None for what True gives, in a notebook or when stderr is a terminal.

    Raises:
        TypeError: it is none of these.
    """
    if progress is None:
        progress = in_notebook() or bool(getattr(sys.stderr, "isatty", lambda: False)())
    if progress is True:
        return NotebookBar() if in_notebook() else Lines(_to_stderr)
    if progress is False:
        return None
    if callable(progress):
        return _telling(progress)
    raise TypeError("progress is True, False, None or a callable")


def in_notebook() -> bool:
    """Tell whether a kernel runs this, so that its output is a cell; IPython is never imported for that."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _telling(told: Callable[[Event], object]) -> Listener:
    """Return a listener that lets go of what the caller's callable returns."""

    def tell(event: Event) -> None:
        told(event)

    return tell


def happening(event: Event) -> str | None:
    """Return what an event is worth saying whatever the display: where a file goes on, a source given up, a wait."""
    if event.kind == "start" and 1000 * event.done > (event.total or 0):  # a few bytes are not worth a word
        return f"{event.file}: goes on at {amount(event.done, event.total)}"
    if event.kind in ("abandon", "wait") and event.text:
        return f"{event.file}: {event.text}"
    return None


def amount(done: int, total: int | None = None) -> str:
    """Return bytes as people read them, ``4.2 of 11.5 MB``, in powers of 1000."""
    most = done if total is None else total
    unit, word = next(((u, w) for u, w in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")) if most >= u), (1, "B"))
    digits = 1 if unit > 1 else 0
    whole = "" if total is None else f" of {total / unit:.{digits}f}"
    return f"{done / unit:.{digits}f}{whole} {word}"


def place_of(source: str) -> str:
    """Return the host of a URL, or the path that a source is."""
    return source.partition("://")[2].partition("/")[0].rpartition("@")[2] or source


class Pace:
    """How fast each file comes: the bytes of the last ten seconds, so that a source that stalls shows."""

    def __init__(self, clock: Ticks = time.monotonic) -> None:
        self._clock = clock
        self._marks: dict[str, deque[tuple[float, int]]] = {}

    def note(self, event: Event) -> None:
        """Take a measurement."""
        now, marks = self._clock(), self._marks.setdefault(event.file, deque())
        if event.kind == "start" or (marks and event.done < marks[-1][1]):  # bytes held before are no speed
            marks.clear()
        if len(marks) > 1 and now - marks[-2][0] < _STEP:
            marks.pop()
        marks.append((now, event.done))
        while len(marks) > 2 and marks[1][0] < now - _SPAN:
            marks.popleft()

    def rate(self, file: str) -> float | None:
        """Return bytes per second; None before there is anything to tell."""
        marks = self._marks.get(file)
        if not marks:
            return None
        since, first = marks[0]
        passed = self._clock() - since
        return (marks[-1][1] - first) / passed if passed > _STEP else None

    def told(self, event: Event) -> list[str]:
        """Return rate and time left in words, as far as they are known."""
        rate = self.rate(event.file)
        if rate is None:
            return []
        left = [f"{span((event.total - event.done) / rate)} left"] if rate and event.total else []
        return [f"{amount(int(rate))}/s", *left]


def span(seconds: float) -> str:
    """Return a time that need not be exact: ``40 s``, ``12 min``, ``3 h 05 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


class Lines:
    """Tells the progress in lines: one per tenth of a file, and one for each thing that happens.

    A file that is there within ``quiet_for`` seconds is not worth a line. One whose size nobody tells gets
    a line every ten seconds.
    """

    def __init__(self, say: Say, *, quiet_for: float = 0.5, clock: Ticks = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._pace = Pace(clock)
        self._steps: dict[str, int] = {}
        self._begun: dict[str, float] = {}
        self._quiet_for = quiet_for
        self._lock = threading.Lock()  # several files may come at once

    def __call__(self, event: Event) -> None:
        """Say what is worth a line."""
        with self._lock:
            self._pace.note(event)
            if event.kind == "start":
                self._begun[event.file] = self._clock()
                self._steps[event.file] = 10 * event.done // event.total if event.total else 0
            line = self._advanced(event) if event.kind == "advance" else happening(event)
            if line is not None:
                self._say(_printable(line))

    def _advanced(self, event: Event) -> str | None:
        passed = self._clock() - self._begun.setdefault(event.file, self._clock())
        step = 10 * event.done // event.total if event.total else int(passed // _SPAN)
        if step <= self._steps.get(event.file, 0) or passed <= self._quiet_for:
            return None
        self._steps[event.file] = step
        part = f"{step * 10} % of {amount(event.total)}" if event.total else f"{amount(event.done)} so far"
        return ", ".join([f"{event.file}: {part} from {place_of(event.source)}", *self._pace.told(event)])


class NotebookBar:
    """One text in the output of a cell, updated in place: what happened, and below it a bar per file.

    Where the front end shows nothing, lines on stderr take its place.
    """

    def __init__(self, show: Say | None = None, *, clock: Ticks = time.monotonic, quiet_for: float = 0.5) -> None:
        self._show = show
        self._clock = clock
        self._pace = Pace(clock)
        self._lines = Lines(_to_stderr, quiet_for=quiet_for, clock=clock)
        self._degraded = False
        self._said: list[str] = []
        self._last: dict[str, Event] = {}
        self._begun = self._shown = clock()
        self._quiet_for = quiet_for
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if self._degraded:
            self._lines(event)
            return
        with self._lock:
            self._note(event)
            if self._is_due(event):
                self._draw(event)

    def _note(self, event: Event) -> None:
        self._pace.note(event)
        line = happening(event)
        self._said += [line] if line else []
        before = self._last.get(event.file)
        source = event.source if event.kind == "advance" else before.source if before else ""
        self._last[event.file] = event._replace(source=source)

    def _is_due(self, event: Event) -> bool:
        """Whether to draw: what happens at once, how far it is now and then, and what is quick not at all."""
        now = self._clock()
        if event.kind == "advance" and now - self._shown < 2 * _STEP:
            return False
        return bool(self._said) or now - self._begun > self._quiet_for

    def _draw(self, event: Event) -> None:
        width = max(map(len, self._last))
        try:
            if self._show is None:
                self._show = _cell()
            rows = [self._row(each, width) for each in self._last.values()]
            self._show("\n".join(map(_printable, [*self._said, *rows])))
            self._shown = self._clock()
        except Exception:  # whatever a front end does wrong, the load goes on
            self._degraded = True
            self._lines(event)

    def _row(self, event: Event, width: int) -> str:
        source = [place_of(event.source)] if event.source else []
        if event.kind == "done":
            return "  ".join([f"{event.file:<{width}}", _bar(1), "100 %", amount(event.done), *source])
        part = event.done / event.total if event.total else 0
        percent = f"{int(100 * part):3} %" if event.total else "     "
        words = [amount(event.done, event.total), *self._pace.told(event), *source]
        return "  ".join([f"{event.file:<{width}}", _bar(part), percent, *words])


def _printable(line: str) -> str:
    """Return a line with what could steer a terminal made visible: parts of it are the words of a server."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _bar(part: float) -> str:
    full = int(_WIDTH * part)
    return "█" * full + "░" * (_WIDTH - full)


def _cell() -> Say:
    """Return what shows a text in the output of the running cell, each time in the same place."""
    from importlib import import_module  # IPython is no dependency of ours; here it is loaded already

    display = import_module("IPython.display").display
    handle = None

    def show(text: str) -> None:
        nonlocal handle
        data = {"text/plain": text}
        if handle is not None:
            handle.update(data, raw=True)
            return
        handle = display(data, raw=True, display_id=True)
        if handle is None:
            raise RuntimeError("nothing displays here")

    return show
