"""The body of an answer, read from its connection in large blocks.

The HTTP engine hands out 64 KiB at a time, each through a state machine and in memory of its own. Where
the length of a body is told, nothing of that is needed after the head: what the engine has read already is
taken from it, and the rest comes straight from its socket into one buffer. The connection is closed afterwards,
not used again. ``benchmarks/download.py`` measures what it brings.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator

import httpx2

Chunk = bytes | memoryview
"""Bytes of a body; a view is valid until the next chunk is asked for."""

BLOCK = 1 << 20
"""So many bytes are read at most before they are handed on; smaller blocks cost more than they save."""

_PATIENCE = 0.05  # seconds; a slow body is handed on as it comes


def body_of(answer: httpx2.Response, idle: float) -> Iterator[Chunk]:
    """Yield the body of an answer as it comes over the wire, with no content decoding.

    Args:
        answer: the answer, its body unread.
        idle: seconds of silence after which it has stalled.

    Raises:
        httpx2.HTTPError: the connection failed; what came before it is yielded first.
    """
    # Unchunked: a chunker would lose what it holds when the connection is cut.
    chunks = answer.iter_raw()
    left, sock = _told(answer), _socket_of(answer)
    if left is None or sock is None or left < BLOCK:
        yield from chunks
        return
    # The first chunk holds all that the engine has read beyond the head.
    first = next(chunks, b"")
    yield first
    sock.settimeout(idle)
    yield from _blocks(sock, left - len(first))


def _told(answer: httpx2.Response) -> int | None:
    """Return the length of a body that is framed by nothing else (RFC 9112, section 6.3)."""
    length = answer.headers.get("content-length", "")
    if "transfer-encoding" in answer.headers or not length.isdecimal():
        return None
    return int(length[:18])


def _socket_of(answer: httpx2.Response) -> socket.socket | None:
    """Return the socket that brings the body as it is, if there is one."""
    stream = answer.extensions.get("network_stream")
    if stream is None or answer.extensions.get("http_version") not in (b"HTTP/1.1", b"HTTP/1.0"):
        return None
    if isinstance(stream.get_extra_info("ssl_object"), ssl.SSLObject):
        return None  # TLS within the TLS of a proxy: the socket brings the outer one
    sock = stream.get_extra_info("socket")
    return sock if isinstance(sock, socket.socket) else None


def _blocks(sock: socket.socket, left: int) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(min(BLOCK, left)))
    while left:
        size, failure = _fill(sock, buffer[: min(left, BLOCK)])
        if size:
            yield buffer[:size]
        if failure is not None:
            raise failure
        left -= size


def _fill(sock: socket.socket, view: memoryview) -> tuple[int, Exception | None]:
    """Read until a view is full, or for a moment; return how much came, and what ended it if anything did."""
    filled, until = 0, time.monotonic() + _PATIENCE
    while filled < len(view):
        try:
            got = sock.recv_into(view[filled:])
        except OSError as error:
            return filled, _failure(error)
        if not got:
            return filled, httpx2.RemoteProtocolError("peer closed connection without sending complete message body")
        filled += got
        if time.monotonic() >= until:
            break
    return filled, None


def _failure(error: OSError) -> httpx2.HTTPError:
    failure = (httpx2.ReadTimeout if isinstance(error, TimeoutError) else httpx2.ReadError)(str(error))
    failure.__cause__ = error
    return failure
