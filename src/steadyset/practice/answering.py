"""The right answer to a request for a file: ranges, validators, preconditions."""

import dataclasses
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from steadyset.practice.wire import (
    Answer,
    File,
    Request,
    content_range,
    http_date,
    make_page,
    phrase,
    resolve_range,
)


def answer_request(file: File | None, request: Request) -> Answer:
    """Return the correct answer to a request, as RFC 9110 has it.

    Preconditions come before the range (§13.2.2); a range that cannot be satisfied is a 416 that tells the
    size (§15.5.17); a range that is malformed, or whose If-Range does not hold, is ignored (§14.2, §13.1.5).
    """
    if request.method not in ("GET", "HEAD"):
        # What follows the head may be a body, which the origin does not read: no request can come after it.
        return _error(request, 405, {"Allow": "GET, HEAD"}).closing()
    if file is None:
        return _error(request, 404)
    headers = _describe(file)
    status = _judge_preconditions(file, request)
    if status == 412:
        return _error(request, status)
    if status == 304:
        return Answer(request, status, headers, file=file)
    size = len(file.data)
    whole = Answer(request, 200, {**headers, "Content-Length": str(size)}, file.data, file)
    if request.range is None or request.method != "GET" or not file.takes_ranges or not _if_range_holds(file, request):
        return whole
    span = resolve_range(request.range, size)
    if span is None:
        return _error(request, 416, {**headers, "Content-Range": f"bytes */{size}"})
    part = memoryview(file.data)[span.start : span.stop]
    partial = whole.amended({"Content-Range": content_range(span, size)}, body=part, status=206)
    return dataclasses.replace(partial, span=span)


def _error(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    title = f"{status} {phrase(status)}"
    body = f"<!doctype html><title>{title}</title><h1>{title}</h1>\n".encode()
    fields = {**(headers or {}), "Content-Type": "text/html; charset=utf-8"}
    return make_page(request, status, body, headers=fields)


def _describe(file: File) -> dict[str, str]:
    headers = {"Content-Type": "application/octet-stream"}
    if file.says_ranges:
        headers["Accept-Ranges"] = "bytes"
    if file.etag is not None:
        headers["ETag"] = file.etag
    if file.modified is not None:
        headers["Last-Modified"] = http_date(file.modified)
    return headers


def _judge_preconditions(file: File, request: Request) -> int | None:
    """Return 304 or 412 when a precondition decides the answer (RFC 9110 §13.2.2), else ``None``."""
    asked = request.headers
    opaque = (file.etag or "").removeprefix("W/")
    if "if-match" in asked and not _listed(asked["if-match"], file.etag):
        return 412
    if "if-none-match" in asked:
        weakly = asked["if-none-match"].replace("W/", "")
        return 304 if _listed(weakly, opaque or None) else None
    since = _read_date(asked.get("if-modified-since"))
    return 304 if since is not None and file.modified is not None and int(file.modified) <= since else None


def _read_date(field: str | None) -> float | None:
    try:
        return parsedate_to_datetime(field).timestamp() if field else None
    except ValueError:
        return None  # RFC 9110 §13.1.3: a date that cannot be read is ignored


def _listed(field: str, etag: str | None) -> bool:
    if field.strip() == "*":
        return True
    return etag is not None and not etag.startswith("W/") and etag in (tag.strip() for tag in field.split(","))


def _if_range_holds(file: File, request: Request) -> bool:
    """Tell whether to honour the range: a strong match only, dates to the letter (RFC 9110 §13.1.5)."""
    validator = request.headers.get("if-range")
    if validator is None:
        return True
    if validator.startswith(('"', "W/")):
        return _listed(validator, file.etag) and not validator.startswith("W/")
    return file.modified is not None and validator == http_date(file.modified)
