"""One lock per object between processes. It saves bandwidth; being right does not depend on it."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator

from filelock import FileLock, Timeout

from .layout import Layout
from .writing import coded

# What file systems without locks answer; others, such as EROFS, say that the lock's file cannot be opened.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
_POLL = 0.05
_LOOK = 1.0
_STALLED = 120.0


@contextlib.contextmanager
def hold(
    layout: Layout,
    key: str,
    *,
    patience: float,
    waiting: Callable[[], None] = lambda: None,
    lockless: Callable[[], None] = lambda: None,
    life: Callable[[], object] | None = None,
    stalled: float = _STALLED,
) -> Iterator[bool]:
    """Hold the lock of a key for the time of a ``with`` block.

    Yields whether it is really held: after ``patience`` seconds, when whoever holds it shows no sign of
    life for ``stalled`` seconds, or on a file system without locks, the work goes on without it, because
    partials are unique and are published by rename.

    Args:
        layout: the store.
        key: what is locked, usually a SHA-256.
        patience: seconds to wait at most.
        waiting: called once when another process holds the lock.
        lockless: called when this file system has no locks.
        life: returns something that changes while the holder is at work; left out, it is believed to be.
        stalled: seconds without a change after which the holder is waited for no longer.

    Raises:
        StoreError: the directory of the locks cannot be made.
    """
    with coded(layout.locks):
        os.makedirs(layout.locks, exist_ok=True)
    lock = _lock(os.path.join(layout.locks, f"{key}.lock"))
    held = _try(lock, lockless)
    if held is False:
        waiting()
        held = _wait(lock, patience, life, stalled)
    try:
        yield bool(held)
    finally:
        if held:
            with contextlib.suppress(OSError):  # the store is gone, or the network file system is
                lock.release()


def _lock(path: str) -> FileLock:
    try:
        # Not the kind of lock that is a file: one whose owner was killed would stay.
        return FileLock(path, thread_local=False, fallback_to_soft=False)
    except TypeError:  # an older filelock, which has no such fallback
        return FileLock(path, thread_local=False)


def _try(lock: FileLock, lockless: Callable[[], None] = lambda: None) -> bool | None:
    """Try once; None when this file system, or this process, can hold no locks."""
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except (OSError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, NotImplementedError) or getattr(error, "errno", None) in _NO_LOCKS:
            lockless()
        return None
    return True


def _wait(lock: FileLock, patience: float, life: Callable[[], object] | None, stalled: float) -> bool | None:
    begun = changed = looked = time.monotonic()
    seen = life() if life else None
    while (now := time.monotonic()) - begun < patience:
        held = _try(lock)
        if held is not False:
            return held
        if life and now - looked >= min(_LOOK, stalled):
            looked, last, seen = now, seen, life()
            changed = now if seen != last else changed
            if now - changed >= stalled:
                return False
        time.sleep(_POLL)
    return False
