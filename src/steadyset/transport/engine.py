"""The fetch engine: one file, several sources, no end before the file is whole or nothing is left to try.

Retries are counted by progress, not by number: a source that brings new bytes with every attempt is
asked again until the file is complete, one that brings nothing is given up after a few tries. A
failing source makes way for the next at once; its turn comes again after its waiting time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import BinaryIO

from ..errors import (
    DataError,
    FetchError,
    HTTPStatusError,
    NoSourceError,
    NotTheFileError,
    ProxyError,
    SteadysetError,
    StoreError,
    TimeLimitError,
    TLSError,
)
from ..findings.redaction import redact_url
from .assembly import Assembly
from .attempt import Outcome, attempt
from .backoff import delay, retry_after
from .client import Client
from .local import copy
from .records import Attempt, Clock, Event, Limits, Listener, Sink, Source, Wanted

_FINAL_CODES = frozenset({"SS131", "SS132", "SS139", "SS141"})
_LIES = 2  # a piece that is wrong twice from one source is no accident of the wire

Opener = Callable[[str], BinaryIO]


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return time.time()

    def elapsed(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class _Turn:
    """What the engine knows of one source during one fetch."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.idle_tries = 0
        self.lies = 0
        self.not_before = 0.0
        self.use_range = True
        self.error: SteadysetError | None = None
        self.retired = False


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
        self._turns = [_Turn(s) for s in sources]
        self._client = client
        self._openers = openers
        self._limits = limits or Limits()
        self._tell = listener or (lambda _: None)
        self._clock = clock or SystemClock()
        self._assembly = Assembly(wanted, sink)
        self._deadline = self._clock.elapsed() + self._limits.total

    @property
    def fetched(self) -> int:
        """How many bytes the attempts brought, those fetched twice included."""
        return sum(a.bytes for a in self.attempts)

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
        while not self._done():
            turn = self._next()
            self._try(turn)
        self._event("done")
        return self._digest

    def _done(self) -> bool:
        """Whether the file is whole; a whole that is not the recorded file starts anew elsewhere."""
        if not self._assembly.complete:
            return False
        try:
            self._digest = self._assembly.finish()
        except DataError as error:
            if self._assembly.has_pieces:  # every piece is right and the whole is not: the manifest errs
                raise
            self._assembly.restart()
            if self._last is not None:  # else it was an old partial that is not the file
                self._last.lies += 1
                self._failed(self._last, error, progressed=False)
            return False
        return True

    _last: _Turn | None = None
    _digest = ""

    def _next(self) -> _Turn:
        """Return the source whose turn it is, after waiting for it if need be."""
        if self._clock.elapsed() >= self._deadline:
            raise self._too_late()
        alive = [t for t in self._turns if not t.retired]
        if not alive:
            raise self._nothing_left()
        now = self._clock.elapsed()
        turn = min(alive, key=lambda t: max(t.not_before, now))
        wait = turn.not_before - self._clock.elapsed()
        if wait > 0:
            if self._clock.elapsed() + wait >= self._deadline:
                raise self._too_late()
            if wait >= 1:
                self._event("wait", turn.source, f"{wait:.0f} s before {_name(turn.source)} is asked again")
            self._clock.sleep(wait)
        return turn

    def _try(self, turn: _Turn) -> None:
        self._last = turn
        held, began, at = self._assembly.held, self._clock.now(), self._clock.elapsed()
        outcome = self._remote(turn) if turn.source.is_remote else self._local(turn)
        error = outcome.error
        self.attempts.append(
            Attempt(
                source=_name(turn.source),
                started=began,
                seconds=round(self._clock.elapsed() - at, 4),
                bytes=outcome.bytes,
                resumed_from=held,
                status=outcome.status,
                code=error.code if error else None,
                said=error.message if error else "",
            )
        )
        if isinstance(error, StoreError) and turn.source.is_remote:
            raise error
        if outcome.without_range:
            turn.use_range = False
        if error is not None:
            turn.not_before = self._wanted_wait(outcome)
            self._failed(turn, error, progressed=self._assembly.held > held)
        elif self._assembly.held > held:
            turn.idle_tries = 0

    def _remote(self, turn: _Turn) -> Outcome:
        if self._client is None:
            raise TypeError("a remote source needs a client")
        return attempt(
            self._client(),
            turn.source.url,
            self._assembly,
            self._sink,
            use_range=turn.use_range,
            advance=self._advance(turn.source),
        )

    def _local(self, turn: _Turn) -> Outcome:
        url = turn.source.url
        scheme = url.split(":", 1)[0] if ":" in url else ""
        opener = self._openers.get(scheme, self._openers[""])
        before = self._assembly.held
        try:
            read = copy(lambda: opener(url), _name(turn.source), self._assembly, self._advance(turn.source))
            return Outcome(bytes=read)
        except SteadysetError as error:
            return Outcome(bytes=max(0, self._assembly.held - before), error=error)

    def _wanted_wait(self, outcome: Outcome) -> float:
        asked = retry_after(outcome.retry_after, now=self._clock.now())
        return 0.0 if asked is None else self._clock.elapsed() + min(asked, self._limits.longest_wait)

    def _failed(self, turn: _Turn, error: SteadysetError, *, progressed: bool) -> None:
        turn.error = error
        turn.idle_tries = 0 if progressed else turn.idle_tries + 1
        turn.lies += error.code == "SS203" and turn.source.is_remote and self._assembly.has_pieces
        if self._is_final(turn, error):
            turn.retired = True
            self._event("abandon", turn.source, f"{_name(turn.source)} is given up: {error.message}")
            return
        # A source that brings bytes is asked again at once, before any other.
        wait = 0.0 if progressed else delay(
            turn.idle_tries, base=self._limits.backoff, cap=self._limits.longest_wait
        )
        turn.not_before = max(turn.not_before, self._clock.elapsed() + wait)

    def _is_final(self, turn: _Turn, error: SteadysetError) -> bool:
        """Whether asking this source again cannot help."""
        return (
            not turn.source.is_remote
            or isinstance(error, NotTheFileError | TLSError | ProxyError)
            or (isinstance(error, HTTPStatusError) and error.code in _FINAL_CODES)
            or turn.lies >= _LIES
            or turn.idle_tries >= self._limits.tries
        )

    def _nothing_left(self) -> SteadysetError:
        failed = [(t.source, t.error) for t in self._turns if t.error is not None]
        errors = [e for _, e in failed]
        if not errors:
            return FetchError(f"{self.wanted.name}: there is no source to fetch it from", code="SS132")
        if len({e.code for e in errors}) == 1:
            return self._with_record(errors[0])
        error = NoSourceError(
            f"{self.wanted.name} could not be had from any of {len(errors)} sources",
            evidence=[(_name(source), f"{e.message} [{e.code}]") for source, e in failed],
        )
        error.failures = ExceptionGroup(error.message, errors)
        return self._with_record(error)

    def _with_record(self, error: SteadysetError) -> SteadysetError:
        """Give an error the record of every attempt."""
        if isinstance(error, FetchError):
            error.attempts = tuple(self.attempts)
        return error

    def _too_late(self) -> TimeLimitError:
        error = TimeLimitError(
            f"{self.wanted.name} was not complete after {self._limits.total:g} s",
            evidence=[
                ("bytes", f"{self._assembly.held} of {self._assembly.size or 'unknown'}"),
                *((_name(t.source), f"{t.error.message} [{t.error.code}]") for t in self._turns if t.error),
            ],
        )
        error.attempts = tuple(self.attempts)
        return error

    def _advance(self, source: Source) -> Callable[[int], None]:
        def advance(_: int) -> None:
            self._event("advance", source)
            if self._clock.elapsed() >= self._deadline:
                raise self._too_late()

        return advance

    def _event(self, kind: str, source: Source | None = None, text: str = "") -> None:
        self._tell(
            Event(
                kind,  # type: ignore[arg-type]
                self.wanted.name,
                self._assembly.held,
                self._assembly.size,
                _name(source) if source else "",
                text,
            )
        )


def _name(source: Source) -> str:
    return source.label or redact_url(source.url)
