"""Watch over one exchange: where it stands, and whether it takes too long as a whole.

The engine's limits are on silence. A server that sends one byte now and then never runs into them, so
a timer ends its connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from ..errors import FetchError, TransferStalledError

_LINGER = 5.0  # seconds that the thread of an alarm waits for something to do
_PORTS = {"http": 80, "https": 443}


class Connections:
    """The open sockets of one client."""

    def __init__(self) -> None:
        self.alarm = Alarm()
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


class Alarm:
    """Calls back when time is up, from one thread for all exchanges of a client; a thread for each costs more."""

    def __init__(self) -> None:
        self._set: dict[object, tuple[float, Callable[[], None]]] = {}
        self._state = threading.Condition()
        self._thread: threading.Thread | None = None
        self._looks = 0.0  # when the thread looks again

    def set(self, key: object, seconds: float, call: Callable[[], None]) -> None:
        """Have something called after so many seconds; it takes the place of what has the same key."""
        with self._state:
            until = time.monotonic() + seconds
            self._set[key] = until, call
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="steadyset-watch", daemon=True)
                self._thread.start()
            elif until < self._looks:
                self._state.notify()

    def cancel(self, key: object) -> None:
        """Have it not called."""
        with self._state:
            self._set.pop(key, None)

    def close(self) -> None:
        """Call nothing any more, and let the thread end now rather than when it looks again."""
        with self._state:
            self._set.clear()
            self._state.notify()

    def _run(self) -> None:
        while True:
            with self._state:
                now = time.monotonic()
                due = [key for key, (until, _) in self._set.items() if until <= now]
                calls = [self._set.pop(key)[1] for key in due]
                if not due:
                    if not self._set and self._looks:
                        self._thread, self._looks = None, 0.0
                        return
                    self._looks = min([now + _LINGER, *(until for until, _ in self._set.values())])
                    self._state.wait(self._looks - now)
            for call in calls:
                call()


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
        self._whole = whole
        self._ended = False

    def __enter__(self) -> Watch:
        if self._whole is not None:
            self._connections.alarm.set((id(self), "whole"), self._whole, self._end)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answered()
        self._connections.alarm.cancel((id(self), "whole"))

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
        self._connections.alarm.cancel((id(self), "head"))

    def stalled(self) -> FetchError | None:
        """Return the error to report when it was this watch that ended the connection."""
        if not self._ended:
            return None
        host = urlsplit(self.target).hostname or ""
        return TransferStalledError(f"{host} takes too long to answer", evidence=[("host", host)])

    def _await_head(self) -> None:
        self._connections.alarm.set((id(self), "head"), self._head, self._end)

    def _end(self) -> None:
        self._ended = True
        self._connections.end()

    def _proxy(self, host: str, port: int) -> str | None:
        """Return the proxy that is connected to, where it is not the target itself."""
        url = urlsplit(self.target)
        wanted = url.hostname, url.port or _PORTS.get(url.scheme)
        return None if (host.strip("[]").lower(), port) == wanted else f"{host}:{port}"
