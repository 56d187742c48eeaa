"""What the engine knows of each source during one fetch, and when it gives one up."""

from __future__ import annotations

from ..errors import HTTPStatusError, NotTheFileError, ProxyError, SteadysetError, TLSError
from .attempt import Outcome
from .backoff import delay
from .records import Ask, Limits, Source

_FINAL_CODES = frozenset({"SS131", "SS132", "SS139", "SS141"})
_PASSING_STATUSES = frozenset({408, 425})  # RFC 9110, 15.5.9, and RFC 8470, 5.2: ask again
_UNREACHED_CODES = frozenset({"SS101", "SS102", "SS103", "SS104"})
_MOST_UNREACHED = 2  # a source that never answered is not waited for as long as one that did
_LIES = 2  # a piece that is wrong twice from one source is no accident of the wire


class Turn:
    """One source: how it did so far, how to ask it, and when its turn comes again."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.ask: Ask = "if-range"
        self.not_before = 0.0
        self.error: SteadysetError | None = None
        self.retired = False
        self._brought = False
        self._idle_tries = 0
        self._unreached = 0
        self._lies = 0
        self._lied_in_whole = False
        self._wrong_files = 0

    @property
    def patience_spent(self) -> int:
        """How often in a row it has failed without bringing anything new."""
        return self._idle_tries

    def succeeded(self) -> None:
        """It delivered what was asked of it."""
        self._brought = True
        self._idle_tries = self._unreached = 0

    def brought_wrong_file(self) -> None:
        """A file that it completed, without pieces, is not the recorded one."""
        self._wrong_files += 1

    def failed(self, outcome: Outcome, error: SteadysetError, *, progressed: bool, lied: bool) -> None:
        """It failed, after having brought something new or not, or with a piece that is not the file's."""
        if progressed:
            self.succeeded()
            self._lies = 0
        else:
            self._idle_tries += 1
        self.error = error
        self._unreached = self._unreached + 1 if error.code in _UNREACHED_CODES else 0
        self._lies += lied
        self._lied_in_whole |= lied and outcome.status == 200
        if self._lies >= _LIES and not self._lied_in_whole and self.ask != "whole":
            self.ask = "whole"  # it may only be its ranges that are wrong
            self._lies -= 1

    def pause(self, limits: Limits, *, progressed: bool) -> float:
        """Return the seconds to wait before this source is asked again."""
        wait = delay(self._idle_tries, base=limits.backoff, cap=limits.longest_wait)
        return min(wait, 0.05) if progressed else wait

    def is_over(self, outcome: Outcome, limits: Limits) -> bool:
        """Whether asking this source again cannot help."""
        refused = isinstance(self.error, HTTPStatusError) and self.error.code in _FINAL_CODES
        return (
            not self.source.is_remote
            or isinstance(self.error, NotTheFileError | TLSError | ProxyError)
            or (refused and outcome.status not in _PASSING_STATUSES)
            or max(self._lies, self._wrong_files) >= _LIES
            or self._idle_tries >= limits.tries
            or (self._unreached >= _MOST_UNREACHED and not self._brought)
        )
