"""Do several things at once, each in a thread of its own, and end them all as soon as one fails."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_LOOK = 0.1  # seconds; an interrupt is heeded between two looks
_GRACE = 2.0  # seconds in which whoever was told to stop is waited for


def together(calls: Sequence[Callable[[], T]], stop: Callable[[], None]) -> list[T]:
    """Return what each call returns, in their order.

    Args:
        calls: what is to be done; one alone is done in this thread.
        stop: tells all of them to end; called when one has failed, or this thread is interrupted.

    Raises:
        Exception: what the first call raised that failed.
    """
    if len(calls) == 1:
        return [calls[0]()]
    ended: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()
    threads = [threading.Thread(target=_run, args=(n, call, ended), daemon=True) for n, call in enumerate(calls)]
    got: dict[int, T] = {}
    try:
        for thread in threads:
            thread.start()
        while len(got) < len(calls):
            number, value, error = _next(ended)
            if error is not None:
                raise error
            got[number] = value  # type: ignore[assignment]  # without an error there is a value
    except BaseException:
        stop()
        for thread in threads:
            thread.join(_GRACE)
        raise
    return [got[number] for number in range(len(calls))]


def _run(
    number: int, call: Callable[[], T], ended: queue.SimpleQueue[tuple[int, T | None, BaseException | None]]
) -> None:
    try:
        ended.put((number, call(), None))
    except BaseException as error:
        ended.put((number, None, error))


def _next(
    ended: queue.SimpleQueue[tuple[int, T | None, BaseException | None]],
) -> tuple[int, T | None, BaseException | None]:
    while True:
        try:
            return ended.get(timeout=_LOOK)
        except queue.Empty:
            continue
