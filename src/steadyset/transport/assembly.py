"""Put a file together from bytes that arrive in any order, and believe none that is not proved.

With a digest per piece, each piece is proved as soon as it is whole: a lying source is found out after
one piece, and what is left of an interrupted, damaged or foreign copy is used from any place in the
file. Without pieces the bytes are taken in order and proved by the digest of the whole at the end.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from ..errors import DigestError, NotTheFileError, TruncatedError
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
        self._size = wanted.size
        # Bytes held in order from the start of each piece; a piece is only ever full when it is proved.
        self._filled = [0] * len(wanted.pieces)
        self._lacking = len(wanted.pieces)
        self._tail = 0  # the same for a file without pieces
        self._whole, self._hashed = hashlib.sha256(), 0
        self._piece, self._piece_at = hashlib.sha256(), -1
        self._take_up()

    @property
    def has_pieces(self) -> bool:
        """Whether bytes can be proved one piece at a time."""
        return bool(self._filled)

    @property
    def size(self) -> int | None:
        """The size of the whole file in bytes, where known."""
        return self._size

    @property
    def held(self) -> int:
        """How many bytes need not be fetched any more."""
        return sum(self._filled) if self.has_pieces else self._tail

    @property
    def complete(self) -> bool:
        """Whether nothing is missing. For a file of unknown size only its source can tell."""
        if self.has_pieces:
            return not self._lacking
        return self._size is not None and self._tail >= self._size

    @property
    def lacking(self) -> int:
        """How many pieces are not proved yet."""
        return self._lacking

    def gap(self) -> Gap | None:
        """Return the first run of bytes that is missing, or None."""
        if self.complete:
            return None
        if not self.has_pieces:
            return Gap(self._tail, self._size)
        first = next(i for i, filled in enumerate(self._filled) if filled < self._length(i))
        later = range(first + 1, len(self._filled))
        after = next((i for i in later if self._filled[i]), None)
        end = self.wanted.size if after is None else self._start(after)
        return Gap(self._start(first) + self._filled[first], end)

    def restart(self) -> None:
        """Forget the bytes of a file without pieces: they are not, or not for sure, of this file."""
        if not self.has_pieces:
            self._cut(0)

    def learn_size(self, size: int) -> None:
        """Take the size a source tells for a file whose size was not known."""
        if self.wanted.size is None:
            self._size = size

    def feed(self, offset: int, data: bytes | memoryview) -> None:
        """Take bytes that belong at an offset. What is held already passes by, beyond the end too.

        Where bytes that pass by differ from those held by a file without pieces, the new ones replace
        them: one answer is of one file, what was held may be of another.

        Raises:
            DigestError: SS203, a piece is not what it should be and is missing again; the rest was taken.
            NotTheFileError: SS135, these are more bytes than the file can have.
            StoreError: the sink cannot be written.
        """
        if offset + len(data) > self.wanted.most_bytes:
            raise NotTheFileError(
                f"more bytes came than {self.wanted.name} can have",
                evidence=[("bytes", str(offset + len(data))), ("most", str(self.wanted.most_bytes))],
            )
        view = memoryview(data)
        if self._size is not None:
            view = view[: max(0, self._size - offset)]
        if self.has_pieces:
            self._feed_pieces(offset, view)
        else:
            self._feed_tail(offset, view)

    def finish(self) -> str:
        """Prove the whole file and return its SHA-256 in hex.

        Raises:
            DigestError: SS203, the digest is not the recorded one.
            TruncatedError: SS107, bytes are missing.
        """
        size = self._size
        if size is None or not self.complete:
            raise TruncatedError(
                f"{self.wanted.name} is not complete",
                evidence=[("bytes", str(self.held)), ("expected", str(size or "unknown"))],
            )
        self._sink.resize(size)
        if self._hashed > size:
            self._unhash()
        self._hash_up_to(size)
        got = self._whole.hexdigest()
        if self.wanted.sha256 is not None and got != self.wanted.sha256:
            raise DigestError(
                f"{self.wanted.name} is not the recorded file",
                evidence=[("bytes", str(size)), ("expected", self.wanted.sha256), ("got", got)],
            )
        return got

    def _start(self, index: int) -> int:
        return index * self.wanted.piece_size

    def _length(self, index: int) -> int:
        end = self._start(index + 1)
        return min(end, self.wanted.size or end) - self._start(index)

    def _take_up(self) -> None:
        """See what of the sink can be used."""
        held = self._sink.size()
        if self.has_pieces:
            self._take_up_pieces(held)
            return
        self._tail = held if self._size is None else min(held, self._size)
        self._hash_up_to(self._tail)
        if self._size is None and held and self._whole.hexdigest() == self.wanted.sha256:
            self._size = held

    def _take_up_pieces(self, held: int) -> None:
        for index, digest in enumerate(self.wanted.pieces):
            start, length = self._start(index), self._length(index)
            data = self._sink.read_at(start, min(length, held - start)) if held > start else b""
            good = len(data) == length and hashlib.sha256(data).hexdigest() == digest
            if good or len(data) < length:  # the piece where the sink ends is proved when it is whole
                self._filled[index] = len(data)
            self._lacking -= good
            if good and self._hashed == start:
                self._whole.update(data)
                self._hashed += length

    def _feed_tail(self, offset: int, view: memoryview) -> None:
        if offset > self._tail:
            return  # bytes in between are missing
        held = view[: self._tail - offset]
        if self._sink.read_at(offset, len(held)) != held:
            self._cut(offset)
        new = view[self._tail - offset :]
        self._write(self._tail, new)
        self._tail += len(new)

    def _feed_pieces(self, offset: int, view: memoryview) -> None:
        wrong: DigestError | None = None
        while view and offset < (self.wanted.size or 0):
            index = offset // self.wanted.piece_size
            part = view[: self._start(index) + self._length(index) - offset]
            try:
                self._feed_piece(index, offset, part)
            except DigestError as error:
                wrong = wrong or error
            offset += len(part)
            view = view[len(part) :]
        if wrong is not None:
            raise wrong

    def _feed_piece(self, index: int, offset: int, part: memoryview) -> None:
        at = self._start(index) + self._filled[index]
        if not offset <= at < offset + len(part):
            return  # held already, or bytes in between are missing
        new = part[at - offset :]
        self._write(at, new)
        if not self._filled[index]:
            self._piece, self._piece_at = hashlib.sha256(), at
        if self._piece_at == at:
            self._piece.update(new)
            self._piece_at += len(new)
        if self._filled[index] + len(new) == self._length(index):
            self._prove(index)
        else:
            self._filled[index] += len(new)

    def _prove(self, index: int) -> None:
        start, length = self._start(index), self._length(index)
        if self._piece_at != start + length:  # it came in turns with others
            self._piece = hashlib.sha256(self._sink.read_at(start, length))
        got, self._piece_at = self._piece.hexdigest(), -1
        if got == self.wanted.pieces[index]:
            self._filled[index] = length
            self._lacking -= 1
            return
        self._filled[index] = 0
        raise DigestError(
            f"bytes {start} to {start + length - 1} of {self.wanted.name} are not the file's",
            evidence=[("piece", str(index)), ("expected", self.wanted.pieces[index]), ("got", got)],
        )

    def _write(self, at: int, view: memoryview) -> None:
        """Write new bytes, and hash them where they continue what is hashed."""
        self._sink.write_at(at, view)
        if at < self._hashed:
            self._unhash()
        if at == self._hashed:
            self._whole.update(view)
            self._hashed += len(view)

    def _cut(self, size: int) -> None:
        self._sink.resize(size)
        self._tail = size
        if self._hashed > size:
            self._unhash()

    def _unhash(self) -> None:
        """Forget the hash of the whole; it is made again from the sink when it is needed."""
        self._whole, self._hashed = hashlib.sha256(), 0

    def _hash_up_to(self, end: int) -> None:
        while self._hashed < end:
            block = self._sink.read_at(self._hashed, min(_BLOCK, end - self._hashed))
            if not block:
                break
            self._whole.update(block)
            self._hashed += len(block)
