"""Put a verified file outside the store, where a person or another library wants it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time

from ..decode import Buffer
from ..store.objects import sha256_of
from ..store.space import require
from ..store.writing import coded, discard, make_directories, sweep, sync, sync_directory, token, write_all


def place(source: str | None, data: Buffer | None, target: str, *, sha256: str, aside: str = "corrupt") -> str | None:
    """Copy a verified file to a target, written aside and published by rename.

    A target that already has the digest is left alone. Any other file there is renamed, never deleted.

    Args:
        source: the object's path, or None when ``data`` has the bytes.
        data: the bytes, or None.
        target: the path of the copy.
        sha256: the digest of the file in hex.
        aside: what a file that stood there is called: ``NAME.ASIDE-TIME``.

    Returns:
        Where the file that stood at the target is now, or None.

    Raises:
        StoreError: the target cannot be written.
    """
    with coded(target):
        if holds(target, sha256):
            return None
        size = len(data) if data is not None else os.path.getsize(str(source))
        require(os.path.dirname(target), size, target)
        make_directories(os.path.dirname(target))
        new = f"{target}.{token()}.tmp"
        try:
            _write(source, data, new)
            moved = None if holds(target, sha256) else _step_back(target, aside)
            os.replace(new, target)
        except BaseException:
            discard(new)
            raise
        sync_directory(os.path.dirname(target))
        sweep(target)
        return moved


def holds(target: str, sha256: str) -> bool:
    """Whether a file with a digest is at a place; what cannot be read is another."""
    try:
        return os.path.isfile(target) and sha256_of(target) == sha256
    except OSError:
        return False


def place_unpacked(packed: str, target: str) -> None:
    """Write what a gzip file holds beside it, unless that is there with the right size.

    torchvision looks for the unpacked files only (``torchvision/datasets/mnist.py``, ``_check_exists``).
    """
    from ..decode.gunzip import gunzip

    with coded(target):
        with open(packed, "rb") as file:
            data = gunzip(file.read(), name=os.path.basename(packed))
        if os.path.isfile(target):
            with open(target, "rb") as there:
                if there.read() == data:
                    return
        aside = f"{target}.{token()}.tmp"
        try:
            _write(None, data, aside)
            _step_back(target, "corrupt")
            os.replace(aside, target)
        except BaseException:
            discard(aside)
            raise
        sync_directory(os.path.dirname(target))
        sweep(target)


def _write(source: str | None, data: Buffer | None, aside: str) -> None:
    with open(aside, "xb") as out:
        if data is not None:
            write_all(out.fileno(), memoryview(data))
        elif source is not None:
            with open(source, "rb") as file:
                shutil.copyfileobj(file, out, 1 << 20)
        out.flush()
        sync(out.fileno())


def set_aside(target: str, why: str = "", *, called: str = "corrupt") -> str | None:
    """Rename what stands at a place; its new name says what it is called, when it was renamed, and why.

    Returns:
        The new path, or None when nothing stood there.
    """
    if not os.path.lexists(target):
        return None
    moved = _name_aside(target, called, why)
    with contextlib.suppress(FileNotFoundError):  # another process was first
        os.rename(target, moved)
        return moved
    return None


def _step_back(target: str, called: str) -> str | None:
    """Give what stands at a place a second name, so that there is no moment without a file before it is replaced."""
    if not os.path.lexists(target):
        return None
    moved = _name_aside(target, called)
    try:
        os.link(target, moved, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a directory, or a file system without hard links
        return set_aside(target, called=called)
    return moved


def _name_aside(target: str, called: str, why: str = "") -> str:
    reason = re.sub(r"[^a-z0-9]+", "-", why.lower()).strip("-")
    moved = f"{target}.{called}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}{f'-{reason}' if reason else ''}"
    while os.path.lexists(moved):
        moved += f"-{token()}"
    return moved
