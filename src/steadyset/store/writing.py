"""Write so that nothing is ever half there: aside, flushed, and published by rename.

The order is the one that survives a loss of power: the bytes of the file, then its name, then the
directory that holds the name; see "All File Systems Are Not Created Equal", Pillai et al., OSDI 2014.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator

from ..errors import DiskFullError, StoreError, StorePathError, StorePermissionError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_READ_ONLY = 0o444


@contextlib.contextmanager
def coded(path: str, what: str = "written") -> Iterator[None]:
    """Turn the operating system's errors about a path into store errors with a code.

    Raises:
        DiskFullError: SS208.
        StorePermissionError: SS206.
        StorePathError: SS212.
        StoreError: SS206, for anything else the disk answers.
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        seen = [("path", path), ("system", error.strerror or str(error))]
        message = f"{path} cannot be {what}"
        if error.errno in _FULL:
            raise DiskFullError(f"{message}: the disk or the quota is full", evidence=seen) from error
        if error.errno in _DENIED:
            raise StorePermissionError(message, evidence=seen) from error
        if error.errno == errno.ENOTDIR or isinstance(error, FileExistsError | NotADirectoryError):
            raise StorePathError(f"{message}: a file stands where a directory must be", evidence=seen) from error
        raise StoreError(message, evidence=seen) from error


def umask() -> int:
    """Return the process's umask. It can only be read by setting it, which other threads would feel."""
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    current = os.umask(0o077)
    os.umask(current)
    return current


def sync(descriptor: int) -> None:
    """Flush a file to the disk. File systems that cannot are believed to have done what they can."""
    with contextlib.suppress(OSError):
        os.fsync(descriptor)


def sync_directory(path: str) -> None:
    """Flush a directory, so that a rename in it survives a loss of power. Not needed on Windows."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def token() -> str:
    """Return a name part that no other writer uses."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


def publish(aside: str, final: str) -> None:
    """Give a complete and flushed file its good name, read-only, in one step.

    When another writer was first, its file stays; both hold the same verified bytes.
    """
    os.makedirs(os.path.dirname(final), exist_ok=True)
    os.chmod(aside, _READ_ONLY & ~umask() | 0o400)
    try:
        os.replace(aside, final)
    except PermissionError:
        # Windows refuses to replace a file that somebody has open or mapped: then it is there already.
        if not os.path.exists(final):
            raise
        discard(aside)
    sync_directory(os.path.dirname(final))


def write_file(final: str, parts: Iterable[bytes | memoryview]) -> None:
    """Write a whole file and publish it.

    Raises:
        StoreError: with the code of the cause; nothing stays behind.
    """
    aside = f"{final}.{token()}.tmp"
    with coded(final):
        try:
            os.makedirs(os.path.dirname(final), exist_ok=True)
            with open(aside, "xb", buffering=0) as file:
                for part in parts:
                    write_all(file.fileno(), part)
                sync(file.fileno())
            publish(aside, final)
        except BaseException:
            discard(aside)
            raise


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of some bytes: one call may write only a part."""
    view = memoryview(data).cast("B")
    while view:
        view = view[os.write(descriptor, view[: 1 << 26]) :]


def discard(path: str) -> None:
    """Remove a file of ours that never got a good name; one that is gone already is fine."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            os.chmod(path, 0o600)
        os.unlink(path)
