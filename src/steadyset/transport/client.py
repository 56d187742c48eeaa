"""The one place that speaks HTTP: a narrow seam over httpx2.

Proxies come from the environment and, on Windows and macOS, from the system; certificates are checked
against the operating system's trust store, or ``SSL_CERT_FILE`` / ``SSL_CERT_DIR``. Checking is never
switched off, and nothing here can do it.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx2

from .. import __version__
from ..errors import HTTPStatusError, ProxyError, TLSError
from ..findings.redaction import redact_url
from .causes import cause
from .connecting import Connector
from .records import Limits
from .stream import Chunk, body_of
from .watch import Connections, Watch

USER_AGENT = f"steadyset/{__version__}"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10


class Response(NamedTuple):
    """The head of an answer, and its body as it comes over the wire (no content decoding)."""

    status: int
    headers: Mapping[str, str]
    body: Iterator[Chunk]
    url: str
    redirects: tuple[str, ...]


class Client:
    """A connection pool with the limits of a fetch, for one thread. Use as a context manager.

    Raises:
        ProxyError: SS111, a proxy setting of the environment is not usable.
        TLSError: SS121, ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` cannot be read.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._connections = Connections()
        timeout = httpx2.Timeout(limits.idle, connect=limits.connect, pool=None)
        try:
            self._http = httpx2.Client(verify=_context(), timeout=timeout, follow_redirects=False)
        except (ssl.SSLError, OSError) as error:
            raise _no_certificates(error) from error
        except (ValueError, ImportError, httpx2.InvalidURL) as error:
            raise ProxyError(
                "a proxy setting of the environment is not usable",
                evidence=[("setting", redact_url(str(error)))],
            ) from error
        self._connectors = _with_connectors(self._http)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._connections.alarm.close()

    def interrupt(self) -> None:
        """End the exchange that is under way, from another thread."""
        self._connections.end()

    def end(self) -> None:
        """End whatever this client is at, from another thread; it asks nobody any more."""
        for connector in self._connectors:
            connector.end()
        self._connections.end(for_good=True)

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str], *, within: float | None = None) -> Iterator[Response]:
        """Ask for a URL, following redirects, and yield the answer before its body is read.

        Args:
            url: whom to ask.
            headers: what to say besides the usual.
            within: seconds after which the connection is ended, however much it still brings.

        Raises:
            FetchError: a leaf with the code of the true cause, for the head as for the body.
        """
        handled = sys.exception()
        wire = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
        with Watch(self._connections, head=self.limits.idle, whole=within) as watch:
            try:
                with self._follow(url, wire, watch) as response:
                    yield response
            except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
                # Not OSError: a full disk under the reader of the body is no fault of the network.
                told = cause(error, host=host_of(watch.target or url), proxy=watch.proxy, handled=handled)
                raise watch.stalled() or told from error

    @contextmanager
    def _follow(self, url: str, wire: Mapping[str, str], watch: Watch) -> Iterator[Response]:
        passed: list[str] = []
        while True:
            watch.target = _checked(url)
            about = {"trace": watch.trace}
            with self._http.stream("GET", url, headers=dict(wire), extensions=about) as answer:
                watch.answered()
                if answer.status_code not in _REDIRECTS:
                    body = body_of(answer, self.limits.idle)
                    yield Response(answer.status_code, answer.headers, body, url, tuple(passed))
                    return
                passed.append(url)
                url = _next(url, answer.headers.get("location"), passed)


def _with_connectors(http: httpx2.Client) -> list[Connector]:
    """Have every connection made by a connector of ours.

    The engine has this seam in its lower half only (``httpcore2.ConnectionPool(network_backend=...)``); the
    upper half makes the pools, one for each proxy of the environment, and does not pass it on. Where a later
    version keeps them elsewhere, its own connections are used, and ``tests/transport/test_connecting.py`` fails.
    """
    made = []
    for transport in {*http._mounts.values(), http._transport}:
        pool = getattr(transport, "_pool", None)
        inner = getattr(pool, "_network_backend", None)
        if pool is not None and inner is not None:
            made.append(Connector(inner))
            pool._network_backend = made[-1]
    return made


def _context() -> ssl.SSLContext:
    """Return the context to check certificates with; reading hundreds of authorities takes a tenth of a second."""
    named = tuple(os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    return _made_context(named, tuple(_stamp(path) for path in named))


@lru_cache(maxsize=4)
def _made_context(named: tuple[str | None, ...], stamps: tuple[float | None, ...]) -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def _stamp(path: str | None) -> float | None:
    """Return when a file was changed last, so that one that is mended is read again."""
    try:
        return os.stat(path).st_mtime if path else None
    except OSError:
        return None


def _checked(url: str) -> str:
    """Return a URL that can be asked for: the engine lets some through that the system then chokes on."""
    try:
        if urlsplit(url).port == 0:
            raise httpx2.InvalidURL("port 0 cannot be connected to")
    except ValueError as error:
        raise httpx2.InvalidURL(str(error)) from error
    return url


def host_of(url: str) -> str:
    """Return the host of a URL for a message; of what is no URL, what can be shown of it."""
    try:
        return urlsplit(url).hostname or redact_url(url)
    except ValueError:
        return redact_url(url)


def _next(url: str, location: str | None, passed: list[str]) -> str:
    """Return where a redirect leads, or refuse it."""
    try:
        target = urljoin(url, location) if location else ""
        usable = target.startswith(("http://", "https://")) and urlsplit(target).hostname
    except ValueError:
        target, usable = "", None
    if not usable:
        raise _refused("a redirect leads nowhere", url, location or "no Location header")
    if url.startswith("https://") and not target.startswith("https://"):
        raise _refused("a redirect leads from https to http", url, target)
    if target in passed or len(passed) > _MOST_REDIRECTS:
        raise _refused("the redirects do not end", url, target)
    return target


def _refused(what: str, url: str, target: str) -> HTTPStatusError:
    return HTTPStatusError(what, code="SS141", evidence=[("from", redact_url(url)), ("to", redact_url(target))])


def _no_certificates(error: OSError) -> TLSError:
    named = [(name, os.environ[name]) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    return TLSError(
        "the certificates to check others against cannot be read",
        evidence=[*named, ("system", error.strerror or str(error))],
    )
