"""Write so that nothing is ever half there: aside, flushed, and published by rename.

The order is the one that survives a loss of power: the bytes of the file, then its name, then the
directory that holds the name; see "All File Systems Are Not Created Equal", Pillai et al., OSDI 2014.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import threading
from collections.abc import Iterable, Iterator

from ..errors import DiskFullError, StoreError, StorePathError, StorePermissionError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
# What file systems answer that have no such thing; ENOSPC and EIO, which come late on a network, are no such answer.
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EISDIR})
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


def sync(descriptor: int) -> None:
    """Flush a file to the disk. File systems that cannot are believed to have done what they can.

    Raises:
        OSError: the bytes did not reach the disk; on a network this is where a full disk is told.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


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


def make_directories(path: str) -> None:
    """Make a directory and those above it, and flush the names of the new ones."""
    made = []
    above = path
    while above and not os.path.isdir(above):
        made.append(above)
        above = os.path.dirname(above)
    if made:
        os.makedirs(path, exist_ok=True)
    for new in reversed(made):
        sync_directory(os.path.dirname(new))


def token() -> str:
    """Return a name part that no other writer uses."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


def publish(aside: str, final: str) -> None:
    """Give a complete and flushed file its good name, read-only, in one step.

    When another writer was first, its file is replaced by its like: both hold the same verified bytes.
    What writers of the same file that died left beside it goes.

    Raises:
        FileNotFoundError: the file is gone, and nothing has the good name.
    """
    make_directories(os.path.dirname(final))
    try:
        _protect(aside)
        os.replace(aside, final)
    except FileNotFoundError:
        if not os.path.isfile(final):  # else another writer published the same and swept
            raise
    except PermissionError:
        # Windows refuses to replace a file that somebody has open or mapped: then it is there already.
        if os.name != "nt" or not os.path.exists(final):
            raise
        discard(aside)
    sync_directory(os.path.dirname(final))
    sweep(final)


def _protect(path: str) -> None:
    """Take the right to write away; who may read stays as the umask left it."""
    try:
        os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) & _READ_ONLY | 0o400)
    except OSError as error:
        if error.errno not in (_UNSUPPORTED | {errno.EPERM}):  # some network and foreign file systems have no modes
            raise


def sweep(final: str) -> None:
    """Remove what writers of a file left beside it that never came to publish it."""
    folder, name = os.path.split(final)
    aside = re.compile(rf"{re.escape(name)}\.\d+-[0-9a-f]{{8}}\.tmp")
    with contextlib.suppress(OSError):
        for found in os.listdir(folder):
            if aside.fullmatch(found):
                discard(os.path.join(folder, found))


def write_file(final: str, parts: Iterable[bytes | memoryview]) -> None:
    """Write a whole file and publish it.

    Raises:
        StoreError: with the code of the cause; nothing stays behind.
    """
    aside = write_aside(final, parts)
    publish_aside(aside, final)


def write_aside(final: str, parts: Iterable[bytes | memoryview]) -> str:
    """Write and flush a whole file beside its future name, and return where.

    Raises:
        StoreError: with the code of the cause; nothing stays behind.
    """
    aside = f"{final}.{token()}.tmp"
    with coded(final):
        make_directories(os.path.dirname(final))
        try:
            with open(aside, "xb", buffering=0) as file:
                for part in parts:
                    write_all(file.fileno(), part)
                sync(file.fileno())
        except BaseException:
            discard(aside)
            raise
    return aside


def publish_aside(aside: str, final: str) -> None:
    """Publish what ``write_aside`` wrote.

    Raises:
        StoreError: with the code of the cause; nothing stays behind.
    """
    with coded(final):
        try:
            publish(aside, final)
        except BaseException:
            discard(aside)
            raise


def write_all(descriptor: int, data: bytes | memoryview, offset: int | None = None) -> None:
    """Write all of some bytes, at an offset if one is given: one call may write only a part."""
    view = memoryview(data).cast("B")
    while view:
        part = view[: 1 << 26]
        written = os.write(descriptor, part) if offset is None else _write_part(descriptor, part, offset)
        offset = None if offset is None else offset + written
        view = view[written:]


if hasattr(os, "pread"):

    def read_part(descriptor: int, size: int, offset: int) -> bytes:
        """Return bytes from an offset, as many as one call reads. Several threads may read and write one file."""
        return os.pread(descriptor, size, offset)

    def _write_part(descriptor: int, part: memoryview, offset: int) -> int:
        return os.pwrite(descriptor, part, offset)

else:  # Windows, where the position in a file is shared
    _position = threading.Lock()

    def read_part(descriptor: int, size: int, offset: int) -> bytes:
        """Return bytes from an offset, as many as one call reads. Several threads may read and write one file."""
        with _position:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, size)

    def _write_part(descriptor: int, part: memoryview, offset: int) -> int:
        with _position:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.write(descriptor, part)


def discard(path: str) -> None:
    """Remove a file of ours that never got a good name; one that is gone already is fine."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            os.chmod(path, 0o600)
        os.unlink(path)
