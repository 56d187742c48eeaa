"""Put a file together from bytes that arrive in any order, and believe none that is not proved.

With a digest per piece, each piece is proved as soon as it is whole: a lying source is found out after
one piece, and what is left of an interrupted, damaged or foreign copy is used from any place in the
file. Without pieces the bytes are taken in order and proved by the digest of the whole at the end.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from ..errors import DigestError, TruncatedError
from .records import Sink, Wanted

_BLOCK = 1 << 20


class Gap(NamedTuple):
    """A run of missing bytes: from ``start`` up to, not including, ``end`` (None: to wherever it ends)."""

    start: int
    end: int | None


class Assembly:
    """The state of one file under construction.

    Args:
        wanted: the file and its digests.
        sink: where its bytes are put; what it holds already is taken up if it can be proved, or, for a
            file without pieces, if the source confirms that it is unchanged.
    """

    def __init__(self, wanted: Wanted, sink: Sink) -> None:
        self.wanted = wanted
        self._sink = sink
        self._good = bytearray(len(wanted.pieces))
        self._tail = 0  # bytes in order from the start, for a file without pieces
        self._whole = hashlib.sha256()
        self._hashed = 0
        self._piece = hashlib.sha256()
        self._piece_at = -1
        self._expected = wanted.size
        self._take_up()

    @property
    def has_pieces(self) -> bool:
        """Whether bytes can be proved one piece at a time."""
        return bool(self._good)

    @property
    def size(self) -> int | None:
        """The size of the whole file in bytes, where known."""
        return self._expected

    @property
    def held(self) -> int:
        """How many bytes need not be fetched any more."""
        if not self.has_pieces:
            return self._tail
        proved = sum(self._piece_end(i) - self._start(i) for i, good in enumerate(self._good) if good)
        return proved + (self._piece_at % self.wanted.piece_size if self._piece_at > 0 else 0)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing. For a file of unknown size only its source can tell."""
        return self.gap() is None

    def _start(self, index: int) -> int:
        return index * self.wanted.piece_size

    def _piece_end(self, index: int) -> int:
        end = (index + 1) * self.wanted.piece_size
        return min(end, self.wanted.size or end)

    def _take_up(self) -> None:
        """See what of the sink can be used."""
        held = self._sink.size()
        if not self.has_pieces:
            self._tail = held if self._expected is None else min(held, self._expected)
            self._hash_up_to(self._tail)
            return
        for index in range(len(self._good)):
            start, end = self._start(index), self._piece_end(index)
            data = self._sink.read_at(start, min(end, held) - start) if held > start else b""
            if len(data) < end - start:
                self._take_up_tail(start, data)
                break
            self._good[index] = hashlib.sha256(data).hexdigest() == self.wanted.pieces[index]
            if self._hashed == start and self._good[index]:
                self._whole.update(data)
                self._hashed = end

    def _take_up_tail(self, start: int, data: bytes) -> None:
        """Go on inside the piece where the sink ends; it is proved when it is whole."""
        if data:
            self._piece, self._piece_at = hashlib.sha256(data), start + len(data)
            if self._hashed == start:
                self._whole.update(data)
                self._hashed = self._piece_at

    def gap(self) -> Gap | None:
        """Return the first run of bytes that is missing, or None."""
        if not self.has_pieces:
            return None if self._expected is not None and self._tail >= self._expected else Gap(
                self._tail, self._expected
            )
        first = self._good.find(0)
        if first < 0:
            return None
        after = self._good.find(1, first)
        end = self.wanted.size if after < 0 else self._start(after)
        resumed = self._start(first) < self._piece_at < self._piece_end(first)
        return Gap(self._piece_at if resumed else self._start(first), end)

    def restart(self) -> None:
        """Forget the bytes of a file without pieces: its source has changed or cannot resume."""
        if self.has_pieces:
            return
        self._sink.resize(0)
        self._tail = self._hashed = 0
        self._whole = hashlib.sha256()

    def learn_size(self, size: int) -> None:
        """Take the size a source tells for a file whose size was not known."""
        if self.wanted.size is None:
            self._expected = size

    def feed(self, offset: int, data: bytes | memoryview) -> None:
        """Take bytes that belong at an offset, continuing where the last call ended or at a gap's start.

        Raises:
            DigestError: SS203, a piece is not what it should be; it is missing again.
        """
        self._sink.write_at(offset, data)
        if self._hashed == offset:
            self._whole.update(data)
            self._hashed += len(data)
        if self.has_pieces:
            self._feed_pieces(offset, memoryview(data))
        else:
            self._tail = offset + len(data)

    def _feed_pieces(self, offset: int, data: memoryview) -> None:
        while data:
            index = offset // self.wanted.piece_size
            if offset == self._start(index):
                self._piece, self._piece_at = hashlib.sha256(), offset
            end = self._piece_end(index)
            part = data[: end - offset]
            if self._piece_at == offset:
                self._piece.update(part)
                self._piece_at += len(part)
            offset += len(part)
            data = data[len(part) :]
            if offset == end:
                self._prove(index)

    def _prove(self, index: int) -> None:
        got, whole = self._piece.hexdigest(), self._piece_at == self._piece_end(index)
        self._piece_at = -1
        if whole and got == self.wanted.pieces[index]:
            self._good[index] = 1
            return
        start = self._start(index)
        self._unhash(start)
        raise DigestError(
            f"bytes {start} to {self._piece_end(index) - 1} of {self.wanted.name} are not the file's",
            evidence=[("piece", str(index)), ("expected", self.wanted.pieces[index]), ("got", got)],
        )

    def _unhash(self, start: int) -> None:
        """Forget the hash of the whole from a bad piece on; it is made again from the sink at the end."""
        if self._hashed > start:
            self._whole, self._hashed = hashlib.sha256(), 0

    def _hash_up_to(self, end: int) -> None:
        while self._hashed < end:
            block = self._sink.read_at(self._hashed, min(_BLOCK, end - self._hashed))
            if not block:
                break
            self._whole.update(block)
            self._hashed += len(block)

    def finish(self) -> str:
        """Prove the whole file and return its SHA-256 in hex.

        Raises:
            DigestError: SS203, the digest or the size is not the recorded one.
            TruncatedError: SS107, bytes are missing.
        """
        size = self._expected if self._expected is not None else self._tail
        if self.gap() is not None and self._expected is not None:
            raise TruncatedError(
                f"{self.wanted.name} is not complete",
                evidence=[("bytes", str(self.held)), ("expected", str(self._expected))],
            )
        self._sink.resize(size)
        if self._hashed > size:
            self._whole, self._hashed = hashlib.sha256(), 0
        self._hash_up_to(size)
        got = self._whole.hexdigest()
        if self.wanted.sha256 is not None and got != self.wanted.sha256:
            raise DigestError(
                f"{self.wanted.name} is not the recorded file",
                evidence=[("bytes", str(size)), ("expected", self.wanted.sha256), ("got", got)],
            )
        return got
