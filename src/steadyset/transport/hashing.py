"""The digest of a file while it grows, made in a thread of its own.

Hashing lets go of the interpreter, so it runs beside the reading of the next block. What is hashed is read
back from where it was put: so the digest is that of what is stored, not of what was to be stored.
"""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

from ..manifests.records import PIECE
from .records import Sink

_LINGER = 0.1  # seconds without work after which the thread ends


class Digest:
    """The SHA-256 of the first bytes of a sink, as far as they are known to be in place.

    A file of one piece is hashed when its digest is asked for, without a thread.

    Args:
        sink: what is hashed; it is read while others write to it.
        cut_up: whether to make the digest of each piece as well, in one more thread.
    """

    def __init__(self, sink: Sink, *, cut_up: bool = False) -> None:
        self._sink = sink
        self._pieces: list[str] = []
        self._beside = ThreadPoolExecutor(1, "steadyset-pieces") if cut_up else None
        self._whole = hashlib.sha256()
        self._done = self._ready = 0
        self._state = threading.Condition()
        self._worker: threading.Thread | None = None
        self._closed = False
        self._failure: Exception | None = None

    def reach(self, end: int) -> None:
        """Take note that all bytes up to an end are in place."""
        end -= end % PIECE  # whole pieces only, until the end is known
        if end <= self._done:
            return
        with self._state:
            self._align()
            self._ready = max(self._ready, end)
            if self._worker is None and not self._closed:
                self._worker = threading.Thread(target=self._work, name="steadyset-digest", daemon=True)
                self._worker.start()
            self._state.notify_all()

    def cut(self, size: int) -> None:
        """Take note that bytes after a size are no longer what they were."""
        with self._state:
            self._ready = min(self._ready, size)
            if self._done > size:
                self._forget()

    def hexdigest(self, size: int) -> str:
        """Return the digest of the first bytes, all of which are in place.

        Raises:
            StoreError: the sink cannot be read.
        """
        with self._state:
            self._ready = max(self._ready, size)
            while self._worker is not None and self._done < size and self._failure is None:
                self._state.wait()
            if self._done > size:
                self._forget()
            if self._done < size:
                self._align()
        self._failure = None  # what could not be read there is tried once more here
        while self._done < size and self._step(self._done, min(PIECE, size - self._done), self._whole):
            pass
        if self._failure is not None:
            raise self._failure
        return self._whole.hexdigest()

    def pieces(self) -> tuple[str, ...]:
        """Return the digests of the pieces of what is hashed, if they were to be made."""
        if 0 < self._done <= PIECE:
            return (self._whole.hexdigest(),)
        return tuple(self._pieces)

    def _align(self) -> None:
        """Begin anew where what is hashed ends within a piece: more has come than there was thought to be."""
        if self._done % PIECE:
            self._forget()

    def _forget(self) -> None:
        self._whole, self._done, self._pieces = hashlib.sha256(), 0, []

    def close(self) -> None:
        """End the thread: the sink may be closed now."""
        with self._state:
            self._closed = True
            self._state.notify_all()
            worker = self._worker
        if worker is not None:
            worker.join()
        if self._beside is not None:
            self._beside.shutdown()

    def _work(self) -> None:
        while True:
            with self._state:
                if not self._closed and self._ready <= self._done:
                    self._state.wait(_LINGER)
                at, size, whole = self._done, min(PIECE, self._ready - self._done), self._whole
                if self._closed or size <= 0 or self._failure is not None:
                    self._worker = None
                    self._state.notify_all()
                    return
            self._step(at, size, whole)

    def _step(self, at: int, size: int, whole: hashlib._Hash) -> bool:
        """Hash one piece; return whether there was anything."""
        try:
            block = self._sink.read_at(at, size)
        except Exception as error:
            self._failure = error
            return False
        piece = self._beside.submit(hashlib.sha256, block) if self._beside and len(block) + at > PIECE else None
        whole.update(block)
        made = piece.result().hexdigest() if piece else whole.hexdigest()
        with self._state:
            if whole is self._whole:  # else it was cut in the meantime
                self._done += len(block)
                self._pieces += [made] if self._beside else []
                self._ready = self._done if len(block) < size else self._ready
            self._state.notify_all()
        return bool(block)
