"""The HTTP client of the fetch engine against a server that answers with any bytes, in memory.

The engine, httpx2 and httpcore are the real ones; only the socket is not: the same bytes answer every
connection, whoever it is made to.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import random
import ssl
from typing import Any

import httpcore2

from steadyset.errors import DataError, SteadysetError
from steadyset.transport.assembly import Assembly
from steadyset.transport.attempt import Outcome, attempt
from steadyset.transport.client import Client
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Ask, Limits, Sink, Wanted

__all__ = ["FILE", "RIGHT", "TOKENS", "URL", "BrokenError", "MemorySink", "converse", "plain", "run", "seeds", "sha256"]

URL = "http://fuzz.test/file.bin"
PIECE = 256
FILE = random.Random(3).randbytes(1000)
_TRIES = 3
_CONTEXT = ssl.create_default_context()
_ETAG, _DATE = '"one"', "Mon, 01 Jan 2024 00:00:00 GMT"
_ASKS: tuple[Ask, ...] = ("if-range", "range", "whole", "if-range")


class BrokenError(AssertionError):
    """A promise does not hold."""


class _Stream:
    """One connection: says the same whatever is asked."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        part, self._data = self._data[:max_bytes], self._data[max_bytes:]
        return part

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Take a request."""

    def close(self) -> None:
        """End."""

    def start_tls(self, *args: object, **kwargs: object) -> _Stream:
        return self

    def get_extra_info(self, info: str) -> None:
        return None


class _Network:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def connect_tcp(self, *args: object, **kwargs: object) -> _Stream:
        return _Stream(self._data)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@functools.cache
def _client() -> Client:
    return Client(Limits(idle=5, connect=5))


def _connected(data: bytes) -> Client:
    """Return the one client, all its connections new."""
    client = _client()
    http: Any = client._http
    # Making a client reads the system's certificates, which takes longer than all the rest.
    http._mounts = {}
    http._transport._pool = httpcore2.ConnectionPool(_CONTEXT, network_backend=_Network(data))  # type: ignore[arg-type]
    return client


def sha256(data: bytes) -> str:
    """Return a digest in hex."""
    return hashlib.sha256(data).hexdigest()


def plain(*, pieces: bool = False, digest: bool = True, size: bool = True) -> Wanted:
    """Return what is wanted, as well described as asked for."""
    parts = tuple(sha256(FILE[at : at + PIECE]) for at in range(0, len(FILE), PIECE)) if pieces else ()
    return Wanted(
        "file.bin", len(FILE) if size or pieces else None, sha256(FILE) if digest else None, PIECE, parts, 1 << 20
    )


def converse(wanted: Wanted, sink: Sink, answer: bytes, *, ask: Ask = "if-range", must: bool = False) -> None:
    """Try a few times, as the engine does, and see that nothing wrong is believed.

    Args:
        wanted: the file.
        sink: takes it; what it holds may be anything.
        answer: what the server says to every connection.
        ask: how to ask first.
        must: whether the file has to come out whole and right.

    Raises:
        BrokenError: something wrong is.
    """
    assembly = Assembly(wanted, sink)
    client, outcome = _connected(answer), Outcome()
    for _ in range(_TRIES):
        if assembly.complete:
            break
        outcome = attempt(client, URL, assembly, sink, ask=ask, within=10)
        if outcome.error is not None and outcome.error.code.startswith("SS9"):
            raise BrokenError(f"an error of our own: {outcome.error!r}")
        ask = outcome.ask
    if not assembly.complete:
        if must:
            raise BrokenError(f"a good server does not get its file delivered: {outcome.error!r}")
        return
    try:
        digest = assembly.finish()
    except DataError:
        if assembly.has_pieces and wanted.sha256 == sha256(FILE):
            raise BrokenError("every piece is right and the whole is not") from None
        if must:
            raise BrokenError("what a good server sends is not put together rightly") from None
        return
    held = sink.read_at(0, sink.size())
    if digest != sha256(held) or (wanted.sha256 is not None and digest != wanted.sha256):
        raise BrokenError("wrong bytes were believed")
    if wanted.size is not None and len(held) != wanted.size:
        raise BrokenError("another size than the one that is known")


def run(data: bytes) -> None:
    """The first byte says what is known and held; the rest is what the server says."""
    flags = data[0] if data else 0
    wanted = plain(pieces=bool(flags & 1), digest=bool(flags & 2), size=bool(flags & 4))
    sink = MemorySink()
    held = (b"", FILE[:500], FILE[:999], bytes(600))[flags >> 3 & 3]
    sink.write_at(0, held)
    if flags & 0x80:
        sink.note(url=URL, etag=_ETAG, last_modified=_DATE, size=len(FILE))
    try:
        converse(wanted, sink, data[1:], ask=_ASKS[flags >> 5 & 3])
    except SteadysetError as error:
        raise BrokenError(f"attempt() raises in place of returning: {error!r}") from error


def _said(status: str, body: bytes, *fields: str, length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", *fields, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


RIGHT = _said("200 OK", FILE, f"ETag: {_ETAG}", f"Last-Modified: {_DATE}")


def _answers() -> list[bytes]:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (FILE[:400], FILE[400:], b""))
    whole = f"ETag: {_ETAG}"
    return [
        RIGHT,
        _said("206 Partial Content", FILE[500:], "Content-Range: bytes 500-999/1000", whole),
        _said("206 Partial Content", FILE[768:], "Content-Range: bytes 768-999/1000", whole),
        _said("206 Partial Content", FILE[:256], "Content-Range: bytes 0-255/*"),
        _said("416 Range Not Satisfiable", b"", "Content-Range: bytes */1000"),
        _said("200 OK", chunks, "Transfer-Encoding: chunked", length=False),
        _said("200 OK", FILE, length=False),
        _said("200 OK", gzip.compress(FILE, mtime=0), "Content-Encoding: gzip"),
        _said("302 Found", b"", "Location: https://other.test/x"),
        _said("429 Too Many Requests", b"later", "Retry-After: 1"),
        _said("103 Early Hints", b"", "Link: </s>", length=False) + RIGHT,
        _said("200 OK", b"<!doctype html><title>Sign in</title>", "Content-Type: text/html"),
        RIGHT + RIGHT,
    ]


def seeds() -> list[bytes]:
    """Return answers, each for several states of what is known and held."""
    states = (0x07, 0x06, 0x04, 0x00, 0x0F, 0x8E, 0x88, 0x2B, 0x1E, 0xD8)
    return [bytes([state]) + answer for answer in _answers() for state in states]


TOKENS = (
    b"HTTP/1.1 206 Partial Content\r\n",
    b"Content-Range: bytes 500-999/1000\r\n",
    b"Content-Range: bytes 0-999/1000\r\n",
    b"Content-Range: bytes */1000\r\n",
    b"Content-Length: 1000\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: deflate\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Location: //\r\n",
    b"Location: http://[\r\n",
    b"Location: http://user:pw@\xff:99999/\r\n",
    b"Retry-After: 99999999999999999999\r\n",
    b"Retry-After: Mon, 01 Jan 99999 00:00:00 GMT\r\n",
    b'ETag: "two"\r\n',
    b'ETag: W/"one"\r\n',
    b"\r\n\r\n",
    b"\r\n",
    b"0\r\n\r\n",
    b"\x00",
    b"\xc3\xa9",
)
