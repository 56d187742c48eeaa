"""HTTP/1.1 as the practice origin sees it: a request, an answer, and the steps that put it on the wire.

Everything but :class:`Line` is a function of data, so that a fault can rewrite an answer, or the steps that
write it, without knowing about sockets. Sections cited are of RFC 9110 (semantics) and RFC 9112 (HTTP/1.1).
"""

import dataclasses
import hashlib
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

PIECE = 64 * 1024
HEAD_LIMIT = 64 * 1024
_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)

Range = tuple[int | None, int | None]
Ending = Literal["proper", "missing", "garbage"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request and what became of it.

    Attributes:
        path: Percent-decoded, without the leading slash and the query: the name the file was put under.
        headers: Names in lower case; repeated fields joined by a comma (RFC 9110 §5.3).
        range: ``(first, last)`` as asked, both inclusive: ``(100, None)`` is ``bytes=100-``, ``(None, 9)`` is
            ``bytes=-9``; ``None`` without a single well-formed range.
        number: 1 for the first request for this path.
        connection: 1 for the first connection accepted; equal numbers mean a connection was used again.
        status: The status sent last, or ``None`` when no head was written.
        body_bytes_sent: Body bytes handed to the kernel, chunk sizes and heads not counted.
        started: Seconds of :func:`time.monotonic` at which the head had arrived; ``finished`` when the answer
            ended, for whatever reason, or ``None`` while it is under way.
    """

    method: str
    path: str
    query: str
    version: str
    headers: dict[str, str]
    range: Range | None
    client: str = ""
    connection: int = 0
    number: int = 0
    status: int | None = None
    body_bytes_sent: int = 0
    started: float = 0.0
    finished: float | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What the origin believes it holds under a path: bytes and their validators (RFC 9110 §8.8)."""

    data: bytes
    etag: str | None
    modified: float | None
    takes_ranges: bool = True
    says_ranges: bool = True


class Chunking(NamedTuple):
    """A body in chunks of ``size`` bytes (RFC 9112 §7.1), ended properly or in one of two wrong ways."""

    size: int
    ending: Ending


@dataclass(frozen=True, slots=True)
class Answer:
    """What the origin means to say: a status, header fields in order, a body.

    ``span`` is the part of ``file`` the body holds, when the answer is a 206.
    """

    request: Request
    status: int
    headers: dict[str, str]
    body: bytes | memoryview = b""
    file: File | None = None
    span: range | None = None
    chunking: Chunking | None = None
    keep_alive: bool = True

    @property
    def has_body(self) -> bool:
        """Whether a body may follow the head (RFC 9112 §6.3: not for HEAD, 204 and 304)."""
        return self.request.method != "HEAD" and self.status not in (204, 304)

    def amended(
        self,
        headers: Mapping[str, str | None],
        *,
        body: bytes | memoryview | None = None,
        status: int | None = None,
    ) -> "Answer":
        """Return a copy with other header fields (``None`` removes one), and body and status if given."""
        kept = {name: value for name, value in {**self.headers, **headers}.items() if value is not None}
        if body is None:
            body = self.body
        elif self.chunking is None:
            kept["Content-Length"] = str(len(body))
        return dataclasses.replace(self, headers=kept, body=body, status=status or self.status)

    def closing(self) -> "Answer":
        """Return a copy that says, and makes, the connection end after it (RFC 9112 §9.6)."""
        return dataclasses.replace(self.amended({"Connection": "close"}), keep_alive=False)


class Head(NamedTuple):
    """Write these bytes, a status line and header fields, and note the status as sent."""

    data: bytes | memoryview
    status: int


class Raw(NamedTuple):
    """Write these bytes; they are neither the answer's head nor its body."""

    data: bytes | memoryview


class Body(NamedTuple):
    """Write these bytes and count them as body."""

    data: bytes | memoryview


class Wait(NamedTuple):
    """Write nothing for so many seconds."""

    seconds: float


class Hangup(NamedTuple):
    """End the connection here, with FIN or with RST; nothing after this step is written."""

    with_rst: bool = False


Written = Head | Raw | Body
Step = Written | Wait | Hangup
Steps = Iterator[Step]


def parse_request(head: bytes) -> Request:
    """Read a request head, origin-form or absolute-form (RFC 9112 §3).

    Raises:
        ValueError: The head is not HTTP/1.x.
    """
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, version = first.split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"not HTTP/1.x: {version}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"not a header field: {line!r}")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if not target.startswith("/"):  # absolute-form, as sent to a proxy; "//x" in origin-form names no host
        url = urlsplit(target)
        target = f"{url.path}?{url.query}"
    path, _, query = target.partition("?")
    wanted = parse_range(headers["range"]) if "range" in headers else None
    return Request(method, unquote(path).lstrip("/"), query, version, headers, wanted)


def parse_range(value: str) -> Range | None:
    """Read a Range field; ``None`` for what a server may ignore: other units, several ranges, nonsense.

    Source: RFC 9110 §14.1.2 and §14.2.
    """
    match = _RANGE.fullmatch(value.strip())
    if match is None:
        return None
    first, last = (int(digits) if digits else None for digits in match.groups())
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        return None
    return first, last


def resolve_range(wanted: Range, size: int) -> range | None:
    """Return the positions a range selects from ``size`` bytes, or ``None`` if it is unsatisfiable."""
    first, last = wanted
    if first is None:
        return range(max(0, size - last), size) if last and size else None
    if first >= size:
        return None
    return range(first, size if last is None else min(last + 1, size))


def content_range(span: range, size: int) -> str:
    """Return the Content-Range value for a span (RFC 9110 §14.4), whose last position is inclusive."""
    return f"bytes {span.start}-{span.stop - 1}/{size}"


def http_date(seconds: float) -> str:
    """Return an IMF-fixdate (RFC 9110 §5.6.7)."""
    return formatdate(int(seconds), usegmt=True)


def make_file(data: bytes, modified: float) -> File:
    """Return a file with a strong ETag taken from its content."""
    return File(data, f'"{hashlib.sha256(data).hexdigest()[:32]}"', modified)


def make_page(
    request: Request,
    status: int,
    body: bytes,
    *,
    content_type: str = "text/html; charset=utf-8",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return an answer that is a page of its own, not a file."""
    fields = {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}
    return Answer(request, status, fields, body)


def phrase(status: int) -> str:
    """Return the reason phrase of a status, empty for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def head_bytes(answer: Answer) -> bytes:
    """Return the status line and header fields of an answer (RFC 9112 §4 and §5)."""
    fields = {"Date": http_date(time.time()), "Server": "steadyset-practice", **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {phrase(answer.status)}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def write_answer(answer: Answer) -> Steps:
    """Yield the steps of an answer given in full: the head, then the body in pieces."""
    yield Head(head_bytes(answer), answer.status)
    if answer.has_body and answer.chunking:
        yield from _write_chunks(memoryview(answer.body), answer.chunking)
    elif answer.has_body:
        yield from _write_pieces(memoryview(answer.body))


def _write_pieces(view: memoryview) -> Steps:
    for start in range(0, len(view), PIECE):
        yield Body(view[start : start + PIECE])


def _write_chunks(view: memoryview, chunking: Chunking) -> Steps:
    for start in range(0, len(view), chunking.size):
        if start and chunking.ending == "garbage":
            break
        chunk = view[start : start + chunking.size]
        yield Raw(b"%x\r\n" % len(chunk))
        yield from _write_pieces(chunk)
        yield Raw(b"\r\n")
    if chunking.ending == "proper":
        yield Raw(b"0\r\n\r\n")
    else:
        yield from [Raw(b"no size at all\r\n")] * (chunking.ending == "garbage")
        yield Hangup()


def interrupt(steps: Steps, at: int, inserted: Step) -> Steps:
    """Yield the steps with one inserted after ``at`` body bytes, provided that more body follows."""
    for step in steps:
        if isinstance(step, Body) and at < len(step.data):
            if at:
                yield Body(step.data[:at])
            yield inserted
            yield Body(step.data[at:])
            break
        yield step
        at -= len(step.data) if isinstance(step, Body) else 0
    yield from steps


def split(steps: Steps, size: int, kinds: tuple[type[Written], ...] = (Body,)) -> Steps:
    """Yield the steps with those of the given kinds cut into pieces of ``size`` bytes."""
    for step in steps:
        if isinstance(step, kinds):
            for start in range(0, len(step.data), size):
                yield step._replace(data=step.data[start : start + size])
        else:
            yield step
