"""Faults in what the origin says: statuses, pages in place of the file, redirects."""
# ruff: noqa: D102 - a fault's class says what its one method does

import hashlib
import math
import time
from dataclasses import KW_ONLY, dataclass
from urllib.parse import parse_qs, quote

from steadyset.practice.wire import Answer, http_date, make_page, phrase

from .base import Fault
from .pages import lfs_pointer, portal_page, quota_page


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
