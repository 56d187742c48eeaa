"""Take a file from a place on this machine: a mirror's directory, or bytes made by a generator."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import BinaryIO

from ..errors import HTTPStatusError, SteadysetError, StorePermissionError, TruncatedError
from .assembly import Assembly

CHUNK = 1 << 20


def copy(opened: Callable[[], BinaryIO], place: str, assembly: Assembly, advance: Callable[[int], None]) -> int:
    """Fill every gap of an assembly from an open file; return how many bytes were read.

    Raises:
        HTTPStatusError: SS132, there is no such file.
        StorePermissionError: SS206, it cannot be read.
        TruncatedError: SS107, it ends too early.
        DigestError: SS203, a piece of it is not the file's.
    """
    read = 0
    try:
        with opened() as file:
            while (gap := assembly.gap()) is not None:
                file.seek(gap.start)
                want = CHUNK if gap.end is None else min(CHUNK, gap.end - gap.start)
                data = file.read(want)
                read += len(data)
                if not data:
                    _judge_end(assembly, gap.start, place)
                    return read
                assembly.feed(gap.start, data)
                advance(len(data))
    except SteadysetError:  # the sink's and the assembly's own: they are OSErrors and ValueErrors too
        raise
    except OSError as error:
        raise _missing(error, place) from error
    return read


def _judge_end(assembly: Assembly, at: int, place: str) -> None:
    if assembly.size is not None:
        raise TruncatedError(
            f"{place} ends at byte {at} of {assembly.size}",
            evidence=[("path", place), ("bytes", str(at)), ("expected", str(assembly.size))],
        )
    assembly.learn_size(at)


def _missing(error: OSError, place: str) -> SteadysetError:
    seen = [("path", place), ("system", error.strerror or str(error))]
    if error.errno in (errno.EACCES, errno.EPERM):
        return StorePermissionError(f"{place} cannot be read", evidence=seen)
    return HTTPStatusError(f"{place} does not hold the file", code="SS132", evidence=seen)
