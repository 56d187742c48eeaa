"""Put a file together from bytes that arrive in any order, and believe none that is not proved.

With a digest per piece, each piece is proved as soon as it is whole: a lying source is found out after
one piece, and what is left of an interrupted, damaged or foreign copy is used from any place in the
file. Without pieces the bytes are taken in order and proved by the digest of the whole at the end.
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import NamedTuple

from ..errors import DigestError, NotTheFileError, TruncatedError
from .hashing import Digest
from .records import Sink, Wanted
from .spans import Span, Spans

_NOTE = 1.0  # seconds between two notes of what is held


class Gap(NamedTuple):
    """A run of missing bytes: from ``start`` up to, not including, ``end`` (None: to wherever it ends)."""

    start: int
    end: int | None


class Assembly:
    """The state of one file under construction. Several threads may feed it.

    The digest of the whole is made beside all this, also where every piece is proved by its own: pieces
    come from a manifest as the digest does, and a manifest that errs must not publish an object under a
    digest it does not have.

    Args:
        wanted: the file and its digests.
        sink: where its bytes are put; what it holds already is taken up if it can be proved, or, for a
            file without pieces, if the source confirms that it is unchanged.
    """

    def __init__(self, wanted: Wanted, sink: Sink) -> None:
        self.wanted = wanted
        self._sink = sink
        self._size = wanted.size
        self._lock = threading.RLock()
        # Bytes held in order from the start of each piece; a piece is only ever full when it is proved.
        self._filled = [0] * len(wanted.pieces)
        self._lacking = len(wanted.pieces)
        self._begun: dict[int, tuple[hashlib._Hash, int]] = {}  # the hash of a piece, and up to where
        self._spans = Spans()  # what is held of a file without pieces
        self._closed = False
        self._noted: float | None = None  # when it was written down what is held, because there are holes
        self._proved = 0  # pieces in a row from the start of the file
        self._whole = Digest(sink, cut_up=not wanted.pieces)
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
        return sum(self._filled) if self.has_pieces else self._spans.total

    @property
    def complete(self) -> bool:
        """Whether nothing is missing. For a file of unknown size only its source can tell."""
        if self.has_pieces:
            return not self._lacking
        return self._size is not None and self._spans.first >= self._size

    @property
    def lacking(self) -> int:
        """How many pieces are not proved yet."""
        return self._lacking

    def gap(self) -> Gap | None:
        """Return the first run of bytes that is missing, or None."""
        with self._lock:
            if self.complete:
                return None
            if self._size is None:
                return Gap(self._spans.first, None)
            return Gap(*self._missing()[0])

    def gaps(self) -> list[Span]:
        """Return all runs of bytes that are missing of a file whose size is known."""
        with self._lock:
            return [] if self._size is None else self._missing()

    def _missing(self) -> list[Span]:
        if not self.has_pieces:
            return self._spans.missing(0, self._size or 0)
        held = Spans()
        for index, filled in enumerate(self._filled):
            held.add(self._start(index), self._start(index) + filled)
        return held.missing(0, self.wanted.size or 0)

    def restart(self) -> None:
        """Forget the bytes of a file without pieces: they are not, or not for sure, of this file."""
        if not self.has_pieces:
            with self._lock:
                self._cut(0)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The digest of each piece of a file that is finished, also where they were not known before."""
        return self.wanted.pieces or self._whole.pieces()

    def close(self) -> None:
        """End what goes on beside: the sink may be closed now, nothing is put into it any more."""
        with self._lock:
            if self._noted is not None and not self._closed and not self.complete:
                self._sink.note(held=str(self._spans))
            self._closed = True
        self._whole.close()

    def learn_size(self, size: int) -> None:
        """Take the size a source tells for a file whose size was not known."""
        if self.wanted.size is None:
            self._size = size

    def feed(self, offset: int, data: bytes | memoryview, *, aside: bool = False) -> None:
        """Take bytes that belong at an offset. What is held already passes by, beyond the end too.

        Where bytes that pass by differ from those held by a file without pieces, the new ones replace
        them: one answer is of one file, what was held may be of another.

        Args:
            offset: where they belong.
            data: the bytes.
            aside: bytes of a file without pieces are taken though those before them are still missing.

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
        with self._lock:
            if self._closed:
                return
            if self.has_pieces:
                self._feed_pieces(offset, view)
            else:
                self._feed_spans(offset, view, aside=aside)

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
        got = self._whole.hexdigest(size)
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
        noted = Spans.read(self._sink.noted().get("held"))
        self._noted = None if noted is None else 0.0
        size = held if self._size is None else min(held, self._size)
        self._spans = Spans([Span(0, size)] if noted is None else noted.within(0, size))
        if self._size is None and held and self._whole.hexdigest(held) == self.wanted.sha256:
            self._size = held
            self._spans = Spans([Span(0, held)])
        self._whole.reach(self._spans.first)

    def _take_up_pieces(self, held: int) -> None:
        for index, digest in enumerate(self.wanted.pieces):
            start, length = self._start(index), self._length(index)
            data = self._sink.read_at(start, min(length, held - start)) if held > start else b""
            good = len(data) == length and hashlib.sha256(data).hexdigest() == digest
            if good or len(data) < length:  # the piece where the sink ends is proved when it is whole
                self._filled[index] = len(data)
            self._lacking -= good
        self._reach()

    def _feed_spans(self, offset: int, view: memoryview, *, aside: bool) -> None:
        if not aside and offset > self._spans.first:
            return  # bytes in between are missing
        end = offset + len(view)
        for start, stop in self._spans.within(offset, end):
            if self._sink.read_at(start, stop - start) != view[start - offset : stop - offset]:
                self._cut(start)
                break
        self._write_down(hole=offset > self._spans.first)
        for start, stop in self._spans.missing(offset, end):
            self._sink.write_at(start, view[start - offset : stop - offset])
            self._spans.add(start, stop)
        self._whole.reach(self._spans.first)

    def _write_down(self, *, hole: bool) -> None:
        """Note what is held of a file with holes: its size does not tell any more. At first, then now and then."""
        now = time.monotonic()
        if (hole and self._noted is None) or (self._noted is not None and now - self._noted >= _NOTE):
            self._sink.note(held=str(self._spans))
            self._noted = now

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
        self._sink.write_at(at, new)
        fresh = hashlib.sha256(), self._start(index)
        made, hashed = self._begun.pop(index, fresh) if self._filled[index] else fresh
        if hashed == at:  # else it was begun by a process before this one
            made.update(new)
            hashed = at + len(new)
        if self._filled[index] + len(new) < self._length(index):
            self._filled[index] += len(new)
            self._begun[index] = made, hashed
            return
        self._prove(index, made.hexdigest() if hashed == at + len(new) else None)

    def _prove(self, index: int, got: str | None) -> None:
        start, length = self._start(index), self._length(index)
        got = got or hashlib.sha256(self._sink.read_at(start, length)).hexdigest()
        if got == self.wanted.pieces[index]:
            self._filled[index] = length
            self._lacking -= 1
            self._reach()
            return
        self._filled[index] = 0
        raise DigestError(
            f"bytes {start} to {start + length - 1} of {self.wanted.name} are not the file's",
            evidence=[("piece", str(index)), ("expected", self.wanted.pieces[index]), ("got", got)],
        )

    def _reach(self) -> None:
        """Tell how far the file is proved, without a hole, so that the whole is hashed up to there."""
        while self._proved < len(self._filled) and self._filled[self._proved] == self._length(self._proved):
            self._proved += 1
        self._whole.reach(min(self._start(self._proved), self.wanted.size or 0))

    def _cut(self, size: int) -> None:
        self._sink.resize(size)
        self._spans.cut(size)
        self._whole.cut(size)
