"""What the head of an answer says, and how it is told in messages."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import HTTPStatusError, NotTheFileError, ProxyError, SteadysetError
from ..findings.redaction import redact_url
from ..sniff import printable, sniff
from .client import Response

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})", re.ASCII | re.IGNORECASE)
_NOT_DATA = frozenset({"html", "git-lfs-pointer", "xml"})
_TEXT_NAMES = (".html", ".htm", ".xml", ".xhtml", ".svg", ".rss", ".kml", ".gpx", ".txt")
_STATUS_CODES = {401: "SS131", 403: "SS131", 404: "SS132", 410: "SS132", 429: "SS133"}

Evidence = list[tuple[str, str]]


class Part(NamedTuple):
    """What a 206 says that it holds: from ``start`` up to, not including, ``end`` of ``total`` bytes."""

    start: int
    end: int
    total: int | None


def part_of(response: Response) -> Part | None:
    """Return the range a 206 holds (RFC 9110, section 14.4), or None when it does not say."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if match is None or int(match[2]) < int(match[1]):
        return None
    return Part(int(match[1]), int(match[2]) + 1, None if match[3] == "*" else int(match[3]))


def true_size(response: Response) -> int | None:
    """Return the size of the file that a 416 tells (RFC 9110, section 15.5.17)."""
    match = _UNSATISFIED.fullmatch(response.headers.get("content-range", "").strip())
    return int(match[1]) if match else None


def length_of(response: Response) -> int | None:
    """Return the length of a body that is sent as it is stored, or None where that is not known."""
    length = response.headers.get("content-length", "")
    plain = response.headers.get("content-encoding", "identity").lower() == "identity"
    return int(length[:18]) if plain and length.isdecimal() else None


def refuse_page(head: bytes, name: str, place: str, seen: Evidence) -> None:
    """Refuse a web page, a quota notice or a pointer file, by its first bytes.

    Raises:
        NotTheFileError: SS135.
    """
    if name.lower().endswith(_TEXT_NAMES):
        return
    kind = sniff(head)
    if kind.name in _NOT_DATA:
        raise NotTheFileError(
            f"{place} answers with {kind.description} in place of {name}",
            evidence=[*seen, ("body", kind.detail or kind.description)],
        )


def refusal(response: Response, url: str) -> SteadysetError:
    """Return the error that a status stands for."""
    status, seen = response.status, evidence(response, url)
    if status == 407:
        return ProxyError("the proxy wants credentials", code="SS112", evidence=seen)
    if status == 511:  # RFC 6585, section 6: a network wants to be logged in to
        return NotTheFileError("the network wants a login before it lets anything through", evidence=seen)
    code = _STATUS_CODES.get(status) or ("SS134" if 500 <= status < 600 else "SS139")
    return HTTPStatusError(f"{place(url)} answers {status}", code=code, evidence=seen)


def evidence(response: Response, url: str) -> Evidence:
    """Return what was seen of an answer, fit to be shown."""
    seen = [("url", redact_url(url)), ("status", str(response.status))]
    if response.redirects:
        seen.append(("redirected to", redact_url(response.url)))
    kind = response.headers.get("content-type")
    return [*seen, ("content-type", printable(kind))] if kind else seen


def place(url: str) -> str:
    """Return the host of a URL, with its port, for a message."""
    return redact_url(url).split("://", 1)[-1].split("/", 1)[0]
