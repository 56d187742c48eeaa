"""Decoded arrays at rest: one ``.npy`` file per array, mapped copy-on-write, checked before it is handed out.

An array lies under the SHA-256 of its bytes in C order, so every recipe and every dataset that holds it
shares it. Beside it lies its seal: what the file was when it was written, with a checksum of its own.
"""

from __future__ import annotations

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
    """Why a stored array cannot be handed out, and the paths that are to be moved aside."""

    reason: str
    paths: tuple[str, ...]


class Held(NamedTuple):
    """A stored array that was checked, with its seal."""

    array: NDArray[Any]
    seal: Seal


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
            if seal is None or stat.st_size != seal.size or seal.offset + _nbytes(spec) != seal.size:
                return Bad("seal-does-not-fit", (path, seal_path))
            # ACCESS_COPY is MAP_PRIVATE: pages are shared until written to, then private.
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # an empty file cannot be mapped, a directory not opened
        return Bad(f"unreadable-{type(error).__name__}", (path, seal_path))
    if not _CHECKS[verify](mapped, stat, seal, spec):
        mapped.close()
        return Bad("digest-mismatch", (path, seal_path))
    flat = np.frombuffer(mapped, dtype=spec.dtype, count=spec.count, offset=seal.offset)
    return Held(flat.reshape(spec.shape), seal)


def _nbytes(spec: ArraySpec) -> int:
    return spec.count * np.dtype(spec.dtype).itemsize


def _stat_is_same(mapped: mmap.mmap, stat: os.stat_result, seal: Seal, spec: ArraySpec) -> bool:
    # Two processes may have stored the same array at once, the file of one beside the seal of the other.
    return stat.st_mtime_ns == seal.mtime_ns or _xxh3_is_same(mapped, stat, seal, spec)


def _xxh3_is_same(mapped: mmap.mmap, stat: os.stat_result, seal: Seal, spec: ArraySpec) -> bool:
    return xxhash.xxh3_128_hexdigest(mapped) == seal.xxh3_128


def _sha256_is_same(mapped: mmap.mmap, stat: os.stat_result, seal: Seal, spec: ArraySpec) -> bool:
    import hashlib

    with memoryview(mapped) as whole, whole[seal.offset :] as data:
        return _xxh3_is_same(mapped, stat, seal, spec) and hashlib.sha256(data).hexdigest() == spec.sha256


_CHECKS: dict[Verify, Callable[[mmap.mmap, os.stat_result, Seal, ArraySpec], bool]] = {
    "fast": _xxh3_is_same,
    "full": _sha256_is_same,
    "stat": _stat_is_same,
}


def _read_seal(path: str, spec: ArraySpec) -> Seal | None:
    """Return the seal, or None when it is absent, damaged or another array's."""
    try:
        with open(path, "rb") as file:
            text = file.read(1 << 16)
        body, _, check = text.rstrip(b"\n").rpartition(b"\n")
        if xxhash.xxh3_64_hexdigest(body).encode() != check:
            return None
        raw = json.loads(body)
        if raw["schema"] != _SCHEMA or raw["sha256"] != spec.sha256:
            return None
        return Seal(raw["offset"], raw["size"], raw["xxh3_128"], raw["mtime_ns"], raw["origin"])
    except (OSError, ValueError, KeyError, TypeError):
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
    from .writing import coded, write_file

    head = _npy_head(array)
    data = array.reshape(-1).view(np.uint8).data
    path = layout.array(spec.sha256)
    write_file(path, [head, data])
    whole = xxhash.xxh3_128(head)
    for start in range(0, len(data), _BLOCK):
        whole.update(data[start : start + _BLOCK])
    with coded(path, "read"):
        stat = os.stat(path)
    seal = Seal(len(head), len(head) + len(data), whole.hexdigest(), stat.st_mtime_ns, origin)
    write_file(layout.seal(spec.sha256), [_seal_text(seal, spec.sha256)])


def _npy_head(array: NDArray[Any]) -> bytes:
    """Return the header of format version 1.0 (NEP 1, numpy.lib.format)."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
    return head.getvalue()
