"""Zip archives: the directory of members, and one member's bytes, checked.

Follows PKWARE's APPNOTE.TXT 6.3.10; section numbers are given where they matter. Only what .npz files use is
read: members stored or deflated, zip64, data descriptors, bytes before the archive. Importing the standard
library's ``zipfile`` costs 10 ms, and it believes sizes, overlaps and doubled names that are refused here.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from steadyset.errors import DamagedError, FormatError
from steadyset.sniff import printable

from .inflate import crc32, inflate
from .unexpected import counted, unexpected

__all__ = ["Member", "read_directory", "read_member"]

_LOCAL = struct.Struct("<4s5H3L2H")  # 4.3.7
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # 4.3.12
_END = struct.Struct("<4s4H2LH")  # 4.3.16
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15
_MOST_COMMENT = 0xFFFF
_MOST_MEMBERS = 10_000
_MANY_ZEROS = 512
_FULL32 = 0xFFFFFFFF
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x0001, 0x0008, 0x0800  # 4.4.4
_STORED, _DEFLATED = 0, 8
_METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz", 98: "PPMd", 99: "AES"}  # 4.4.5


class Member(NamedTuple):
    """One member, as the central directory has it.

    Attributes:
        name: the name, decoded.
        flags: general purpose bits (4.4.4).
        method: the compression method (4.4.5).
        crc: CRC-32 of the unpacked bytes.
        packed: size in the archive, in bytes.
        size: size unpacked, in bytes.
        start: where its packed bytes begin, counted from the start of the file.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int


class _Entry(NamedTuple):
    member: Member
    raw: bytes  # the name as it is in the file
    header: int  # where the local header begins


class _Directory(NamedTuple):
    start: int
    size: int
    entries: int
    prefix: int


def read_directory(view: memoryview, *, name: str, wanted: str = "a zip archive") -> list[Member]:
    """Read the central directory.

    Args:
        view: the whole file, as bytes.
        name: what to call it in messages.
        wanted: what it should be, with its article.

    Returns:
        The members in the directory's order; no two have the same name or overlap.

    Raises:
        FormatError: SS204 or SS205, not a zip archive; SS214, too many members, doubled or overlapping ones.
        DamagedError: SS201, the directory is damaged; SS202, the file ends too early.
    """
    found = _find_directory(view, name)
    if found is None:
        raise _unfinished(view, name) or unexpected(view, name=name, wanted=wanted)
    if found.entries > _MOST_MEMBERS:
        raise FormatError(f"{name} has too many members", code="SS214", evidence=[("members", f"{found.entries:,}")])
    with view[found.start : found.start + found.size] as part:
        directory = bytes(part)
    try:
        entries = _parse(directory, found)
    except (struct.error, ValueError) as cause:
        raise _damaged(name, f"its directory of members is broken ({printable(str(cause))})") from cause
    return _located(view, entries, found.start, name)


def _find_directory(view: memoryview, name: str) -> _Directory | None:
    """Return where the directory is; ``None`` when the record of its end is missing."""
    begin = max(0, view.nbytes - _END.size - _MOST_COMMENT)
    with view[begin:] as part:
        tail = bytes(part)
    at = tail.rfind(_END_MARK)
    while at >= 0:
        found = _directory_before(view, begin + at)
        if found:
            return found
        if int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail) - at - _END.size:
            raise _damaged(name, "its directory of members is not where its end record says")
        at = tail.rfind(_END_MARK, 0, at)
    return None


def _directory_before(view: memoryview, end: int) -> _Directory | None:
    """Return the directory an end record tells of; ``None`` when there is none such."""
    if end + _END.size > view.nbytes:
        return None
    _, disk, first_disk, _, count, size, offset, _ = _END.unpack_from(view, end)
    locator = end - _LOCATOR.size
    if locator >= _END64.size and bytes(view[locator : locator + 4]) == b"PK\x06\x07":
        end = locator - _END64.size
        mark, _, _, _, disk, first_disk, _, count, size, offset = _END64.unpack_from(view, end)
        if mark != b"PK\x06\x06":
            return None
    start = end - size
    prefix = start - offset
    if disk or first_disk or start < 0 or prefix < 0:
        return None
    # Bytes before an archive are allowed (4.1.9). But an archive inside another that was cut, or after half a
    # download, looks the same, and its arrays are not the file's.
    if prefix and view[:4] == _LOCAL_MARK:
        return None
    return _Directory(start, size, count, prefix)


