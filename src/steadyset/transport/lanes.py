"""More connections for one file, as long as each brings more than it costs.

A source may be slow, or slow for each connection (CIFAR's only origin has given 55 to 85 kB/s since June
2026). After a short trial another connection is opened: to another source if there is one, else to the
same. When the rate of all together grows by three tenths their number is doubled; when it does not, those
that came last go, and no more are tried: a server that limits each client gains nobody anything by them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from ..errors import SteadysetError
from .assembly import Assembly
from .attempt import Outcome, attempt
from .client import Client
from .records import Limits, Sink
from .shares import Share, Shares
from .turns import Turn

_WORTH = 1.3  # what more connections must multiply the rate by
_FAST = 32e6  # bytes per second; the network is not what is waited for
_PATIENCE = 4  # trials; what is done by then is waited for
_LEAST = 1 << 17  # bytes; the rest of a file that another source is asked for


class Ledger(Protocol):
    """Who is told of what the lanes did."""

    def attempted(self, turn: Turn, outcome: Outcome, share: Share, began: float, seconds: float) -> None:
        """An attempt has ended."""

    def advanced(self, turn: Turn) -> None:
        """Bytes have come."""


class Lane:
    """One more connection, in a thread of its own."""

    def __init__(self, lanes: Lanes, turn: Turn) -> None:
        self.turn = turn
        self.brought = False
        self.over = False
        self.error: SteadysetError | None = None
        self._lanes = lanes
        self._rate = 0.0
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._run, name="steadyset-lane", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still fetches."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Have it stop; what it brought is kept."""
        self.over = True
        if self._client is not None:
            self._client.end()

    def join(self) -> None:
        """Wait until it has stopped."""
        self._thread.join(5)

    def _run(self) -> None:
        try:
            with Client(self._lanes.limits) as self._client:
                while not self.over and self.error is None and self._fill(self._client):
                    pass
        except SteadysetError as error:  # a setting of the environment; the main connection says so
            self.error = error
        finally:
            self._lanes.left()

    def _fill(self, client: Client) -> bool:
        share = self._lanes.shares.take(aside=True, rate=self._rate)
        if share is None:
            return False
        try:
            self.error = self._lanes.fill(self, client, share)
            self._rate = share.rate
        finally:
            self._lanes.shares.give_back(share)
        return True


class Lanes:
    """The connections of one fetch beside its main one, and whether there should be more."""

    def __init__(self, assembly: Assembly, sink: Sink, turns: Sequence[Turn], limits: Limits, ledger: Ledger) -> None:
        self.limits = limits
        self.shares = Shares(assembly, limits.trial)
        self._assembly = assembly
        self._sink = sink
        self._turns = turns
        self._ledger = ledger
        self._lanes: list[Lane] = []
        self._newest: list[Lane] = []
        self._main: Turn | None = None
        self._settled = False
        self._base = 0.0
        self._since = self._started = 0.0
        self._bytes = 0
        self._lock = threading.Lock()
        self.interrupt_main: Callable[[], None] = lambda: None

    @property
    def running(self) -> bool:
        """Whether any lane still fetches."""
        return any(lane.alive for lane in self._lanes)

    @property
    def used(self) -> bool:
        """Whether there ever was a lane."""
        return bool(self._lanes)

    def allow(self, turn: Turn) -> bool:
        """Take note of which source the main connection asks; return whether there may be others beside it."""
        self._main = turn
        proved = self._assembly.has_pieces or self._assembly.wanted.sha256
        return bool(proved) and self._assembly.size is not None

    def close(self, *, for_good: bool = True) -> None:
        """End all lanes."""
        self._settled |= for_good
        for lane in self._lanes:
            lane.end()
        for lane in self._lanes:
            lane.join()

    def left(self) -> None:
        """A lane has ended: where nothing is missing, the main connection need not read on."""
        if self._assembly.complete:
            self.interrupt_main()

    def fill(self, lane: Lane, client: Client, share: Share) -> SteadysetError | None:
        """Fetch a share for a lane; return what went wrong."""

        def advance(count: int) -> None:
            lane.brought = True
            self._ledger.advanced(lane.turn)
            self.note(count)

        began, at = time.time(), time.monotonic()
        url, within = lane.turn.source.url, self.limits.total
        outcome = attempt(
            client, url, self._assembly, self._sink, ask="range", within=within, advance=advance, share=share
        )
        ended = lane.over or share.is_over or self._assembly.complete
        outcome = outcome._replace(error=None if ended else outcome.error)
        self._ledger.attempted(lane.turn, outcome, share, began, time.monotonic() - at)
        return outcome.error

    def note(self, count: int) -> None:
        """Count bytes that came, and see now and then whether another connection is worth it."""
        if self._settled:
            return
        with self._lock:
            now = time.monotonic()
            if not self._since or self._are_starting(now):
                self._since, self._bytes = now, 0
                return
            self._bytes += count
            if now - self._since >= self.limits.trial:
                self._judge(self._bytes / (now - self._since))
                self._since, self._bytes = now, 0

    def _are_starting(self, now: float) -> bool:
        """Whether the newest lanes have yet to bring something: the next trial begins when they have."""
        waiting = any(lane.alive and not lane.brought for lane in self._newest)
        return waiting and now - self._started < _PATIENCE * self.limits.trial

    def _judge(self, rate: float) -> None:
        refused = any(lane.error is not None for lane in self._newest)
        if self._newest and (refused or rate < _WORTH * self._base):
            for lane in self._newest:
                lane.end()
            self._settled = True
            return
        self._base, self._newest = rate, []
        left = sum(end - start for start, end in self._assembly.gaps())
        if rate > _FAST or left < rate * self.limits.trial * _PATIENCE:
            return
        turns = self._next_turns(left)
        self._started = time.monotonic()
        self._newest = [Lane(self, turn) for turn in turns]
        self._lanes += self._newest
        self._settled = not turns

    def _next_turns(self, left: int) -> list[Turn]:
        """Return whom to ask besides: as many as are asked now, sources that nobody asks first."""
        alive = [lane for lane in self._lanes if lane.alive]
        room = min(1 + len(alive), self.limits.connections - 1 - len(alive))
        asked = {id(lane.turn) for lane in self._lanes} | {id(self._main)}
        fresh = [t for t in self._turns if t.source.is_remote and not t.retired and t.error is None]
        others = [t for t in fresh if id(t) not in asked] if left >= _LEAST else []
        main = self._main
        again = main is not None and main.ask != "whole" and (self._assembly.size or 0) >= self.limits.large
        found = [*others[:1], *([main] * room if again and main else [])]
        return found[: max(0, room)]
