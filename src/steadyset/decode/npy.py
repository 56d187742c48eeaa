"""NumPy's .npy files, versions 1.0 to 3.0 (NumPy enhancement proposal 1 and ``numpy.lib.format``).

The header is a Python literal. It is read by ``ast.literal_eval`` under a limit on its length, never
evaluated; arrays of Python objects, which are pickles, are refused.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from steadyset.errors import ArgumentError, DamagedError, FormatError
from steadyset.sniff import printable

from . import Buffer
from .unexpected import counted, unexpected

__all__ = ["MAGIC", "NpyHeader", "npy_header", "parse_npy_header", "read_npy"]

MAGIC = b"\x93NUMPY"
_MOST_HEADER = 10_000  # numpy.lib.format has the same limit: literal_eval can be made slow, or to crash
_ALIGN = 64
_GROWTH = 21  # NumPy leaves room for the first dimension to grow to 21 digits
_LONG = re.compile(r"(?<=\d)L(?=\s*[,)])")


class NpyHeader(NamedTuple):
    """What the header of a .npy file says.

    Attributes:
        dtype: the elements' dtype, byte order and fields included.
        fortran_order: whether the first index varies fastest in the file.
        shape: the shape.
        offset: where the elements begin, in bytes.
    """

    dtype: np.dtype[Any]
    fortran_order: bool
    shape: tuple[int, ...]
    offset: int


def read_npy(data: Buffer, *, name: str) -> npt.NDArray[Any]:
    """Read a .npy file.

    The length must be exactly what the header declares; ``numpy.load`` ignores bytes after the end.

    Args:
        data: the whole file.
        name: what to call it in messages.

    Returns:
        The array ``numpy.load`` would return, equal in shape, dtype (byte order included) and values, but
        always in C order, writable and with memory of its own. A ``bytearray`` is not copied but
        handed over: the array then lives in it.

    Raises:
        FormatError: SS204, not a .npy file; SS214, it holds Python objects or its header is not safe to read.
        DamagedError: SS201, damaged, or longer than declared; SS202, shorter than declared.
    """
    header = parse_npy_header(data, name=name)
    with memoryview(data) as whole, whole.cast("B") as view:
        expected = header.offset + math.prod(header.shape) * header.dtype.itemsize
        if expected != view.nbytes:
            raise _wrong_length(view.nbytes, name, expected, header.shape)
        return _array(data if isinstance(data, bytearray) else view, header, name)


def _array(source: bytearray | memoryview, header: NpyHeader, name: str) -> npt.NDArray[Any]:
    dtype, fortran, shape, offset = header
    if not dtype.itemsize:  # copying would widen S0 to S1
        source, offset = bytearray(), 0
    try:
        array: npt.NDArray[Any] = np.ndarray(shape, dtype, buffer=source, offset=offset, order="F" if fortran else "C")
    except (ValueError, OverflowError) as cause:  # more dimensions, or a larger one, than NumPy can hold
        raise DamagedError(
            f"{name} is damaged: its shape is impossible",
            code="SS201",
            evidence=[("declared shape", printable(str(shape)))],
        ) from cause
    if isinstance(source, bytearray) and array.flags.c_contiguous and array.flags.aligned:
        return array
    return array.copy(order="C")


def _wrong_length(size: int, name: str, expected: int, shape: tuple[int, ...]) -> DamagedError:
    evidence = [
        ("size now", counted(size)),
        ("size expected", counted(expected)),
        ("declared shape", printable(str(shape))),
    ]
    if size < expected:
        return DamagedError(f"{name} ends too early: at byte {size:,} of {expected:,}", code="SS202", evidence=evidence)
    return DamagedError(
        f"{name} is damaged: {counted(size - expected)} follow its end", code="SS201", evidence=evidence
    )


def parse_npy_header(data: Buffer, *, name: str = "the .npy file") -> NpyHeader:
    """Read the header of a .npy file; the elements need not be there.

    Args:
        data: the file, or its beginning.
        name: what to call it in messages.

    Raises:
        FormatError: SS204, not a .npy file; SS214, it holds Python objects or its header is not safe to read.
        DamagedError: SS201, the header is damaged; SS202, it is cut.
    """
    with memoryview(data) as whole, whole.cast("B") as view:
        head = bytes(view[: 12 + _MOST_HEADER])
        if not head.startswith(MAGIC):
            if head and MAGIC.startswith(head):
                raise _cut(head, name)
            raise unexpected(view, name=name, wanted="a .npy file")
    version = head[6:8]
    if len(version) == 2 and version not in (b"\1\0", b"\2\0", b"\3\0"):
        raise FormatError(
            f"{name} is a .npy file of an unknown version",
            code="SS204",
            evidence=[("version", f"{version[0]}.{version[1]}")],
        )
    width = 2 if version == b"\1\0" else 4
    start = 8 + width
    length = int.from_bytes(head[8:start], "little")
    if len(head) < start or (length <= _MOST_HEADER and len(head) < start + length):
        raise _cut(head, name)
    if length > _MOST_HEADER:
        raise FormatError(
            f"{name} has a header that is too long to be read safely",
            code="SS214",
            evidence=[("header", counted(length)), ("limit", counted(_MOST_HEADER))],
        )
    text = head[start : start + length].decode("utf-8" if version == b"\3\0" else "latin-1", "replace")
    fields = _literal(text, name)
    return NpyHeader(_dtype(fields["descr"], name), *_layout(fields, text, name), start + length)


def _cut(head: bytes, name: str) -> DamagedError:
    return DamagedError(
        f"{name} ends too early: it is cut inside the header",
        code="SS202",
        evidence=[("size now", counted(len(head)))],
    )


def _damaged_header(text: str, name: str) -> DamagedError:
    return DamagedError(
        f"{name} is damaged: its header cannot be read", code="SS201", evidence=[("header", printable(text))]
    )


def _literal(text: str, name: str) -> dict[str, Any]:
    # Python 2 wrote its long integers as 60000L; nothing else in a header looks like that.
    for spelling in (text, _LONG.sub("", text)):
        try:
            fields = ast.literal_eval(spelling.strip())
        except SyntaxError as error:
            cause = error
            continue
        except (ValueError, TypeError, MemoryError, RecursionError) as error:
            raise _damaged_header(text, name) from error
        if isinstance(fields, dict) and fields.keys() == {"descr", "fortran_order", "shape"}:
            return fields
        raise _damaged_header(text, name)
    raise _damaged_header(text, name) from cause


def _layout(fields: dict[str, Any], text: str, name: str) -> tuple[bool, tuple[int, ...]]:
    fortran, shape = fields["fortran_order"], fields["shape"]
    if type(fortran) is not bool or type(shape) is not tuple:
        raise _damaged_header(text, name)
    if any(type(n) is not int or n < 0 for n in shape):
        raise _damaged_header(text, name)
    return fortran, shape


def _dtype(descr: Any, name: str) -> np.dtype[Any]:
    try:
        dtype = np.lib.format.descr_to_dtype(descr)
    except Exception as cause:  # NumPy raises whatever comes: TypeError, ValueError, SyntaxError, a deprecation
        raise DamagedError(
            f"{name} is damaged: its element type is unknown",
            code="SS201",
            evidence=[("element type", printable(repr(descr)))],
        ) from cause
    if dtype.hasobject:
        raise FormatError(
            f"{name} holds pickled Python objects, which can run any code; steadyset never unpickles",
            code="SS214",
            evidence=[("element type", printable(repr(descr)))],
        )
    return dtype


def npy_header(dtype: npt.DTypeLike, shape: Iterable[int]) -> bytes:
    """Return the header of a .npy file of version 1.0 for an array in C order, as NumPy writes it today.

    Args:
        dtype: the elements' dtype.
        shape: the shape, any rank.

    Returns:
        Header bytes, a multiple of 64 long, so that a mapped array is aligned for any dtype.

    Raises:
        ArgumentError: SS443, the dtype holds Python objects, or the header does not fit version 1.0.
    """
    kind = np.dtype(dtype)
    if kind.hasobject:
        raise ArgumentError("An array of Python objects cannot be stored", evidence=[("dtype", str(kind))])
    dims = tuple(int(n) for n in shape)
    fields = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": dims}
    text = "{" + "".join(f"{key!r}: {value!r}, " for key, value in fields.items()) + "}"
    text += " " * (_GROWTH - len(repr(dims[0])) if dims else 0)
    length = len(MAGIC) + 4 + len(text) + 1
    text += " " * (_ALIGN - length % _ALIGN) + "\n"
    try:
        return MAGIC + b"\1\0" + len(text).to_bytes(2, "little") + text.encode("latin-1")
    except (OverflowError, UnicodeEncodeError) as cause:
        raise ArgumentError(
            "The names of the array's fields do not fit the header of a .npy file of version 1.0",
            evidence=[("dtype", printable(str(kind)))],
        ) from cause
