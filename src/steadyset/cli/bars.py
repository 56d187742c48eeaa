"""What is shown while bytes come in: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING

from ..progress import Lines, Pace, happening
from .console import Console, clean

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ..transport.records import Event


def lines(console: Console) -> Lines:
    """Return a listener that writes plain lines to stderr."""
    return Lines(lambda line: console.err.write([clean(line)]))


class Bars:
    """One display for all files, drawn on stderr and gone at the end. Use as a context manager.

    A row per file that is coming, and one for all of them as soon as there are several. rich is imported
    with the first event, so a load from the store never pays for it. What happens on the way (where a file
    goes on, a source given up, a wait) stays on the screen as a line above the rows.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._pace = Pace()
        self._tasks: dict[str, TaskID] = {}
        self._last: dict[str, Event] = {}
        self._lock = threading.Lock()  # several files may come at once

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        with self._lock:
            progress = self._started()
            before = self._last.get(event.file)
            event = event._replace(source=event.source or (before.source if before else ""))
            self._last[event.file] = event
            self._row(progress, event.file, event)
            if len(self._last) > 1:
                self._row(progress, "", self._all(event))
            line = happening(event)
            if line is not None:
                progress.console.print(clean(line), markup=False, soft_wrap=True)

    def _row(self, progress: Progress, key: str, event: Event) -> None:
        self._pace.note(event)
        if key not in self._tasks:
            self._tasks[key] = progress.add_task("", completed=event.done, total=event.total, event=event)
        is_coming = event.kind != "done"
        progress.update(self._tasks[key], completed=event.done, total=event.total, event=event, visible=is_coming)

    def _all(self, event: Event) -> Event:
        """Return what has come of all files together, as the event of a row of its own."""
        each = list(self._last.values())
        totals = [one.total for one in each]
        total = None if None in totals else sum(filter(None, totals))
        return event._replace(
            kind="start" if event.kind == "start" else "advance",  # what a new file brings along is no speed
            file=f"all {len(each)} files",
            done=sum(one.done for one in each),
            total=total,
            source="",
        )

    def _started(self) -> Progress:
        if self._progress is None:
            from .columns import make

            self._progress = make(self._console.err, self._pace)
            self._progress.start()
        return self._progress
