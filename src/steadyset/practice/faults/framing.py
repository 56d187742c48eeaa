"""Faults in how the origin describes its answer: ranges, content codings, lengths."""
# ruff: noqa: D102 - a fault's class says what its one method does

import dataclasses
import gzip
from dataclasses import KW_ONLY, dataclass, field

from steadyset.practice.wire import PIECE, Answer, Chunking, Ending, Request, content_range, make_page

from .base import Fault


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
