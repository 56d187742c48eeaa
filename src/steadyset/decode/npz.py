"""NumPy's .npz files: a zip archive with one .npy file per array (``numpy.savez``)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy.typing as npt

from steadyset.errors import FormatError
from steadyset.sniff import printable

from . import MOST_BYTES, Buffer
from .npy import read_npy
from .unexpected import counted
from .zipped import Member, read_directory, read_member

__all__ = ["read_npz", "read_npz_members"]

_SUFFIX = ".npy"


def read_npz(
    data: Buffer, *, name: str, members: Collection[str] | None = None, most_bytes: int = MOST_BYTES
) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of an .npz file.

    Every array is checked against its CRC-32 before it is returned. Nothing is unpickled: an array of Python
    objects is refused. No size is believed before it is bounded.

    Args:
        data: the whole file.
        name: what to call it in messages.
        members: the arrays wanted, without ``.npy``; left out, all. Others are not even unpacked.
        most_bytes: how many bytes the arrays read may unpack to, all together.

    Returns:
        The arrays by name, without ``.npy``, in the order of the file: what ``numpy.load`` returns in shape,
        dtype (byte order included) and values, but always in C order, writable, with memory of their own.

    Raises:
        FormatError: SS204, not an .npz file, or an array is missing from it; SS205, compressed by something
            else; SS214, not safe to open: Python objects, doubled or overlapping members, too much of it.
        DamagedError: SS201, damaged; SS202, the file ends too early.
    """
    unpacked = read_npz_members(data, name=name, members=members, most_bytes=most_bytes)
    return {key: read_npy(content, name=f"{printable(key)}.npy in {name}") for key, content in unpacked.items()}


def read_npz_members(
    data: Buffer, *, name: str, members: Collection[str] | None = None, most_bytes: int = MOST_BYTES
) -> dict[str, bytearray]:
    """Read the .npy files inside an .npz file, unpacked and checked, without reading the arrays in them.

    For what ``read_npz`` refuses: the ragged sequences of IMDB and Reuters are pickles, and are read from
    these bytes by a reader that can build nothing but lists and numbers.

    Args:
        data: the whole file.
        name: what to call it in messages.
        members: the arrays wanted, without ``.npy``; left out, all.
        most_bytes: how many bytes they may unpack to, all together.

    Returns:
        Each .npy file's bytes by the array's name.

    Raises:
        FormatError: as ``read_npz``.
        DamagedError: as ``read_npz``.
    """
    with memoryview(data) as whole, whole.cast("B") as view:
        present = {
            member.name.removesuffix(_SUFFIX): member
            for member in read_directory(view, name=name, wanted="an .npz file")
            if member.name.endswith(_SUFFIX)
        }
        chosen = _choose(present, members, name)
        _bound(chosen.values(), name, most_bytes)
        return {key: read_member(view, member, name=name) for key, member in chosen.items()}


def _choose(present: dict[str, Member], wanted: Collection[str] | None, name: str) -> dict[str, Member]:
    shown = ", ".join(printable(key) for key in list(present)[:20]) or "none"
    if not present:
        raise FormatError(f"{name} is a zip archive without arrays, not an .npz file", code="SS204")
    if wanted is None:
        return present
    missing = [key for key in wanted if key not in present]
    if missing:
        raise FormatError(
            f"{name} has no array {', '.join(missing)}",
            code="SS204",
            evidence=[("arrays present", shown)],
        )
    return {key: member for key, member in present.items() if key in wanted}


def _bound(members: Collection[Member], name: str, most_bytes: int) -> None:
    total = sum(member.size for member in members)
    if total > most_bytes:
        raise FormatError(
            f"{name} unpacks to more than is allowed",
            code="SS214",
            evidence=[("declared", counted(total)), ("limit", counted(most_bytes))],
        )
