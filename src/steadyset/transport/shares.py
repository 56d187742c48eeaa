"""Who fetches which part of a file, when several connections do."""

from __future__ import annotations

import threading
import time

from .assembly import Assembly
from .spans import Span, Spans

_SMALLEST = 1 << 16  # bytes; a smaller part is not worth a request
_FASTER = 4  # times as fast must be who takes another's rest


class Share:
    """A run of bytes that one connection brings: ``at`` says how far it is, ``stop`` where it ends.

    Whoever has nothing left to do takes the end of another's share: then ``stop`` is lowered.
    """

    def __init__(self, start: int, stop: int, *, aside: bool = False) -> None:
        self.start = self.at = start
        self.stop = stop
        self.aside = aside
        self.taken_from: Share | None = None
        self._all = stop
        self._begun = time.monotonic()

    @property
    def left(self) -> int:
        """How many bytes are still to come."""
        return self.stop - self.at

    @property
    def is_over(self) -> bool:
        """Whether the rest has been taken by others."""
        return self.stop < self._all and self.at >= self.stop

    @property
    def rate(self) -> float:
        """Bytes per second so far; a little above nothing at first."""
        return max(1, self.at - self.start) / max(1e-6, time.monotonic() - self._begun)

    def seconds_left(self) -> float:
        """Return how long the rest will take, by the rate so far."""
        return self.left / self.rate


class Shares:
    """The parts that are being fetched now, and what is left to give out.

    Args:
        assembly: the file.
        hurry: what will be there within so many seconds is not divided any more.
    """

    def __init__(self, assembly: Assembly, hurry: float) -> None:
        self._assembly = assembly
        self._hurry = hurry
        self._given: list[Share] = []
        self._change = threading.Condition()

    def take(self, *, aside: bool, rate: float = 0.0) -> Share | None:
        """Return a part that nobody fetches, else the end, or the rest, of one that takes long, else None.

        Args:
            aside: whether it is for a connection beside the main one.
            rate: bytes per second that this connection has brought so far.
        """
        with self._change:
            share = self._free(aside) or self._split(aside) or self._take_over(aside, rate)
            if share is not None:
                self._given.append(share)
            return share

    def give_back(self, share: Share) -> None:
        """Take note that nobody fetches a part any more, whether it is whole or not."""
        with self._change:
            self._given.remove(share)
            victim = share.taken_from
            if victim in self._given and share.at == share.start == victim.stop and not victim.is_over:
                victim.stop = share.stop  # nothing came of it, and the connection is still there that was to bring it
            self._change.notify_all()

    def await_change(self, seconds: float) -> None:
        """Wait until a part is given back, or for a while."""
        with self._change:
            self._change.wait(seconds)

    def _free(self, aside: bool) -> Share | None:
        taken = Spans(Span(share.at, share.stop) for share in self._given)
        free = (part for gap in self._assembly.gaps() for part in taken.missing(*gap))
        return next((Share(start, end, aside=aside) for start, end in free), None)

    def _split(self, aside: bool) -> Share | None:
        """Take the second half of a part, from a border between two pieces on."""
        grain = self._assembly.wanted.piece_size if self._assembly.has_pieces else _SMALLEST
        for victim in sorted(self._given, key=Share.seconds_left, reverse=True):
            if victim.seconds_left() < self._hurry:
                continue
            middle = -(-(victim.at + victim.left // 2) // grain) * grain
            if victim.at + grain <= middle < victim.stop:
                share = Share(middle, victim.stop, aside=aside)
                share.taken_from, victim.stop = victim, middle
                return share
        return None

    def _take_over(self, aside: bool, rate: float) -> Share | None:
        """Take all that is left of a part too small to be divided, for a connection that is much faster."""
        for victim in self._given:
            if 0 < victim.left < rate * (victim.seconds_left() - self._hurry) / _FASTER:
                share = Share(victim.at, victim.stop, aside=aside)
                victim.stop = victim.at
                return share
        return None
