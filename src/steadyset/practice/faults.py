"""The faults an origin can be told to have; each says in one line what happens on the wire.

Every fault takes the same four keywords, so that it can be aimed:

* ``path``: a glob on the request's path, without the leading slash;
* ``after`` and ``times``: for each path, let the first ``after`` matching requests pass, then apply to at
  most ``times`` of those that follow (``None``: to all). Only request k is ``after=k - 1, times=1``;
* ``ranged``: apply only to requests with a Range field (``True``), to those without (``False``), or to both.

A fault is data. It changes what the origin believes it holds (``on_file``; what it then says of it is
consistent), what it says (``on_answer``), or how it says it (``on_wire``). Several apply in their order.
"""
# ruff: noqa: D102 - a fault's class says what its one method does

import dataclasses
import gzip
import hashlib
import itertools
import math
import time
from dataclasses import KW_ONLY, dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import parse_qs, quote

from steadyset.practice.wire import (
    PIECE,
    Answer,
    Body,
    Chunking,
    Ending,
    File,
    Hangup,
    Head,
    Pace,
    Raw,
    Request,
    Steps,
    Wait,
    content_range,
    http_date,
    interrupt,
    make_file,
    make_page,
    phrase,
    split,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The base of all faults, which decides when one applies."""

    path: str = "*"
    times: int | None = None
    after: int = 0
    ranged: bool | None = None

    def concerns(self, request: Request) -> bool:
        """Tell whether the request is one that ``after`` and ``times`` count."""
        if self.ranged is not None and self.ranged != (request.range is not None):
            return False
        return fnmatchcase(request.path, self.path)

    def is_due(self, hit: int) -> bool:
        """Tell whether the fault applies to the ``hit``-th request it concerns, counted from 1."""
        return self.after < hit and (self.times is None or hit <= self.after + self.times)

    def on_file(self, file: File, request: Request) -> File:
        """Return what the origin is to believe it holds."""
        return file

    def on_answer(self, answer: Answer) -> Answer:
        """Return what the origin is to say."""
        return answer

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        """Return the steps by which the origin is to say it."""
        return steps


# What the origin holds


@dataclass(frozen=True, slots=True)
class NoRanges(Fault):
    """Answers a Range request with 200 and the whole file; Accept-Ranges is absent unless ``advertised``."""

    _: KW_ONLY
    advertised: bool = False

    def on_file(self, file: File, request: Request) -> File:
        return dataclasses.replace(file, takes_ranges=False, says_ranges=self.advertised)


@dataclass(frozen=True, slots=True)
class FlippedBit(Fault):
    """Sends the file with one bit at ``offset`` (from its end if negative) inverted, under the true ETag."""

    offset: int = 0
    bit: int = 0

    def on_file(self, file: File, request: Request) -> File:
        data = bytearray(file.data)
        if -len(data) <= self.offset < len(data):
            data[self.offset] ^= 1 << self.bit
        return dataclasses.replace(file, data=bytes(data))


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """Sends the first ``size`` bytes as if they were all: Content-Length agrees, the ETag is the true one."""

    size: int

    def on_file(self, file: File, request: Request) -> File:
        return dataclasses.replace(file, data=file.data[: self.size])


@dataclass(frozen=True, slots=True)
class Appended(Fault):
    """Sends the file followed by more bytes: Content-Length agrees, the ETag is the true one."""

    data: bytes

    def on_file(self, file: File, request: Request) -> File:
        return dataclasses.replace(file, data=file.data + self.data)


@dataclass(frozen=True, slots=True)
class Replaced(Fault):
    """Sends another file with its own ETag and a later date: with ``after=1`` it changes between attempts."""

    data: bytes

    def on_file(self, file: File, request: Request) -> File:
        return make_file(self.data, (file.modified or 0.0) + 60)


@dataclass(frozen=True, slots=True)
class Validators(Fault):
    """Sends a weak ETag, or a fresh one with each request, or none; and no Last-Modified if told so."""

    etag: Literal["strong", "weak", "fresh", "none"] = "strong"
    _: KW_ONLY
    last_modified: bool = True

    def on_file(self, file: File, request: Request) -> File:
        etag = {
            "strong": file.etag,
            "weak": f"W/{file.etag}",
            "fresh": f'"request-{request.number}"',
            "none": None,
        }
        modified = file.modified if self.last_modified else None
        return dataclasses.replace(file, etag=etag[self.etag], modified=modified)


# What the origin says


@dataclass(frozen=True, slots=True)
class Status(Fault):
    """Answers with this status and a small page, with Retry-After in seconds or ``as_date`` if given."""

    code: int
    retry_after: float | None = None
    _: KW_ONLY
    as_date: bool = False

    def on_answer(self, answer: Answer) -> Answer:
        headers = {}
        if self.retry_after is not None:
            # Rounded up, since a date has whole seconds and must not lie in the past when it arrives.
            date = http_date(math.ceil(time.time() + self.retry_after))
            headers["Retry-After"] = date if self.as_date else str(math.ceil(self.retry_after))
        if self.code == 401:  # RFC 9110 §15.5.2: a 401 carries a challenge
            headers["WWW-Authenticate"] = 'Basic realm="practice"'
        body = f"<!doctype html><h1>{self.code} {phrase(self.code)}</h1>\n".encode()
        return make_page(answer.request, self.code, body, headers=headers)


@dataclass(frozen=True, slots=True)
class Portal(Fault):
    """Answers with status 200 and the HTML of a captive portal, whatever was asked."""

    def on_answer(self, answer: Answer) -> Answer:
        return make_page(answer.request, 200, portal_page())


@dataclass(frozen=True, slots=True)
class Quota(Fault):
    """Answers with status 200 and an HTML page that says too many people have fetched this file."""

    def on_answer(self, answer: Answer) -> Answer:
        return make_page(answer.request, 200, quota_page())


@dataclass(frozen=True, slots=True)
class LfsPointer(Fault):
    """Answers with status 200 and a Git LFS pointer in place of the file it points to."""

    def on_answer(self, answer: Answer) -> Answer:
        if answer.file is None:
            return answer
        data = answer.file.data
        pointer = lfs_pointer(hashlib.sha256(data).hexdigest(), len(data))
        return make_page(answer.request, 200, pointer, content_type="text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Empty(Fault):
    """Answers with status 200 and no bytes: Content-Length is 0."""

    def on_answer(self, answer: Answer) -> Answer:
        return answer.amended({"Content-Range": None}, body=b"", status=200)


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """Redirects to a URL (``{path}`` is the path asked for; "/{path}" a loop); ``None`` sends no Location."""

    to: str | None
    status: int = 302

    def on_answer(self, answer: Answer) -> Answer:
        to = self.to and self.to.replace("{path}", quote(answer.request.path))
        return _redirect(answer, self.status, to)


@dataclass(frozen=True, slots=True)
class RedirectChain(Fault):
    """Redirects ``hops`` times, each time to the same path with another query, then answers."""

    hops: int
    status: int = 302

    def on_answer(self, answer: Answer) -> Answer:
        hop = int(parse_qs(answer.request.query).get("hop", ["0"])[0])
        if hop >= self.hops:
            return answer
        return _redirect(answer, self.status, f"/{quote(answer.request.path)}?hop={hop + 1}")


def _redirect(answer: Answer, status: int, to: str | None) -> Answer:
    body = f"<!doctype html><h1>{status} {phrase(status)}</h1>\n".encode()
    return make_page(answer.request, status, body, headers={"Location": to} if to else {})


@dataclass(frozen=True, slots=True)
class RangeRefused(Fault):
    """Answers a Range request with 416 though the range can be satisfied."""

    ranged: bool | None = field(default=True, kw_only=True)

    def on_answer(self, answer: Answer) -> Answer:
        size = len(answer.file.data) if answer.file else 0
        return make_page(answer.request, 416, b"", headers={"Content-Range": f"bytes */{size}"})


@dataclass(frozen=True, slots=True)
class RangeShifted(Fault):
    """Answers 206 with bytes from ``by`` positions away; Content-Range admits it unless ``lying``."""

    by: int
    _: KW_ONLY
    lying: bool = False
    ranged: bool | None = True

    def on_answer(self, answer: Answer) -> Answer:
        if answer.span is None or answer.file is None:
            return answer
        data, span = answer.file.data, answer.span
        if self.lying:  # wraps around, so that the length agrees with the Content-Range
            start = (span.start + self.by) % len(data)
            return answer.amended({}, body=(data[start:] + data[:start])[: len(span)])
        start = min(max(0, span.start + self.by), len(data) - 1)
        shifted = range(start, min(start + len(span), len(data)))
        part = data[shifted.start : shifted.stop]
        return answer.amended({"Content-Range": content_range(shifted, len(data))}, body=part)


@dataclass(frozen=True, slots=True)
class RangeUnlabelled(Fault):
    """Answers 206 without the Content-Range that RFC 9110 §15.3.7.1 requires."""

    ranged: bool | None = field(default=True, kw_only=True)

    def on_answer(self, answer: Answer) -> Answer:
        return answer.amended({"Content-Range": None})


@dataclass(frozen=True, slots=True)
class RangeMultipart(Fault):
    """Answers a single range with multipart/byteranges, which RFC 9110 §15.3.7.2 forbids."""

    ranged: bool | None = field(default=True, kw_only=True)

    def on_answer(self, answer: Answer) -> Answer:
        if answer.span is None:
            return answer
        head = f"Content-Type: application/octet-stream\r\nContent-Range: {answer.headers['Content-Range']}"
        body = b"--practice\r\n%b\r\n\r\n%b\r\n--practice--\r\n" % (head.encode(), bytes(answer.body))
        kind = "multipart/byteranges; boundary=practice"
        return answer.amended({"Content-Range": None, "Content-Type": kind}, body=body)


@dataclass(frozen=True, slots=True)
class Gzip(Fault):
    """Sends the whole file gzipped on the fly under Content-Encoding, if the client permits or ``always``."""

    _: KW_ONLY
    always: bool = False

    def on_answer(self, answer: Answer) -> Answer:
        wanted = self.always or _takes_gzip(answer.request)
        if answer.file is None or answer.status not in (200, 206) or not wanted:
            return answer
        etag = answer.file.etag
        # What nginx does: ranges of a body made on the fly mean nothing, and its ETag can only be weak.
        headers = {
            "Accept-Ranges": None,
            "Content-Range": None,
            "Content-Encoding": "gzip",
            "Vary": "Accept-Encoding",
            "ETag": etag and "W/" + etag.removeprefix("W/"),
        }
        return answer.amended(headers, body=gzip.compress(answer.file.data, 1, mtime=0), status=200)


def _takes_gzip(request: Request) -> bool:
    """Tell whether Accept-Encoding permits gzip (RFC 9110 §12.5.3: not with a weight of 0)."""
    for item in request.headers.get("accept-encoding", "").split(","):
        coding, _, weight = item.replace(" ", "").lower().partition(";q=")
        if coding in ("gzip", "*"):
            return weight.strip("0.") != "" or not weight
    return False


@dataclass(frozen=True, slots=True)
class Mislabelled(Fault):
    """Sends the bytes as they are under a Content-Encoding that was not applied."""

    coding: str = "gzip"

    def on_answer(self, answer: Answer) -> Answer:
        return answer.amended({"Content-Encoding": self.coding})


@dataclass(frozen=True, slots=True)
class Chunked(Fault):
    """Sends the body in chunks: properly, or with the last one missing, or with garbage for a chunk size."""

    ending: Ending = "proper"
    size: int = PIECE

    def on_answer(self, answer: Answer) -> Answer:
        if answer.status in (204, 304):
            return answer
        answer = answer.amended({"Content-Length": None, "Transfer-Encoding": "chunked"})
        return dataclasses.replace(answer, chunking=Chunking(self.size, self.ending))


@dataclass(frozen=True, slots=True)
class WrongLength(Fault):
    """Sends a Content-Length off by ``by``: too large, then closes; or too small, then more bytes follow."""

    by: int

    def on_answer(self, answer: Answer) -> Answer:
        answer = answer.amended({"Content-Length": str(max(0, len(answer.body) + self.by))})
        return dataclasses.replace(answer, keep_alive=answer.keep_alive and self.by <= 0)


@dataclass(frozen=True, slots=True)
class CloseAfterAnswer(Fault):
    """Closes the connection after the answer; Connection: close says so unless ``announced`` is false."""

    _: KW_ONLY
    announced: bool = True

    def on_answer(self, answer: Answer) -> Answer:
        return answer.closing() if self.announced else dataclasses.replace(answer, keep_alive=False)


# How the origin says it


@dataclass(frozen=True, slots=True)
class CutAfter(Fault):
    """Ends the connection after ``n`` body bytes of an answer that has more, with FIN or with RST."""

    n: int
    _: KW_ONLY
    with_rst: bool = False

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        return interrupt(steps, self.n, Hangup(self.with_rst))


@dataclass(frozen=True, slots=True)
class StallAfter(Fault):
    """Falls silent after ``n`` body bytes of an answer that has more, then goes on after ``seconds``."""

    n: int
    seconds: float

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        return interrupt(steps, self.n, Wait(self.seconds))


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Stays silent for ``seconds`` before the first byte of the head, then answers."""

    seconds: float

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Wait(self.seconds)
        yield from steps


@dataclass(frozen=True, slots=True)
class StallHead(Fault):
    """Falls silent after the first ``at`` bytes of the head (17: the status line 200), then goes on."""

    seconds: float
    at: int = 17

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        for step in steps:
            if isinstance(step, Head):
                yield step._replace(data=step.data[: self.at])
                yield Wait(self.seconds)
                yield step._replace(data=step.data[self.at :])
            else:
                yield step


@dataclass(frozen=True, slots=True)
class NoAnswer(Fault):
    """Ends the connection without a word, with FIN or with RST."""

    _: KW_ONLY
    with_rst: bool = False

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Hangup(self.with_rst)


@dataclass(frozen=True, slots=True)
class Garbage(Fault):
    """Sends bytes that are not HTTP, then closes."""

    data: bytes = b"\x15\x03\x01\x00\x02\x02\x46 not HTTP at all \x00\xff\xfe\r\n\r\n"

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Raw(self.data)
        yield Hangup()


@dataclass(frozen=True, slots=True)
class TruncatedHead(Fault):
    """Sends the first ``at`` bytes of the head (9: a status line without its status), then closes."""

    at: int = 9

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        for step in steps:
            if isinstance(step, Head):
                yield Raw(step.data[: self.at])
                yield Hangup()
            yield step


@dataclass(frozen=True, slots=True)
class EndlessHeaders(Fault):
    """Sends a status line, then header fields until the client has had enough."""

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Head(b"HTTP/1.1 200 OK\r\n", 200)
        for number in itertools.count():
            yield Raw(b"X-Practice-%d: %b\r\n" % (number, b"and so on " * 100))


@dataclass(frozen=True, slots=True)
class Interim(Fault):
    """Sends ``count`` interim responses (103 Early Hints unless told otherwise) before the answer."""

    count: int = 1
    status: int = 103

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        hint = f"HTTP/1.1 {self.status} {phrase(self.status)}\r\nLink: </style.css>; rel=preload\r\n\r\n"
        yield from [Raw(hint.encode())] * self.count
        yield from steps


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """Sends the body ``size`` bytes at a time, with ``seconds`` of silence in between."""

    size: int
    seconds: float

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        begun = False
        for step in split(steps, self.size):
            if isinstance(step, Body):
                yield from [Wait(self.seconds)] * begun
                begun = True
            yield step


@dataclass(frozen=True, slots=True)
class TinySegments(Fault):
    """Sends head and body ``size`` bytes at a time, each in a TCP segment of its own."""

    size: int = 7

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        return split(steps, self.size, (Head, Raw, Body))


@dataclass(frozen=True, slots=True)
class RateLimit(Fault):
    """Sends at most so many body bytes per second, on each connection, or on all of a client's together."""

    bytes_per_second: float
    _: KW_ONLY
    per_client: bool = False
    _paces: dict[str, Pace] = field(default_factory=dict, init=False, repr=False, compare=False)

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        # setdefault is atomic, so two connections that begin together share one pace.
        pace = self._paces.setdefault(answer.request.client, Pace()) if self.per_client else Pace()
        size = max(1, min(PIECE, int(self.bytes_per_second / 50)))
        for step in split(steps, size):
            if isinstance(step, Body):
                yield Wait(pace.reserve(len(step.data) / self.bytes_per_second))
            yield step


def portal_page() -> bytes:
    """Return the sign-in page of an imaginary guest network."""
    return b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Guest Wi-Fi: sign in</title></head>
<body><h1>Welcome to the guest network</h1>
<p>To use the internet from here, accept the terms of use.</p>
<form method="post" action="http://portal.example/login"><button>Accept and connect</button></form>
</body></html>
"""


def quota_page() -> bytes:
    """Return the page of an imaginary file host whose download limit is used up."""
    return b"""<!DOCTYPE html>
<html><head><title>Drive: quota exceeded</title></head>
<body><p>Sorry, this file cannot be viewed or downloaded at the moment.</p>
<p>Too many people have opened or fetched it lately. Its download quota is used up;
access may come back within 24 hours.</p>
</body></html>
"""


def lfs_pointer(sha256: str, size: int) -> bytes:
    """Return a Git LFS pointer.

    Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
