"""Watch over one exchange: where it stands, and whether it takes too long as a whole.

The engine's limits are on silence. A server that sends one byte now and then never runs into them, so
a timer ends its connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from ..errors import FetchError, TransferStalledError

_PORTS = {"http": 80, "https": 443}


class Connections:
    """The open sockets of one client."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._over = False

    def add(self, opened: socket.socket) -> None:
        """Remember a socket, and forget those that are closed."""
        self._sockets = [s for s in self._sockets if s.fileno() >= 0] + [opened]
        if self._over:
            self.end()

    def end(self, *, for_good: bool = False) -> None:
        """End all connections, those to come as well if for good; whoever reads from one finds that it is over."""
        self._over |= for_good
        for open_socket in self._sockets:
            with contextlib.suppress(OSError):
                # The plain socket's: SSLSocket.shutdown would drop TLS state that the reader is using.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)


class Watch:
    """One exchange of a client. Use as a context manager, and ``trace`` as httpcore's trace extension.

    Args:
        connections: the client's.
        head: seconds from the request to the whole head of its answer.
        whole: seconds for the whole exchange.
    """

    def __init__(self, connections: Connections, *, head: float, whole: float | None) -> None:
        self.target = ""
        self.proxy: str | None = None
        self._connections = connections
        self._head = head
        self._whole = threading.Timer(whole, self._end) if whole is not None else None
        self._timer: threading.Timer | None = None
        self._ended = False

    def __enter__(self) -> Watch:
        if self._whole is not None:
            self._whole.daemon = True
            self._whole.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answered()
        if self._whole is not None:
            self._whole.cancel()

    def trace(self, name: str, about: dict[str, Any]) -> None:
        """Take note of a step; see https://www.encode.io/httpcore/extensions/#trace."""
        step = name.partition(".")[2]
        if step == "connect_tcp.started":
            self.proxy = self._proxy(about["host"], about["port"])
        elif step in ("connect_tcp.complete", "start_tls.complete"):
            self.proxy = None
            opened = about["return_value"].get_extra_info("socket")
            if opened is not None:
                self._connections.add(opened)
        elif step == "send_request_headers.started":
            self._await_head()

    def answered(self) -> None:
        """The head has come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def stalled(self) -> FetchError | None:
        """Return the error to report when it was this watch that ended the connection."""
        if not self._ended:
            return None
        host = urlsplit(self.target).hostname or ""
        return TransferStalledError(f"{host} takes too long to answer", evidence=[("host", host)])

    def _await_head(self) -> None:
        self.answered()
        self._timer = threading.Timer(self._head, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self._ended = True
        self._connections.end()

    def _proxy(self, host: str, port: int) -> str | None:
        """Return the proxy that is connected to, where it is not the target itself."""
        url = urlsplit(self.target)
        wanted = url.hostname, url.port or _PORTS.get(url.scheme)
        return None if (host.strip("[]").lower(), port) == wanted else f"{host}:{port}"
