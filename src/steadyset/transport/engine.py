"""The fetch engine: one file, several sources, no end before the file is whole or nothing is left to try.

Retries are counted by progress, not by number: a source that brings new bytes with every attempt is
asked again until the file is complete, one that brings nothing is given up after a few tries. A
failing source makes way for the next at once; its turn comes again after its waiting time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import BinaryIO

from ..errors import DataError, ProtocolError, SteadysetError, TimeLimitError
from .assembly import Assembly
from .attempt import Outcome, attempt
from .backoff import retry_after
from .client import Client
from .lanes import Lanes
from .local import copy
from .records import Attempt, Clock, Event, EventKind, Limits, Listener, Sink, Source, Wanted
from .shares import Share
from .turns import Turn
from .verdict import name_of, nothing_left, too_late, with_record

Opener = Callable[[str], BinaryIO]


class StoppedError(Exception):
    """A fetch was told to stop, by whoever waits for it no longer. Not for users."""


class SystemClock:
    """The clock of this machine, and an end to waiting."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wake(self) -> None:
        """End all waiting, from another thread."""
        self._woken.set()

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return time.time()

    def elapsed(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._woken.wait(seconds)


class Fetch:
    """One fetch of one file into a sink.

    Args:
        wanted: the file.
        sources: where it may be had, in the order to try them.
        sink: where it is put together; what it holds is taken up.
        client: asks remote sources; None where no socket may be opened.
        openers: for URL schemes that are no network (``practice``), and for paths under ``""``.
        limits: how long and how often.
        listener: is told of the progress.
        clock: tells the time.
    """

    def __init__(
        self,
        wanted: Wanted,
        sources: Sequence[Source],
        sink: Sink,
        *,
        client: Callable[[], Client] | None,
        openers: dict[str, Opener],
        limits: Limits | None = None,
        listener: Listener | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.wanted = wanted
        self.attempts: list[Attempt] = []
        self._sink = sink
        self._turns = [Turn(s) for s in sources]
        self._last: Turn | None = None
        self._favoured: Turn | None = None
        self._client = client
        self._openers = openers
        self._limits = limits or Limits()
        self._tell = listener or (lambda _: None)
        self._clock = clock or SystemClock()
        self._assembly = Assembly(wanted, sink)
        self._most_held = self._assembly.held
        self._lanes = Lanes(self._assembly, sink, self._turns, self._limits, self)
        self._lanes.interrupt_main = self._interrupt
        self._changes = 0
        self._digest = ""
        self._stopped = False
        self._telling = threading.Lock()
        self._asking: Client | None = None
        self._deadline = self._clock.elapsed() + self._limits.total

    @property
    def fetched(self) -> int:
        """How many bytes the attempts brought, those fetched twice included."""
        return sum(a.bytes for a in self.attempts)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The SHA-256 of each piece of the file, once it is fetched."""
        return self._assembly.pieces

    def run(self) -> str:
        """Fetch until the file is whole and proved; return its SHA-256 in hex.

        Raises:
            FetchError: the leaf for the one cause, when all sources failed for the same one.
            NoSourceError: SS137, when they failed for different ones.
            TimeLimitError: SS109, the total limit was reached.
            DataError: SS203, all that a source has is another file.
            StoreError: the sink cannot be written.
        """
        self._event("start")
        try:
            while not self._done():
                if not (self._lanes.running and self._rests()):
                    self._try(self._next())
        finally:
            self._lanes.close()
            self._assembly.close()
        self._event("done")
        return self._digest

    def stop(self) -> None:
        """End this fetch, from another thread: ``run`` raises ``StoppedError``, and what has come is kept."""
        self._stopped = True
        if isinstance(self._clock, SystemClock):
            self._clock.wake()
        if self._asking is not None:
            self._asking.end()

    def _done(self) -> bool:
        """Whether the file is whole; a whole that is not the recorded file starts anew elsewhere."""
        if not self._assembly.complete:
            return False
        self._lanes.close(for_good=False)
        try:
            self._digest = self._assembly.finish()
        except DataError as error:
            if self._assembly.has_pieces:  # every piece is right and the whole is not: the manifest errs
                raise
            self._lanes.close()  # one source at a time from here on, so that it is known who lies
            self._assembly.restart()
            self._most_held = 0
            for turn in self._turns:
                turn.ask = "whole"  # bytes of two files may have been put together
            if self._last is not None:  # else it was an old partial that is not the file
                self._last.brought_wrong_file()
                self._failed(self._last, Outcome(error=error), error, progressed=False, lied=False)
            return False
        return True

    def _next(self) -> Turn:
        """Return the source whose turn it is, after waiting for it if need be."""
        if self._stopped:
            raise StoppedError
        now = self._clock.elapsed()
        if now >= self._deadline:
            raise self._too_late()
        if self._favoured is not None:
            favoured, self._favoured = self._favoured, None
            return favoured
        alive = [t for t in self._turns if not t.retired]
        if not alive:
            raise nothing_left(self.wanted, self._turns, self.attempts)
        # Of those that may be asked now, the one that failed least: no good source waits behind bad ones.
        turn = min(alive, key=lambda t: (max(t.not_before, now), t.patience_spent))
        wait = turn.not_before - now
        if wait > 0:
            if now + wait >= self._deadline:
                raise self._too_late()
            if wait >= 1:
                self._event("wait", turn.source, f"{wait:.0f} s before {name_of(turn.source)} is asked again")
            self._clock.sleep(wait)
        return turn

    def _try(self, turn: Turn) -> None:
        self._last = turn
        share = self._lanes.shares.take(aside=False) if self._lanes.allow(turn) else None
        if share is None and self._lanes.running:  # the others have all that is missing, and will soon be done
            self._favoured = turn
            self._lanes.shares.await_change(0.1)
            return
        try:
            self._try_share(turn, share)
        finally:
            if share is not None:
                self._lanes.shares.give_back(share)

    def _try_share(self, turn: Turn, share: Share | None) -> None:
        gap, held = self._assembly.gap(), self._assembly.held
        began, at = self._clock.now(), self._clock.elapsed()
        outcome = self._remote(turn, share) if turn.source.is_remote else self._local(turn)
        if self._stopped:
            self._record(turn, outcome._replace(error=None), held, began, self._clock.elapsed() - at)
            raise StoppedError
        after = self._assembly.gap()
        progressed = self._progressed(outcome) if not self._lanes.used else bool(share and share.at > share.start)
        over = self._lanes.used and (after is None or (share is not None and share.is_over))
        error = None if over else outcome.error
        progressed |= over
        if error is None and not progressed and after is not None:
            error = ProtocolError(f"{name_of(turn.source)} brings nothing new")
        self._record(turn, outcome._replace(error=error), held, began, self._clock.elapsed() - at)
        if error is None:
            turn.succeeded()
            return
        if outcome.fatal or isinstance(error, TimeLimitError):
            raise with_record(error, self.attempts)
        turn.ask = outcome.ask
        wrong = error.code == "SS203"
        if wrong and gap and after and after.start < gap.start:
            # More is missing than before: another began this piece, and may have begun it wrong.
            self._favoured = turn
            return
        self._failed(turn, outcome, error, progressed=progressed, lied=wrong)

    def _remote(self, turn: Turn, share: Share | None) -> Outcome:
        if self._client is None:
            raise TypeError("a remote source needs a client")
        try:
            client = self._asking = self._client()
        except SteadysetError as error:  # a proxy setting, or the certificates, cannot be used
            return Outcome(error=error, ask=turn.ask)
        return attempt(
            client,
            turn.source.url,
            self._assembly,
            self._sink,
            ask=turn.ask,
            within=self._deadline - self._clock.elapsed(),
            advance=self._advance(turn),
            share=share,
        )

    def _local(self, turn: Turn) -> Outcome:
        url = turn.source.url
        scheme = url.split(":", 1)[0] if ":" in url else ""
        opener = self._openers.get(scheme, self._openers[""])
        return copy(lambda: opener(url), name_of(turn.source), self._assembly, self._advance(turn))

    def _progressed(self, outcome: Outcome) -> bool:
        """Whether more is held than ever before: bytes lost and fetched again are no progress.

        A file that has changed at its source is measured anew, unless it changes again and again.
        """
        self._changes += outcome.changed
        if outcome.changed and self._changes <= self._limits.tries:
            self._most_held = 0
        held = self._assembly.held
        progressed = held > self._most_held
        self._most_held = max(held, self._most_held)
        return progressed

    def _record(self, turn: Turn, outcome: Outcome, held: int, began: float, seconds: float) -> None:
        error = outcome.error
        self.attempts.append(
            Attempt(
                source=name_of(turn.source),
                started=began,
                seconds=round(seconds, 4),
                bytes=outcome.bytes,
                resumed_from=held,
                status=outcome.status,
                code=error.code if error else None,
                said=error.message if error else "",
            )
        )

    def attempted(self, turn: Turn, outcome: Outcome, share: Share, began: float, seconds: float) -> None:
        """Keep the record of an attempt that was made beside the main one."""
        self._record(turn, outcome, share.start, began, seconds)

    def advanced(self, turn: Turn) -> None:
        """Tell of bytes that came beside the main connection."""
        self._event("advance", turn.source)

    def _interrupt(self) -> None:
        if self._asking is not None:
            self._asking.interrupt()

    def _rests(self) -> bool:
        """Wait a moment if nobody can be asked now, while others still fetch."""
        now = self._clock.elapsed()
        if self._stopped or now >= self._deadline or any(not t.retired and t.not_before <= now for t in self._turns):
            return False
        self._lanes.shares.await_change(0.1)
        return True

    def _failed(self, turn: Turn, outcome: Outcome, error: SteadysetError, *, progressed: bool, lied: bool) -> None:
        turn.failed(outcome, error, progressed=progressed, lied=lied)
        if turn.is_over(outcome, self._limits):
            turn.retired = True
            self._event("abandon", turn.source, f"{name_of(turn.source)} is given up: {error.message}")
            return
        wait = turn.pause(self._limits, progressed=progressed)
        asked = retry_after(outcome.retry_after, now=self._clock.now())
        if asked is not None:
            wait = max(wait, min(asked, self._limits.longest_wait))
        turn.not_before = self._clock.elapsed() + wait

    def _too_late(self) -> SteadysetError:
        have = f"{self._assembly.held} of {self._assembly.size or 'unknown'}"
        error = too_late(self.wanted, self._limits.total, have, self._turns)
        return with_record(error, self.attempts)

    def _advance(self, turn: Turn) -> Callable[[int], None]:
        def advance(count: int) -> None:
            self._event("advance", turn.source)
            if self._stopped:
                raise StoppedError
            if self._clock.elapsed() >= self._deadline:
                raise self._too_late()
            if turn.source.is_remote and self._lanes.allow(turn):
                self._lanes.note(count)

        return advance

    def _event(self, kind: EventKind, source: Source | None = None, text: str = "") -> None:
        name = name_of(source) if source else ""
        with self._telling:
            held, size = self._assembly.held, self._assembly.size
            self._tell(Event(kind, self.wanted.name, held, size, name, text))
