"""Gzip files (RFC 1952): one member or several, every checksum and length checked.

A file of one member, which is nearly every file, is unpacked in one go by libdeflate, with the size its
trailer tells. Whatever does not come out right that way goes member by member through zlib, which is slower
and can say where it went wrong.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from steadyset.errors import DamagedError, FormatError
from steadyset.sniff import printable

from . import MOST_BYTES, Buffer
from .inflate import MOST_RATIO, crc32, inflate
from .unexpected import counted, unexpected

__all__ = ["MAGIC", "GzipHeader", "gunzip", "parse_gzip_header"]

MAGIC = b"\x1f\x8b"
_TRAILER = 8
_SMALLEST = 10 + 2 + _TRAILER  # header, the shortest deflate stream, trailer
_MOST_HEADER = 1 << 17  # an extra field of at most 64 KiB, and far more name and comment than anybody writes
_PIECE = 1 << 20
_HCRC, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0


class GzipHeader(NamedTuple):
    """The header of one gzip member (RFC 1952, 2.3).

    Attributes:
        name: the file name stored, or ``None``.
        mtime: when the content was last changed, in seconds since 1970; 0 when not recorded.
        offset: where the deflate stream begins, in bytes from the start of the data.
    """

    name: str | None
    mtime: int
    offset: int


def parse_gzip_header(data: Buffer, *, name: str, start: int = 0) -> GzipHeader:
    """Read the header of the gzip member that begins at ``start``.

    Args:
        data: the file.
        name: what to call it in messages.
        start: where the member begins, in bytes.

    Raises:
        FormatError: SS204 or SS205, no gzip member begins there.
        DamagedError: SS201, the header breaks the rules; SS202, it is cut.
    """
    with memoryview(data) as whole, whole.cast("B") as view, view[start : start + _MOST_HEADER] as part:
        head = bytes(part)
        if not head.startswith(MAGIC):
            raise unexpected(view, name=name, wanted="a gzip file")
    try:
        return _parse(head, start)
    except IndexError as cause:
        raise DamagedError(
            f"{name} ends too early: it is cut inside the gzip header",
            code="SS202",
            evidence=[("size now", counted(start + len(head)))],
        ) from cause
    except ValueError as cause:
        raise DamagedError(
            f"{name} is damaged: its gzip header has {cause}",
            code="SS201",
            evidence=[("first bytes", head[:16].hex(" "))],
        ) from cause


def _parse(head: bytes, start: int) -> GzipHeader:
    """Parse a header; ``IndexError`` when it is cut, ``ValueError`` saying what is wrong with it."""
    flags = head[3]
    if head[2] != 8:
        raise ValueError(f"the unknown compression method {head[2]}")
    if flags & _RESERVED:
        raise ValueError(f"reserved flags set ({flags:#04x})")
    position, name = 10, None
    if flags & _EXTRA:
        position += 2 + head[position] + 256 * head[position + 1]
    if flags & _NAME:
        end = _end_of_text(head, position)
        name, position = head[position:end].decode("latin-1"), end + 1
    if flags & _COMMENT:
        position = _end_of_text(head, position) + 1
    if flags & _HCRC:
        if head[position] + 256 * head[position + 1] != zlib.crc32(head[:position]) & 0xFFFF:
            raise ValueError("a wrong checksum")
        position += 2
    if position > len(head):
        raise IndexError(position)
    return GzipHeader(name, int.from_bytes(head[4:8], "little"), start + position)


def _end_of_text(head: bytes, start: int) -> int:
    end = head.find(b"\0", start)
    if end >= 0:
        return end
    raise IndexError(start) if len(head) < _MOST_HEADER else ValueError("a name without end")


def gunzip(data: Buffer, *, name: str, most_bytes: int = MOST_BYTES) -> bytearray:
    """Unpack a gzip file and check it.

    Members one after the other are joined, as RFC 1952 has it; zero bytes after the last one, which tapes
    and some copying tools leave, are ignored. The CRC-32 and the length of every member are checked.

    Args:
        data: the whole file.
        name: what to call it in messages.
        most_bytes: how many bytes it may unpack to.

    Returns:
        The content, unpacked.

    Raises:
        FormatError: SS204, not a gzip file; SS205, compressed, but not by gzip; SS214, it unpacks to more
            than ``most_bytes``.
        DamagedError: SS201, damaged, or followed by other bytes; SS202, the file ends too early.
    """
    header = parse_gzip_header(data, name=name)
    with memoryview(data) as whole, whole.cast("B") as view:
        unpacked = _single(view, header.offset, most_bytes)
        if unpacked is not None and _ends_first_at_end(data, view):
            return unpacked
        return _Members(view, name, most_bytes).unpack()


def _single(view: memoryview, offset: int, most_bytes: int) -> bytearray | None:
    """Unpack a file as one member; ``None`` when that does not come out right."""
    stop = view.nbytes - _TRAILER
    if stop <= offset:
        return None
    crc, size = (int.from_bytes(view[at : at + 4], "little") for at in (stop, stop + 4))
    if size > most_bytes or size > (stop - offset) * MOST_RATIO:
        return None
    with view[offset:stop] as packed:
        try:
            unpacked = inflate(packed, size)
        except zlib.error:
            return None
    return unpacked if crc32(unpacked) == crc else None


def _ends_first_at_end(data: Buffer, view: memoryview) -> bool:
    """Say whether the trailer occurs nowhere before the end of the file.

    libdeflate does not tell where the stream ended, and ``cat a.gz a.gz`` ends in the trailer that is right
    for the first member alone. Whatever ends earlier has those eight bytes earlier: they follow the stream.
    """
    trailer = bytes(view[-_TRAILER:])
    searched = bytes(view) if isinstance(data, memoryview) else data
    return searched.find(trailer) == len(searched) - _TRAILER


class _Members:
    """Unpacking member by member, knowing where one is."""

    def __init__(self, view: memoryview, name: str, most_bytes: int) -> None:
        self.view, self.name, self.most_bytes = view, name, most_bytes
        self.unpacked = bytearray()
        self.position = 0

    def unpack(self) -> bytearray:
        while True:
            self._member()
            rest = self.view.nbytes - self.position
            if not rest:
                return self.unpacked
            with self.view[self.position :] as after:
                begin = bytes(after[:16])
                padding = not begin.strip(b"\0") and not bytes(after).strip(b"\0")
            if padding:
                return self.unpacked
            if not begin.startswith(MAGIC):
                raise self._damaged(f"{counted(rest)} follow its end", ("bytes after the end", begin.hex(" ")))

    def _member(self) -> None:
        self.position = parse_gzip_header(self.view, name=self.name, start=self.position).offset
        before = len(self.unpacked)
        self._stream()
        with self.view[self.position : self.position + _TRAILER] as part:
            trailer = bytes(part)
        if len(trailer) < _TRAILER:
            raise self._cut()
        crc, size = (int.from_bytes(trailer[at : at + 4], "little") for at in (0, 4))
        with memoryview(self.unpacked) as whole, whole[before:] as member:
            computed, length = crc32(member), member.nbytes
        if computed != crc:
            raise self._damaged("its checksum is wrong", ("recorded", f"{crc:08x}"), ("computed", f"{computed:08x}"))
        if length & 0xFFFFFFFF != size:
            raise self._damaged("its length is wrong", ("recorded", f"{size:,}"), ("unpacked", f"{length:,}"))
        self.position += _TRAILER

    def _stream(self) -> None:
        """Unpack one deflate stream in pieces, so that a bomb is noticed before it is unpacked."""
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        while not stream.eof:
            with self.view[self.position : self.position + _PIECE] as piece:
                if not piece.nbytes:
                    raise self._cut()
                try:
                    self.unpacked += stream.decompress(piece, self.most_bytes - len(self.unpacked) + 1)
                except zlib.error as cause:
                    raise self._damaged(f"its compressed data is broken ({printable(str(cause))})") from cause
                self.position += piece.nbytes - len(stream.unused_data)
            if len(self.unpacked) > self.most_bytes:
                raise FormatError(
                    f"{self.name} unpacks to more than {counted(self.most_bytes)}",
                    code="SS214",
                    evidence=[("size packed", counted(self.view.nbytes))],
                )

    def _cut(self) -> DamagedError:
        return DamagedError(
            f"{self.name} ends too early: its compressed data has no end",
            code="SS202",
            evidence=[
                ("size now", counted(self.view.nbytes)),
                ("unpacked so far", counted(len(self.unpacked))),
            ],
        )

    def _damaged(self, what: str, *evidence: tuple[str, str]) -> DamagedError:
        where = ("near byte", f"{self.position:,} of {self.view.nbytes:,}")
        return DamagedError(f"{self.name} is damaged: {what}", code="SS201", evidence=[where, *evidence])