def _parse(directory: bytes, found: _Directory) -> list[_Entry]:
    entries: list[_Entry] = []
    position = 0
    while position < len(directory):
        fields = _CENTRAL.unpack_from(directory, position)
        mark, _, _, flags, method, _, _, crc, packed, size, *lengths, _, _, _, header = fields
        name_end = position + _CENTRAL.size + lengths[0]
        raw = directory[position + _CENTRAL.size : name_end]
        position = name_end + lengths[1] + lengths[2]
        if mark != _CENTRAL_MARK or position > len(directory) or len(entries) == found.entries:
            raise ValueError("no member where one should be")
        size, packed, header = _zip64(directory[name_end : name_end + lengths[1]], size, packed, header)
        text = raw.decode("utf-8" if flags & _UTF8 else "cp437")
        entries.append(_Entry(Member(text, flags, method, crc, packed, size, 0), raw, header + found.prefix))
    if len(entries) != found.entries:
        raise ValueError(f"{len(entries)} members instead of {found.entries}")
    return entries


def _zip64(extra: bytes, *values: int) -> list[int]:
    """Return the values, those that did not fit 32 bits taken from the extra field (4.5.3)."""
    wide: bytes = b""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1:
            wide = extra[4 : 4 + length]
        extra = extra[4 + length :]
    taken = iter(range(0, 8 * len(values), 8))
    return [struct.unpack_from("<Q", wide, next(taken))[0] if v == _FULL32 else v for v in values]


def _located(view: memoryview, entries: list[_Entry], directory: int, name: str) -> list[Member]:
    """Return the members with their places; refuse those that double or overlap others."""
    names: set[str] = set()
    headers = sorted(entry.header for entry in entries)
    limits = dict(zip(headers, [*headers[1:], directory], strict=False))
    located = []
    for entry in entries:
        member = entry.member._replace(start=_content_start(view, entry, name))
        evidence = [("member", printable(member.name)), ("size packed", counted(member.packed))]
        if member.name in names:
            raise FormatError(f"{name} holds two members of the same name", code="SS214", evidence=evidence)
        limit = limits[entry.header]
        if member.start + member.packed > limit:
            if limit == directory:
                raise _damaged(name, "a member is larger than its place in the archive", *evidence)
            # How 42 kB unpack to petabytes: David Fifield, "A better zip bomb", 2019.
            raise FormatError(f"{name} holds members that overlap", code="SS214", evidence=evidence)
        names.add(member.name)
        located.append(member)
    return located


def _content_start(view: memoryview, entry: _Entry, name: str) -> int:
    """Return where a member's bytes begin; the local header must name the same member (4.3.7)."""
    shown, header = printable(entry.member.name), entry.header
    if bytes(view[header : header + 4]) != _LOCAL_MARK or header + _LOCAL.size > view.nbytes:
        raise _damaged(name, f"{shown} is not where the directory says", ("position", f"{header:,}"))
    _, _, flags, *_, name_length, extra_length = _LOCAL.unpack_from(view, header)
    start = header + _LOCAL.size
    same = bytes(view[start : start + name_length]) == entry.raw
    # Bit 11 says how a name is spelt; were it to differ, one name would be read as two.
    if not same or (not entry.raw.isascii() and (flags ^ entry.member.flags) & _UTF8):
        raise _damaged(name, f"another member than {shown} is where the directory says")
    return start + int(name_length) + int(extra_length)


