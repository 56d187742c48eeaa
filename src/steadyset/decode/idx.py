"""IDX files, the format of MNIST and its kin.

Described at the end of yann.lecun.com/exdb/mnist (kept at
https://web.archive.org/web/2024/http://yann.lecun.com/exdb/mnist/): two zero bytes, one byte for the type,
one for the number of dimensions, each dimension as four bytes, the largest part first, then the elements in
C order, their largest part first too. There is no checksum: what a raw file can prove is only its length.
"""

from __future__ import annotations

import math
import struct
from typing import cast

import numpy as np
import numpy.typing as npt

from steadyset.errors import DamagedError, DataError, FormatError

from . import MOST_BYTES, Buffer
from .gunzip import MAGIC as GZIP
from .gunzip import gunzip
from .unexpected import counted, unexpected

__all__ = ["TYPES", "read_idx"]

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The element types by their byte in the header."""

_MOST_RANK = 32  # what NumPy 1 can hold


def read_idx(data: Buffer, *, name: str, most_bytes: int = MOST_BYTES) -> npt.NDArray[np.generic]:
    """Read an IDX file, raw or inside gzip.

    Which of the two is decided by the first bytes, not by the name: people unpack the files by hand, rename
    them, or have a browser unpack them. The length must be exactly what the header declares.

    Args:
        data: the whole file.
        name: what to call it in messages.
        most_bytes: how many bytes a gzip file may unpack to.

    Returns:
        An array of the declared shape, rank 1 to 32, of dtype uint8, int8, int16, int32, float32 or float64,
        in this machine's byte order. MNIST: (60000, 28, 28) uint8 images, (60000,) uint8 labels.

    Raises:
        FormatError: SS204, not an IDX file, or one of rank 0, which the format does not describe; SS205,
            compressed by something else, or twice; SS214, it unpacks to more than ``most_bytes``.
        DamagedError: SS201, damaged, or longer than declared; SS202, shorter than declared.
    """
    with memoryview(data) as whole, whole.cast("B") as view:
        if bytes(view[:2]) != GZIP:
            return _parse(view, name, owned=False)
    unpacked = gunzip(data, name=name, most_bytes=most_bytes)
    if unpacked.startswith(GZIP):
        raise FormatError(
            f"{name} is compressed twice: inside the gzip file is another gzip file",
            code="SS205",
            evidence=[("size of the inner file", counted(len(unpacked)))],
        )
    with memoryview(unpacked) as view:
        return _parse(view, f"the content of {name}", owned=True)


def _parse(view: memoryview, name: str, *, owned: bool) -> npt.NDArray[np.generic]:
    """Read a raw IDX file; with ``owned``, the array may be a view of it where no bytes need swapping."""
    head = bytes(view[: 4 + 4 * _MOST_RANK])
    if head[:2] != b"\0\0" or len(head) < 4 or head[2] not in TYPES or not 1 <= head[3] <= _MOST_RANK:
        raise unexpected(view, name=name, wanted="an IDX file")
    start = 4 + 4 * head[3]
    if len(head) < start:
        raise _too_short(view, name)
    dtype = np.dtype(TYPES[head[2]])
    shape = struct.unpack_from(f">{head[3]}I", head, 4)
    expected = start + math.prod(shape) * dtype.itemsize
    if expected != view.nbytes:
        raise _wrong_length(view, name, expected, shape)
    return _array(view, start, shape, dtype, owned=owned)


def _array(
    view: memoryview, start: int, shape: tuple[int, ...], dtype: np.dtype[np.generic], *, owned: bool
) -> npt.NDArray[np.generic]:
    try:
        if owned and dtype.itemsize == 1:
            return np.ndarray(shape, dtype, buffer=cast(bytearray, view.obj), offset=start)
        return np.ndarray(shape, dtype, buffer=view, offset=start).astype(dtype.newbyteorder("="))
    except ValueError as error:  # no elements, but a shape like 0 by 2**32 by 2**32, which NumPy cannot hold
        raise DamagedError(
            "the shape in the IDX header is more than an array can have", evidence=[("declared shape", str(shape))]
        ) from error


def _too_short(view: memoryview, name: str) -> DataError:
    return DamagedError(
        f"{name} ends too early: it is cut inside the header",
        code="SS202",
        evidence=[("size now", counted(view.nbytes))],
    )


def _wrong_length(view: memoryview, name: str, expected: int, shape: tuple[int, ...]) -> DamagedError:
    evidence = [
        ("size now", counted(view.nbytes)),
        ("size expected", counted(expected)),
        ("declared shape", str(shape)),
    ]
    if view.nbytes < expected:
        what = f"{name} ends too early: at byte {view.nbytes:,} of {expected:,}"
        return DamagedError(what, code="SS202", evidence=evidence)
    what = f"{name} is damaged: {counted(view.nbytes - expected)} follow its end"
    return DamagedError(what, code="SS201", evidence=evidence)
