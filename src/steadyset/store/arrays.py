"""Decoded arrays at rest: one ``.npy`` file per array, mapped copy-on-write, checked before it is handed out.

An array lies under the SHA-256 of its bytes in C order, so every recipe and every dataset that holds it
shares it. Beside it lies its seal: what the file was when it was written, with a checksum of its own.
"""

from __future__ import annotations

import errno
import io
import json
import mmap
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import xxhash

from ..manifests.records import ArraySpec
from .layout import Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

Verify = Literal["fast", "full", "stat"]
"""How a stored array is checked before it is handed out: XXH3 of its bytes, SHA-256 of them, or size and times."""

Whole = mmap.mmap | bytearray
"""A whole file: mapped, or read into memory."""

_SCHEMA = "steadyset.seal/1"
_BLOCK = 1 << 24


class Seal(NamedTuple):
    """What a stored array was when it was written: offset of its data and size of its file in bytes,
    XXH3-128 of the whole file, modification time in ns, and where it came from.
    """

    offset: int
    size: int
    xxh3_128: str
    mtime_ns: int
    origin: dict[str, Any]


class Bad(NamedTuple):
    """Why a stored array cannot be handed out, and the paths that are to be moved aside.

    There are none where this process could not open the file and another may: nothing says that it is bad.
    """

    reason: str
    paths: tuple[str, ...]


class Held(NamedTuple):
    """A stored array that was checked, with its seal, and whether it is a map of the file or a copy in memory."""

    array: NDArray[Any]
    seal: Seal
    mapped: bool = True


# Too many open files or too little memory: the file is not to blame.
_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR})


def take(layout: Layout, spec: ArraySpec, verify: Verify) -> Held | Bad | None:
    """Map a stored array and check it.

    The array is private to the caller: writing to it never reaches the file.

    Returns:
        The array, of the contract's shape and dtype; what is wrong with what is stored; or None when
        nothing is stored.
    """
    path, seal_path = layout.array(spec.sha256), layout.seal(spec.sha256)
    try:
        with open(path, "rb") as file:
            seal = _read_seal(seal_path, spec)
            stat = os.fstat(file.fileno())
            if seal is None or stat.st_size != seal.size or seal.offset + nbytes(spec) != seal.size:
                return Bad("seal-does-not-fit", (path, seal_path))
            data = _map(file, seal.size)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # a directory cannot be opened, a shrinking file not mapped
        blameless = isinstance(error, OSError) and error.errno in _PASSING
        return Bad(f"unreadable-{type(error).__name__}", () if blameless else (path, seal_path))
    if not _CHECKS[verify](data, stat, seal, spec):
        return Bad("digest-mismatch", (path, seal_path))
    flat = np.frombuffer(data, dtype=spec.dtype, count=spec.count, offset=seal.offset)
    return Held(flat.reshape(spec.shape), seal, isinstance(data, mmap.mmap))


def _map(file: io.BufferedReader, size: int) -> Whole:
    """Map a file privately; where the file system cannot, read it."""
    try:
        # ACCESS_COPY is MAP_PRIVATE: pages are shared until written to, then private.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError:  # ENODEV: some FUSE and network file systems have no maps
        data = bytearray(size)
        with memoryview(data) as view:
            at = 0
            while at < size and (count := file.readinto(view[at:])):
                at += count
        if at < size:
            raise ValueError("the file ends too early") from None
        return data


def nbytes(spec: ArraySpec) -> int:
    """Return the size of an array in bytes."""
    return spec.count * np.dtype(spec.dtype).itemsize


def _stat_is_same(data: Whole, stat: os.stat_result, seal: Seal, spec: ArraySpec) -> bool:
    # Two processes may have stored the same array at once, the file of one beside the seal of the other.
    return stat.st_mtime_ns == seal.mtime_ns or _xxh3_is_same(data, stat, seal, spec)


def _xxh3_is_same(data: Whole, stat: os.stat_result, seal: Seal, spec: ArraySpec) -> bool:
    return xxhash.xxh3_128_hexdigest(data) == seal.xxh3_128


def _sha256_is_same(data: Whole, stat: os.stat_result, seal: Seal, spec: ArraySpec) -> bool:
    import hashlib

    with memoryview(data) as whole, whole[seal.offset :] as values:
        return _xxh3_is_same(data, stat, seal, spec) and hashlib.sha256(values).hexdigest() == spec.sha256


_CHECKS: dict[Verify, Callable[[Whole, os.stat_result, Seal, ArraySpec], bool]] = {
    "fast": _xxh3_is_same,
    "full": _sha256_is_same,
    "stat": _stat_is_same,
}


def _read_seal(path: str, spec: ArraySpec) -> Seal | None:
    """Return the seal, or None when it is absent, damaged or another array's.

    Raises:
        OSError: it cannot be read for a reason that says nothing about it.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(1 << 16)
        body, _, check = text.rstrip(b"\n").rpartition(b"\n")
        if xxhash.xxh3_64_hexdigest(body).encode() != check:
            return None
        raw = json.loads(body)
        if raw["schema"] != _SCHEMA or raw["sha256"] != spec.sha256:
            return None
        seal = Seal(raw["offset"], raw["size"], raw["xxh3_128"], raw["mtime_ns"], raw["origin"])
        whole = all(type(n) is int and n >= 0 for n in (seal.offset, seal.size, seal.mtime_ns))
        return seal if whole and isinstance(seal.origin, dict) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno in _PASSING:
            raise
        return None


def _seal_text(seal: Seal, sha256: str) -> bytes:
    body = json.dumps({"schema": _SCHEMA, "sha256": sha256, **seal._asdict()}).encode()
    return body + b"\n" + xxhash.xxh3_64_hexdigest(body).encode() + b"\n"


def put(layout: Layout, spec: ArraySpec, array: NDArray[Any], origin: dict[str, Any]) -> None:
    """Store an array that was checked against its contract.

    Args:
        layout: the store.
        spec: its contract.
        array: C-contiguous, of the contract's shape and dtype.
        origin: where it came from, for the provenance of later loads.

    Raises:
        StoreError: with the code of the cause.
    """
    from .writing import coded, discard, publish_aside, write_aside, write_file

    head = _npy_head(array)
    data = array.reshape(-1).view(np.uint8).data
    path = layout.array(spec.sha256)
    whole = xxhash.xxh3_128(head)
    for start in range(0, len(data), _BLOCK):
        whole.update(data[start : start + _BLOCK])
    aside = write_aside(path, [head, data])
    try:
        with coded(aside, "read"):
            mtime = os.stat(aside).st_mtime_ns
        seal = Seal(len(head), len(head) + len(data), whole.hexdigest(), mtime, origin)
        # The seal first: a seal without its array is nothing yet, an array without its seal would look damaged.
        write_file(layout.seal(spec.sha256), [_seal_text(seal, spec.sha256)])
        publish_aside(aside, path)
    except BaseException:
        discard(aside)
        raise


def _npy_head(array: NDArray[Any]) -> bytes:
    """Return the header of format version 1.0 (NEP 1, numpy.lib.format)."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
    return head.getvalue()
