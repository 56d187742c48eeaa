"""The server's end of one connection, and the pace at which bytes may leave it."""

import os
import selectors
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable

from steadyset.practice.wire import HEAD_LIMIT, PIECE, Hangup, Steps, Wait, Written


class Pace:
    """Hands out the moments at which bytes may go, so that all threads together keep to one rate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free = 0.0

    def reserve(self, seconds: float) -> float:
        """Take the next ``seconds`` of the line; return how long until they begin."""
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._free)
            self._free = begin + seconds
            return begin - now


class Line:
    """The server's end of one connection: blocking reads, counted writes, and endings chosen on purpose.

    Writes never block while ``lock`` is held, and each is counted under it: whoever takes the lock sees at
    least every byte the client has seen.
    """

    def __init__(self, sock: socket.socket, stopping: threading.Event, lock: threading.Condition) -> None:
        self._sock = sock
        self._stopping = stopping
        self._lock = lock
        self._buffer = b""
        # Each write is its own segment, so that small pieces are small on the wire too.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_head(self) -> bytes | None:
        """Wait for a whole request head; ``None`` when the client left, ``ValueError`` when it never ends."""
        self._sock.settimeout(None)
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > HEAD_LIMIT:
                raise ValueError("request head too long")
            more = self._sock.recv(PIECE)
            if not more:
                return None
            # RFC 9112 §2.2: empty lines before a request line are to be ignored.
            self._buffer = (self._buffer + more).lstrip(b"\r\n")
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        self._buffer = rest.lstrip(b"\r\n")
        return head

    def play(self, steps: Steps, tally: Callable[[Written, int], None]) -> Hangup | None:
        """Carry out the steps; return the hangup that ended them early, or ``None`` when none did."""
        self._sock.setblocking(False)
        for step in steps:
            if isinstance(step, Hangup):
                return step
            if isinstance(step, Wait):
                if self._stopping.wait(step.seconds):
                    return Hangup()
            else:
                self._send(step, tally)
        return None

    def _send(self, step: Written, tally: Callable[[Written, int], None]) -> None:
        view = memoryview(step.data)
        while view:
            with self._lock:
                try:
                    sent = self._sock.send(view)
                except (BlockingIOError, ssl.SSLWantWriteError):
                    sent = 0
                if sent:
                    tally(step, sent)
            if not sent:
                self._await_room()
            view = view[sent:]

    def _await_room(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_WRITE)
            selector.select(1.0)

    def end(self, hangup: Hangup | None) -> None:
        """Close: politely when ``hangup`` is ``None`` (with close_notify under TLS), else bluntly."""
        self._sock.settimeout(1.0)
        if hangup and hangup.with_rst:
            self._await_delivery()
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._sock.close()
            return
        if hangup is None and isinstance(self._sock, ssl.SSLSocket):
            self._sock.unwrap()
        # The plain socket's methods: under TLS, bare FIN is what a broken connection looks like.
        socket.socket.shutdown(self._sock, socket.SHUT_WR)
        self._drain()

    def _drain(self) -> None:
        # Closing with unread input makes the kernel send RST, which can destroy bytes still on their way.
        deadline = time.monotonic() + 1.0
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if not socket.socket.recv(self._sock, PIECE):
                return

    def _await_delivery(self) -> None:
        # RST throws away what was not yet acknowledged, so wait until the other kernel holds every byte.
        deadline = time.monotonic() + 5.0
        while unacknowledged(self._sock) and time.monotonic() < deadline:
            if self._stopping.wait(0.001):
                return


if sys.platform == "linux":
    import fcntl
    import termios

    def unacknowledged(sock: socket.socket) -> int:
        """Return how many bytes written wait for the peer's acknowledgement (SIOCOUTQ, tcp(7))."""
        return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4), sys.byteorder)

else:

    def unacknowledged(sock: socket.socket) -> int:
        """Give loopback time to deliver: this platform does not tell what the peer has acknowledged."""
        time.sleep(0.05)
        return 0
