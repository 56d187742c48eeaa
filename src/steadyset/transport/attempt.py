"""One try at one remote source: ask for what is missing, judge the answer, take what can be used."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..errors import HTTPStatusError, NotTheFileError, ProtocolError, ProxyError, SteadysetError, TruncatedError
from ..findings.redaction import redact_url
from ..sniff import sniff
from .assembly import Assembly, Gap
from .client import Client, Response
from .records import Sink

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_NOT_DATA = frozenset({"html", "git-lfs-pointer", "xml"})
_TEXT_NAMES = (".html", ".htm", ".xml", ".svg", ".txt")
_STATUS_CODES = {401: "SS131", 403: "SS131", 404: "SS132", 410: "SS132", 429: "SS133"}


class Outcome(NamedTuple):
    """What one attempt came to."""

    status: int | None = None
    bytes: int = 0
    error: SteadysetError | None = None
    retry_after: str | None = None
    without_range: bool = False


class _Tally:
    """What is known of an attempt while it runs, so that a failure half-way loses nothing of it."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.bytes = 0
        self.retry_after: str | None = None
        self.without_range = False


def attempt(
    client: Client,
    url: str,
    assembly: Assembly,
    sink: Sink,
    *,
    use_range: bool = True,
    advance: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Try once to fill the first gap of an assembly from a URL.

    The answer is believed only as far as it can be checked: a 206 must say the range that was asked
    for, a 200 is read from the start of the file, more bytes than the file has are not read, and a web
    page, a quota notice or a pointer file is recognised in its first bytes.

    Returns:
        The outcome; its ``error`` is None when the answer was used to its end.
    """
    tally = _Tally()
    gap = assembly.gap() or Gap(0, assembly.size)
    if not use_range and not assembly.has_pieces:
        assembly.restart()
        gap = Gap(0, assembly.size)
    error: SteadysetError | None = None
    try:
        with client.get(url, _headers(gap, assembly, sink, use_range)) as response:
            tally.status = response.status
            _take(response, url, gap, assembly, sink, tally, advance)
    except SteadysetError as failure:
        error = failure
    return Outcome(tally.status, tally.bytes, error, tally.retry_after, tally.without_range)


def _headers(gap: Gap, assembly: Assembly, sink: Sink, use_range: bool) -> dict[str, str]:
    """Return the request headers that ask for a gap (RFC 9110, sections 13.1.5 and 14.2)."""
    bounded = gap.end is not None and assembly.size is not None and gap.end < assembly.size
    if not use_range or (gap.start == 0 and not bounded):
        return {}
    headers = {"Range": f"bytes={gap.start}-{gap.end - 1 if bounded and gap.end else ''}"}
    if not assembly.has_pieces:
        validator = _validator(sink)
        if validator:
            headers["If-Range"] = validator
    return headers


def _validator(sink: Sink) -> str | None:
    """Return the validator to resume with: only a strong one may stand in If-Range."""
    noted = sink.noted()
    etag = noted.get("etag")
    if isinstance(etag, str) and etag.startswith('"'):
        return etag
    date = noted.get("last_modified")
    return date if isinstance(date, str) else None


def _take(
    response: Response,
    url: str,
    gap: Gap,
    assembly: Assembly,
    sink: Sink,
    tally: _Tally,
    advance: Callable[[int], None],
) -> None:
    offset = _accept(response, url, gap, assembly, sink, tally)
    gap = assembly.gap() or gap  # the size may have been learnt, or all begun anew
    held, stop, first = gap.start, gap.end, True
    for chunk in _decoded(response, assembly):
        tally.bytes += len(chunk)
        if first:
            _refuse_pages(chunk, response, url, assembly.wanted.name, offset)
            first = False
        view = memoryview(chunk)
        if offset < held:  # a 200 to a Range request: what is held already passes by
            skipped = min(held - offset, len(view))
            view, offset = view[skipped:], offset + skipped
        if stop is not None:
            view = view[: stop - offset]
        if view:
            assembly.feed(offset, view)
            offset += len(view)
            advance(len(view))
        if stop is not None and offset >= stop:
            return
        if offset > assembly.wanted.most_bytes:
            raise NotTheFileError(
                f"{_place(url)} sends more than {assembly.wanted.name} can be", evidence=_seen(response, url)
            )
    _judge_end(response, offset, stop, assembly, url)


def _accept(
    response: Response, url: str, gap: Gap, assembly: Assembly, sink: Sink, tally: _Tally
) -> int:
    """Return the offset in the file where the body begins, or refuse the answer."""
    if response.status == 206:
        return _partial_content(response, url, gap, assembly, tally)
    if response.status == 416:
        tally.without_range = True
        assembly.restart()
        raise ProtocolError(f"{_place(url)} says that the rest of the file does not exist", evidence=_seen(response, url))
    if response.status != 200:
        tally.retry_after = response.headers.get("retry-after")
        raise _status(response, url)
    if gap.start and not assembly.has_pieces and not _unchanged(response, sink):
        assembly.restart()  # it has changed, or cannot prove that it has not: this answer brings all of it
    length = response.headers.get("content-length", "")
    if length.isdigit() and not response.headers.get("content-encoding"):
        assembly.learn_size(int(length))
    sink.note(
        url=redact_url(url),
        etag=response.headers.get("etag"),
        last_modified=response.headers.get("last-modified"),
        size=assembly.size,
    )
    return 0


def _unchanged(response: Response, sink: Sink) -> bool:
    """Whether a 200 in place of a 206 is, by its strong validator, the file that was begun."""
    etag = sink.noted().get("etag")
    return isinstance(etag, str) and etag.startswith('"') and etag == response.headers.get("etag")


def _partial_content(response: Response, url: str, gap: Gap, assembly: Assembly, tally: _Tally) -> int:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    total = match and match[3]
    fits = (
        match is not None
        and int(match[1]) == gap.start
        and (total == "*" or assembly.size is None or int(total or 0) == assembly.size)
        and not response.headers.get("content-encoding")
    )
    if not fits:
        tally.without_range = True
        raise ProtocolError(f"{_place(url)} answers another range than was asked for", evidence=_seen(response, url))
    if match is not None and match[3] != "*":
        assembly.learn_size(int(match[3]))
    return gap.start


def _decoded(response: Response, assembly: Assembly) -> Iterator[bytes]:
    """Yield the body as the file's bytes, undoing a content coding that was not asked for.

    A server that labels a stored ``.gz`` as ``Content-Encoding: gzip`` sends the file itself; one that
    compresses on the fly sends something else. The length tells them apart, or else the first bytes.
    """
    coding = response.headers.get("content-encoding", "identity").lower()
    length = response.headers.get("content-length")
    if coding not in ("gzip", "x-gzip", "deflate") or length == str(assembly.size):
        yield from response.body
        return
    plain: bool | None = None
    inflate = zlib.decompressobj(47)  # gzip or zlib, by its header
    for chunk in response.body:
        if plain is None:
            plain = not _wraps(chunk, assembly.wanted.name)
        if plain:
            yield chunk
            continue
        try:
            data = inflate.decompress(chunk)
        except zlib.error as error:
            raise ProtocolError("the content coding of the answer is broken", evidence=[("zlib", str(error))]) from error
        if data:
            yield data


def _wraps(head: bytes, name: str) -> bool:
    """Whether a body labelled as compressed wraps the file, rather than being it."""
    try:
        inner = zlib.decompressobj(47).decompress(head, 512)
    except zlib.error:
        return False
    return sniff(inner).name == "gzip" if name.endswith((".gz", ".tgz")) else True


def _refuse_pages(chunk: bytes, response: Response, url: str, name: str, offset: int) -> None:
    if offset or name.lower().endswith(_TEXT_NAMES):
        return
    kind = sniff(chunk[:4096])
    if kind.name in _NOT_DATA:
        raise NotTheFileError(
            f"{_place(url)} answers with {kind.description} in place of {name}",
            evidence=[*_seen(response, url), ("body", kind.detail or kind.description)],
        )


def _judge_end(response: Response, offset: int, stop: int | None, assembly: Assembly, url: str) -> None:
    """The body has ended: was that the end of the file?"""
    if stop is None:
        assembly.learn_size(offset)
        return
    if offset < stop:
        raise TruncatedError(
            f"{_place(url)} sent {offset} of {stop} bytes",
            evidence=[*_seen(response, url), ("bytes", str(offset)), ("expected", str(stop))],
        )


def _status(response: Response, url: str) -> SteadysetError:
    status = response.status
    said = [*_seen(response, url), ("status", str(status))]
    if status == 407:
        return ProxyError("the proxy wants credentials", code="SS112", evidence=said)
    code = _STATUS_CODES.get(status) or ("SS134" if status >= 500 else "SS139")
    return HTTPStatusError(f"{_place(url)} answers {status}", code=code, evidence=said)


def _seen(response: Response, url: str) -> list[tuple[str, str]]:
    seen = [("url", redact_url(url)), ("status", str(response.status))]
    if response.redirects:
        seen.append(("redirected to", redact_url(response.url)))
    kind = response.headers.get("content-type")
    return [*seen, ("content-type", kind)] if kind else seen


def _place(url: str) -> str:
    return redact_url(url).split("://", 1)[-1].split("/", 1)[0]
