"""The one place that speaks HTTP: a narrow seam over httpx2.

Proxies come from the environment and, on Windows and macOS, from the system; certificates are checked
against the operating system's trust store, or ``SSL_CERT_FILE`` / ``SSL_CERT_DIR``. Checking is never
switched off, and nothing here can do it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx2

from .. import __version__
from ..errors import HTTPStatusError, ProxyError
from ..findings.redaction import redact_url
from .causes import cause
from .records import Limits

USER_AGENT = f"steadyset/{__version__}"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10


class Response(NamedTuple):
    """The head of an answer, and its body as it comes over the wire (no content decoding)."""

    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes]
    url: str
    redirects: tuple[str, ...]


class Client:
    """A connection pool with the limits of a fetch. Use as a context manager."""

    def __init__(self, limits: Limits) -> None:
        timeout = httpx2.Timeout(limits.idle, connect=limits.connect, pool=None)
        try:
            self._http = httpx2.Client(timeout=timeout, follow_redirects=False)
        except (ValueError, ImportError, httpx2.InvalidURL) as error:
            raise ProxyError(
                "a proxy setting of the environment is not usable",
                evidence=[("setting", redact_url(str(error)))],
            ) from error

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Response]:
        """Ask for a URL, following redirects, and yield the answer before its body is read.

        Raises:
            FetchError: a leaf with the code of the true cause, for the head as for the body.
        """
        host = urlsplit(url).hostname or url
        wire = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
        try:
            with self._follow(url, wire) as response:
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # Not OSError: a full disk under the reader of the body is no fault of the network.
            raise cause(error, host=host) from error

    @contextmanager
    def _follow(self, url: str, wire: Mapping[str, str]) -> Iterator[Response]:
        passed: list[str] = []
        while True:
            with self._http.stream("GET", url, headers=dict(wire)) as answer:
                if answer.status_code not in _REDIRECTS:
                    # Unchunked: a chunker would lose what it holds when the connection is cut.
                    yield Response(
                        answer.status_code, answer.headers, answer.iter_raw(), url, tuple(passed)
                    )
                    return
                passed.append(url)
                url = _next(url, answer.headers.get("location"), passed)


def _next(url: str, location: str | None, passed: list[str]) -> str:
    """Return where a redirect leads, or refuse it."""
    target = urljoin(url, location) if location else ""
    if not target.startswith(("http://", "https://")):
        raise _refused("a redirect leads nowhere", url, location or "no Location header")
    if url.startswith("https://") and not target.startswith("https://"):
        raise _refused("a redirect leads from https to http", url, target)
    if target in passed or len(passed) >= _MOST_REDIRECTS:
        raise _refused("the redirects do not end", url, target)
    return target


def _refused(what: str, url: str, target: str) -> HTTPStatusError:
    return HTTPStatusError(
        what, code="SS141", evidence=[("from", redact_url(url)), ("to", redact_url(target))]
    )
