"""The drawn digits as files: the same names, members and layout as MNIST's, byte for byte the same everywhere.

Compressed bytes differ between implementations of deflate (zlib, zlib-ng, ISA-L), so these files use
its stored blocks only: a valid ``.npz`` and valid ``.gz`` files whose digests a manifest can record.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drawing import draw

NPZ = "drawn-digits.npz"
IDX = {
    "x_train": "drawn-train-images-idx3-ubyte.gz",
    "y_train": "drawn-train-labels-idx1-ubyte.gz",
    "x_test": "drawn-t10k-images-idx3-ubyte.gz",
    "y_test": "drawn-t10k-labels-idx1-ubyte.gz",
}
_MEMBERS = ("x_test", "x_train", "y_train", "y_test")  # the order of MNIST's npz
_STORED = 65535  # the longest stored block (RFC 1951, section 3.2.4)


def names() -> tuple[str, ...]:
    """Return the names of the files."""
    return (NPZ, *IDX.values())


@lru_cache(maxsize=1)
def arrays() -> dict[str, NDArray[np.uint8]]:
    """Return the arrays: x ``(60000, 28, 28)`` and ``(10000, 28, 28)``, y ``(60000,)`` and ``(10000,)``, uint8."""
    (x_train, y_train), (x_test, y_test) = draw("train"), draw("test")
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def content(name: str) -> bytes:
    """Return the bytes of one file.

    Raises:
        FileNotFoundError: there is no file of that name.
    """
    if name == NPZ:
        return npz(arrays())
    for array, file in IDX.items():
        if file == name:
            return gzip_stored(idx(arrays()[array]))
    raise FileNotFoundError(f"no practice file is called {name}")


def npz(parts: dict[str, NDArray[Any]], *, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return arrays as an ``.npz`` without time stamps, in the order of MNIST's members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in _MEMBERS:
            member = zipfile.ZipInfo(f"{name}.npy")
            member.create_system, member.external_attr = 3, 0o100600 << 16
            member.compress_type = method
            archive.writestr(member, _npy(parts[name]))
    return out.getvalue()


def _npy(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return out.getvalue()


def idx(array: NDArray[np.uint8]) -> bytes:
    """Return an array as IDX: a magic number with type and rank, the dimensions, the bytes."""
    head = struct.pack(">HBB", 0, 0x08, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


def gzip_stored(data: bytes) -> bytes:
    """Return data as a gzip member of stored blocks (RFC 1951, section 3.2.4; RFC 1952, section 2.3)."""
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"]
    for start in range(0, max(len(data), 1), _STORED):
        block = data[start : start + _STORED]
        last = start + _STORED >= len(data)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(parts)
