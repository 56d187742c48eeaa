"""What is shown while bytes come in: bars on a terminal, lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from ..progress import Lines
from .console import Console, clean

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ..transport.records import Event


def lines(console: Console) -> Lines:
    """Return a listener that writes plain lines to stderr."""
    return Lines(lambda line: console.err.write([clean(line)]))


class Bars:
    """One bar per file, drawn on stderr and gone at the end. Use as a context manager.

    rich is imported with the first event, so a load from the store never pays for it. What happens on
    the way (a source given up, a wait) stays on the screen as a line above the bars.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        progress = self._started()
        if event.file not in self._tasks:
            self._tasks[event.file] = progress.add_task(clean(event.file), total=event.total)
        task = self._tasks[event.file]
        progress.update(task, completed=event.done, total=event.total)
        if event.kind == "start" and event.done:
            self._say(progress, f"{event.file}: goes on at {event.done / 1e6:.1f} MB")
        elif event.kind in ("abandon", "wait") and event.text:
            self._say(progress, f"{event.file}: {event.text}")

    def _say(self, progress: Progress, text: str) -> None:
        progress.console.print(clean(text), markup=False, highlight=False, soft_wrap=True)

    def _started(self) -> Progress:
        if self._progress is None:
            self._progress = _make(self._console)
            self._progress.start()
        return self._progress


def _make(console: Console) -> Progress:
    from rich.console import Console as RichConsole
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    channel = console.err
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=RichConsole(file=channel.stream, no_color=not channel.color, width=channel.width),
        transient=True,
        expand=False,
    )
