"""Take a file from a place on this machine: a mirror's directory, or bytes made by a generator."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import BinaryIO

from ..errors import HTTPStatusError, SteadysetError, StoreError, StorePermissionError, TruncatedError
from .answer import refuse_page
from .assembly import Assembly
from .attempt import Outcome
from .body import HEAD

CHUNK = 1 << 20


def copy(opened: Callable[[], BinaryIO], place: str, assembly: Assembly, advance: Callable[[int], None]) -> Outcome:
    """Fill every gap of an assembly from an open file.

    Args:
        opened: opens the file.
        place: where it is, for messages.
        assembly: takes the bytes.
        advance: is told how many bytes each step brought.

    Returns:
        The outcome, with how many bytes were read. Its ``error`` has the code SS132 when there is no such
        file, SS206 when it cannot be read, SS107 when it ends too early, SS135 when it is a page or a
        pointer, SS203 when a piece of it is not the file's.
    """
    if assembly.wanted.sha256 is None:
        assembly.restart()  # nothing would tell that what is held is of this file
    reading = _Reading(place, assembly)
    try:
        reading.run(opened, advance)
    except StoreError as error:
        return Outcome(bytes=reading.bytes, error=error, fatal=True)
    except SteadysetError as error:
        return Outcome(bytes=reading.bytes, error=error)
    except OSError as error:
        return Outcome(bytes=reading.bytes, error=_missing(error, place))
    return Outcome(bytes=reading.bytes)


class _Reading:
    """What is known of a copy while it runs."""

    def __init__(self, place: str, assembly: Assembly) -> None:
        self.bytes = 0
        self._place = place
        self._assembly = assembly

    def run(self, opened: Callable[[], BinaryIO], advance: Callable[[int], None]) -> None:
        with opened() as file:
            name = self._assembly.wanted.name
            refuse_page(file.read(HEAD), name, self._place, [("path", self._place)])
            while (gap := self._assembly.gap()) is not None:
                file.seek(gap.start)
                data = file.read(CHUNK if gap.end is None else min(CHUNK, gap.end - gap.start))
                self.bytes += len(data)
                if not data:
                    self._judge_end(gap.start)
                    return
                self._assembly.feed(gap.start, data)
                advance(len(data))

    def _judge_end(self, at: int) -> None:
        size = self._assembly.size
        if size is not None:
            raise TruncatedError(
                f"{self._place} ends at byte {at} of {size}",
                evidence=[("path", self._place), ("bytes", str(at)), ("expected", str(size))],
            )
        self._assembly.learn_size(at)


def _missing(error: OSError, place: str) -> SteadysetError:
    seen = [("path", place), ("system", error.strerror or str(error))]
    if error.errno in (errno.EACCES, errno.EPERM):
        return StorePermissionError(f"{place} cannot be read", evidence=seen)
    return HTTPStatusError(f"{place} does not hold the file", code="SS132", evidence=seen)
