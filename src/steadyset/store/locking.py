"""One lock per object between processes. It saves bandwidth; being right does not depend on it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator

from filelock import FileLock, Timeout

from .layout import Layout
from .writing import coded

_POLL = 0.05


@contextlib.contextmanager
def hold(layout: Layout, key: str, *, patience: float, waiting: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Hold the lock of a key for the time of a ``with`` block.

    Yields whether it is really held: after ``patience`` seconds, or on a file system without locks, the
    work goes on without it, because partials are unique and are published by rename.

    Args:
        layout: the store.
        key: what is locked, usually a SHA-256.
        patience: seconds to wait at most.
        waiting: called once when another process holds the lock.

    Raises:
        StoreError: the directory of the locks cannot be made.
    """
    with coded(layout.locks):
        os.makedirs(layout.locks, exist_ok=True)
    lock = FileLock(os.path.join(layout.locks, f"{key}.lock"), thread_local=False)
    held = _acquire(lock, patience, waiting)
    try:
        yield held
    finally:
        if held:
            lock.release()


def _acquire(lock: FileLock, patience: float, waiting: Callable[[], None]) -> bool:
    try:
        lock.acquire(blocking=False)
        return True
    except Timeout:
        waiting()
    except (OSError, NotImplementedError):
        return False
    begun = time.monotonic()
    try:
        lock.acquire(timeout=max(0.0, patience - (time.monotonic() - begun)), poll_interval=_POLL)
        return True
    except (Timeout, OSError, NotImplementedError):
        return False
