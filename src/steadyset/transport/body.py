"""The body of an answer as the file's bytes: counted, not too slow, its content coding undone."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..errors import ProtocolError, TransferStalledError, TruncatedError
from ..sniff import sniff
from .records import Limits
from .stream import Chunk

HEAD = 1024
"""So many bytes are waited for before a body is judged by its beginning."""

_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})
_UNKNOWN = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
_MOST_AT_ONCE = 1 << 20  # of a body that expands a thousandfold


def counted(chunks: Iterable[Chunk], count: Callable[[int], None]) -> Iterator[Chunk]:
    """Yield chunks, telling the length of each."""
    for chunk in chunks:
        count(len(chunk))
        yield chunk


def paced(chunks: Iterable[Chunk], limits: Limits, place: str) -> Iterator[Chunk]:
    """Yield chunks while they come fast enough: a drip never runs into the limit on silence.

    Raises:
        TransferStalledError: SS106, fewer than ``limits.slowest`` bytes per second came for a while.
    """
    since, got = time.monotonic(), 0
    for chunk in chunks:
        got += len(chunk)
        yield chunk
        seconds = time.monotonic() - since
        if seconds >= limits.idle:
            if got < limits.slowest * seconds:
                raise TransferStalledError(
                    f"{place} sends too slowly", evidence=[("bytes", str(got)), ("seconds", f"{seconds:.1f}")]
                )
            since, got = time.monotonic(), 0


def with_head(chunks: Iterator[Chunk], size: int = HEAD) -> tuple[bytes, Iterator[Chunk]]:
    """Return the first bytes of a body, as far as they come, and the whole body with them.

    What ends a body before that comes out of the iterator, after the bytes that did arrive.
    """
    head, failure = bytearray(), None
    try:
        for chunk in chunks:
            head += chunk
            if len(head) >= size:
                break
    except Exception as error:
        failure = error
    return bytes(head), _whole(bytes(head), failure, chunks)


def _whole(head: bytes, failure: Exception | None, rest: Iterator[Chunk]) -> Iterator[Chunk]:
    if head:
        yield head
    if failure is not None:
        raise failure
    yield from rest


def decoded(chunks: Iterator[Chunk], headers: Mapping[str, str], *, size: int | None, name: str) -> Iterator[Chunk]:
    """Return the body as the file's bytes, undoing a content coding that was not asked for.

    A server that labels a stored ``.gz`` as ``Content-Encoding: gzip`` sends the file itself; one that
    compresses on the fly sends something else. The length tells them apart, or else the first bytes.

    Raises:
        ProtocolError: SS138, a coding that cannot be undone.
        TruncatedError: SS107, the coded body ends before its end.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if size is not None and headers.get("content-length") == str(size):
        return chunks
    if coding in _UNKNOWN:
        raise ProtocolError(
            f"the answer is compressed in a way that was not asked for ({coding})",
            evidence=[("content-encoding", coding)],
        )
    if coding not in _INFLATED:
        return chunks
    head, whole = with_head(chunks)
    return _inflated(whole) if _wraps(head, name) else whole


def _wraps(head: bytes, name: str) -> bool:
    """Whether a body labelled as compressed wraps the file, rather than being it."""
    try:
        inner = zlib.decompressobj(47).decompress(head, 512)
    except zlib.error:
        return False
    return sniff(inner).name == "gzip" if name.endswith((".gz", ".tgz")) else True


def _inflated(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    inflate = zlib.decompressobj(47)  # gzip or zlib, by its header
    for chunk in chunks:
        left = chunk
        while left and not inflate.eof:
            try:
                data = inflate.decompress(left, _MOST_AT_ONCE)
            except zlib.error as error:
                raise ProtocolError(
                    "the content coding of the answer is broken", evidence=[("zlib", str(error))]
                ) from error
            if data:
                yield data
            left = inflate.unconsumed_tail
    if not inflate.eof:
        raise TruncatedError("the compressed answer ends before its end", evidence=[("coding", "gzip")])