def read_member(view: memoryview, member: Member, *, name: str) -> bytearray:
    """Unpack one member and check it against its CRC-32.

    The caller has bounded ``member.size``.

    Args:
        view: the whole file, as bytes.
        member: the member, from ``read_directory`` of the same file.
        name: what to call the file in messages.

    Raises:
        FormatError: SS204, the member is encrypted or compressed in a way that is not read.
        DamagedError: SS201, the member is damaged.
    """
    shown = printable(member.name)
    if member.flags & _ENCRYPTED:
        raise FormatError(f"{name} is protected by a password", code="SS204", evidence=[("member", shown)])
    if member.method not in (_STORED, _DEFLATED):
        how = _METHODS.get(member.method, "unknown")
        raise FormatError(
            f"{name} is compressed in a way that is not read here",
            code="SS204",
            evidence=[("member", shown), ("method", f"{how} ({member.method})")],
        )
    with view[member.start : member.start + member.packed] as packed:
        if member.method == _STORED and member.packed != member.size:
            raise _damaged(name, f"the sizes of {shown} contradict one another")
        if member.method == _STORED:
            data = bytearray(packed)
        else:
            try:
                data = inflate(packed, member.size)
            except zlib.error as cause:
                raise _damaged(name, f"{shown} does not unpack", ("reason", str(cause))) from cause
    computed = crc32(data)
    if computed != member.crc:
        recorded = ("recorded", f"{member.crc:08x}")
        raise _damaged(name, f"the checksum of {shown} is wrong", recorded, ("computed", f"{computed:08x}"))
    return data


def _damaged(name: str, what: str, *evidence: tuple[str, str]) -> DamagedError:
    return DamagedError(f"{name} is damaged: {what}", code="SS201", evidence=evidence)


def _unfinished(view: memoryview, name: str) -> DamagedError | None:
    """Return the error for an archive without an end; ``None`` when it does not even begin like one."""
    begin = bytes(view[:4])
    if not begin or not _LOCAL_MARK.startswith(begin):
        return None
    data = bytes(view)
    # A download manager that reserves the space first leaves zeros where it did not get to.
    zeros = len(data) - len(data.rstrip(b"\0"))
    with view[: len(data) - zeros if zeros >= _MANY_ZEROS else len(data)] as written:
        whole, inside, position = _walk(written)
    rest = data[position:]
    end = rest.find(_END_MARK)
    if rest.startswith((_CENTRAL_MARK, _END_MARK)) and end >= 0:
        after = len(rest) - end - _END.size
        if after > _MOST_COMMENT:
            return _damaged(name, f"{counted(after)} follow its end")
    evidence = [("size now", counted(view.nbytes))]
    evidence += [("zero bytes at the end", f"{zeros:,}")] if zeros >= _MANY_ZEROS else []
    evidence += [("cut inside", inside)] if inside else []
    evidence += [("whole members", ", ".join(printable(w) for w in whole[:8]))] if whole else []
    what = f"{name} ends too early: the directory of its members, which comes last, is missing"
    return DamagedError(what, code="SS202", evidence=evidence)


def _walk(view: memoryview) -> tuple[list[str], str, int]:
    """Walk the local headers: the members that are whole, the one that is cut, and where the walk ended."""
    whole: list[str] = []
    position = 0
    while len(whole) < _MOST_MEMBERS and bytes(view[position : position + 4]) == _LOCAL_MARK:
        if position + _LOCAL.size > view.nbytes:
            break
        _, _, flags, *_, packed, size, name_length, extra_length = _LOCAL.unpack_from(view, position)
        start = position + _LOCAL.size
        with view[start : start + name_length + extra_length] as part:
            raw, extra = bytes(part[:name_length]), bytes(part[name_length:])
        member = printable(raw.decode("utf-8", "replace"))
        start += name_length + extra_length
        try:
            _, packed = _zip64(extra, size, packed)
        except struct.error:
            return whole, member, position
        if flags & _SIZES_FOLLOW and not packed:
            break
        if start + packed > view.nbytes:
            return whole, f"{member}, at byte {max(0, view.nbytes - start):,} of {packed:,}", position
        whole.append(member)
        position = start + packed
    return whole, "", position
