"""The columns of the bars. Imports rich, so it is imported with the first event only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.table import Column
from rich.text import Text

from ..progress import Pace, amount, place_of, span
from .console import Channel, clean

if TYPE_CHECKING:
    from ..transport.records import Event

_WIDE = 96  # from here on there is room for a bar, and for longer names
_NUMBERS = 45  # what bytes, rate and time left take, with the gaps
_LONGEST = 30


class Words(ProgressColumn):
    """A column that is written anew with each refresh, so that a source that stalls shows as one.

    Args:
        words: what to write of the last event of a row.
        style: how.
        most: columns at most; what is longer ends in an ellipsis.
        right: whether it stands to the right.
    """

    def __init__(self, words: Callable[[Event], str], style: str = "", *, most: int, right: bool = True) -> None:
        super().__init__(
            Column(no_wrap=True, overflow="ellipsis", max_width=most, justify="right" if right else "left")
        )
        self._words, self._style = words, style

    def render(self, task: Task) -> Text:
        """Write one cell."""
        return Text(clean(self._words(task.fields["event"])), style=self._style)


def make(channel: Channel, pace: Pace) -> Progress:
    """Return a display of rich: per row the name, a bar, the bytes, the rate, the time left and the source."""
    wide = channel.width >= _WIDE
    name = 26 if wide else 18
    bar = [BarColumn(min(_LONGEST, channel.width - _WIDE + 8))] if wide else []
    room = min(_LONGEST, channel.width - name - _NUMBERS - (9 if wide else 0))
    source = [Words(lambda event: place_of(event.source), "dim", most=room, right=False)] if room > 7 else []
    return Progress(
        Words(lambda event: event.file, "bold", most=name, right=False),
        *bar,
        Words(lambda event: amount(event.done, event.total), most=20),
        Words(lambda event: _rate(pace, event), "cyan", most=12),
        Words(lambda event: _left(pace, event), most=12),
        *source,
        console=RichConsole(file=channel.stream, no_color=not channel.color, highlight=False),
        transient=True,
        expand=False,
    )


def _rate(pace: Pace, event: Event) -> str:
    rate = pace.rate(event.file)
    return "" if rate is None else f"{amount(int(rate))}/s"


def _left(pace: Pace, event: Event) -> str:
    rate = pace.rate(event.file)
    return f"{span((event.total - event.done) / rate)} left" if rate and event.total else ""
