"""An HTTP/1.1 origin on loopback that serves files correctly, or misbehaves exactly as told.

It writes raw bytes to real sockets, because the faults worth rehearsing (a reset in mid-body, a chunk size
that is not a number, a length that lies) are those a well-behaved server library refuses to produce.
"""

import dataclasses
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from steadyset.practice.answering import answer_request
from steadyset.practice.faults import Fault
from steadyset.practice.line import Line
from steadyset.practice.wire import (
    Answer,
    Body,
    File,
    Hangup,
    Head,
    Raw,
    Request,
    Written,
    make_file,
    parse_request,
    write_answer,
)

__all__ = ["Origin", "Request", "answer_request"]

_BAD_REQUEST = Raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
_FIRST_VERSION = 1_704_067_200.0
"""Last-Modified of files held in memory counts from 2024-01-01, so that every run says the same."""


class _Shelf:
    """The files, each with its validators; one that lies on disk is read again when it changed there."""

    def __init__(self) -> None:
        self._held: dict[str, File | Path] = {}
        self._read: dict[Path, tuple[tuple[int, int], File]] = {}
        self._version = 0

    def put(self, path: str, data: bytes | Path) -> None:
        # Versions lie a minute apart, so that Last-Modified, which counts in seconds, tells them apart.
        self._version += 1
        self._held[path] = data if isinstance(data, Path) else make_file(data, _FIRST_VERSION + 60 * self._version)

    def get(self, path: str) -> File | None:
        held = self._held.get(path)
        if not isinstance(held, Path):
            return held
        try:
            about = held.stat()
            stamp = (about.st_mtime_ns, about.st_size)
            if held not in self._read or self._read[held][0] != stamp:
                self._read[held] = stamp, make_file(held.read_bytes(), about.st_mtime)
            return self._read[held][1]
        except OSError:
            return None


class _Log:
    """The requests so far. Its lock is also held around every write, see :class:`Line`."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self._requests: dict[int, Request] = {}
        self._numbers: Counter[str] = Counter()
        self._serial = 0

    def open(self, request: Request) -> tuple[int, Request]:
        with self.lock:
            self._serial += 1
            self._numbers[request.path] += 1
            request = dataclasses.replace(request, number=self._numbers[request.path], started=time.monotonic())
            self._requests[self._serial] = request
            return self._serial, request

    def amend(self, serial: int, **changes: Any) -> None:
        with self.lock:
            if serial in self._requests:
                self._requests[serial] = dataclasses.replace(self._requests[serial], **changes)
                self.lock.notify_all()

    def note(self, serial: int, step: Written, count: int) -> None:
        """Record what a write put on the wire; called with the lock held."""
        if isinstance(step, Head):
            self.amend(serial, status=step.status)
        elif isinstance(step, Body) and serial in self._requests:
            self.amend(serial, body_bytes_sent=self._requests[serial].body_bytes_sent + count)

    def snapshot(self) -> list[Request]:
        with self.lock:
            return list(self._requests.values())

    def clear(self) -> None:
        with self.lock:
            self._requests.clear()
            self._numbers.clear()


class Origin:
    """Serve files on 127.0.0.1, a thread per connection, with the faults that are in force.

    Each request is answered in three stages, and a fault may change any of them: what the origin believes it
    holds (``on_file``), what it says (``on_answer``), and how it says it (``on_wire``). Leaving the context
    ends every connection at once, also one that a fault stalls, and returns when the last thread has gone.

    Args:
        files: What is served under which path: bytes, or a file on disk.
        faults: What goes wrong; see :mod:`steadyset.practice.faults`.
        tls: A server-side context, to speak https.
    """

    def __init__(
        self,
        files: Mapping[str, bytes | Path] | None = None,
        faults: Sequence[Fault] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self._shelf = _Shelf()
        self._log = _Log()
        self._faults: tuple[Fault, ...] = tuple(faults)
        self._hits: Counter[tuple[int, str]] = Counter()
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        for path, data in (files or {}).items():
            self.put(path, data)

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        if self._listener is None:
            raise RuntimeError("the origin has no address outside its with block")
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def url_of(self, path: str) -> str:
        """Return the full URL of a file, percent-encoded."""
        return f"{self.url}/{quote(path)}"

    @property
    def requests(self) -> list[Request]:
        """Every request since the start or the last reset, oldest first, as it stands now."""
        return self._log.snapshot()

    def bytes_sent(self, path: str | None = None) -> int:
        """Return the body bytes handed to the kernel, for one path or for all."""
        wanted = None if path is None else path.lstrip("/")
        return sum(r.body_bytes_sent for r in self.requests if wanted in (None, r.path))

    def settle(self, timeout: float = 5.0) -> bool:
        """Wait until no answer is under way; tell whether that came to pass within ``timeout`` seconds."""
        with self._log.lock:
            return self._log.lock.wait_for(lambda: all(r.finished for r in self._log.snapshot()), timeout)

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Replace the faults from the next request on; ``after`` and ``times`` count from here."""
        with self._log.lock:
            self._faults = tuple(faults)
            self._hits.clear()

    def put(self, path: str, data: bytes | Path) -> None:
        """Serve other data under a path from the next request on, with validators of its own."""
        with self._log.lock:
            self._shelf.put(path.lstrip("/"), data)

    def reset(self) -> None:
        """Forget the requests, their numbers, and how often each fault has applied."""
        with self._log.lock:
            self._log.clear()
            self._hits.clear()

    def __enter__(self) -> Self:
        self._stopping.clear()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        assert self._acceptor is not None
        self._stopping.set()
        # Closing a listener does not wake the thread in accept() on every platform; a connection does.
        socket.create_connection(self._listener.getsockname()).close()
        self._acceptor.join()
        self._listener.close()
        self._listener = None
        with self._log.lock:
            for sock in self._open:
                _wake(sock)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _accept(self, listener: socket.socket) -> None:
        serial = 0
        while True:
            sock, (client, _) = listener.accept()
            if self._stopping.is_set():
                return sock.close()
            serial += 1
            if self._tls:
                # The handshake is left to the connection's thread: a mute client must not hold up the others.
                try:
                    sock = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                except OSError:  # the client has left already
                    sock.close()
                    continue
            with self._log.lock:
                self._open.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock, client, serial), daemon=True)
            self._threads = [*(t for t in self._threads if t.is_alive()), thread]
            thread.start()

    def _serve(self, sock: socket.socket, client: str, connection: int) -> None:
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            line = Line(sock, self._stopping, self._log.lock)
            line.end(self._converse(line, client, connection))
        except OSError:
            pass  # the client left, or __exit__ shut the connection down: both end it
        finally:
            with self._log.lock:
                self._open.discard(sock)
            sock.close()

    def _converse(self, line: Line, client: str, connection: int) -> Hangup | None:
        """Answer one request after the other until the connection has to end; say how."""
        while not self._stopping.is_set():
            try:
                head = line.read_head()
                if head is None:
                    return None
                request = parse_request(head)
            except ValueError:
                line.play(iter([_BAD_REQUEST]), lambda step, sent: None)
                return None
            request = dataclasses.replace(request, client=client, connection=connection)
            keep_alive, hangup = self._answer(line, request)
            if hangup or not keep_alive:
                return hangup
        return None

    def _answer(self, line: Line, request: Request) -> tuple[bool, Hangup | None]:
        """Answer one request; return whether another may follow, and the hangup that came first, if any."""
        serial, request = self._log.open(request)
        try:
            faults = self._due(request)
            answer = self._compose(request, faults)
            steps = write_answer(answer)
            for fault in faults:
                steps = fault.on_wire(steps, answer)
            hangup = line.play(steps, lambda step, sent: self._log.note(serial, step, sent))
            return answer.keep_alive, hangup
        finally:
            self._log.amend(serial, finished=time.monotonic())

    def _due(self, request: Request) -> list[Fault]:
        """Count the request for every fault it concerns, and return the faults to apply."""
        due = []
        with self._log.lock:
            for place, fault in enumerate(self._faults):
                if fault.concerns(request):
                    self._hits[place, request.path] += 1
                    if fault.is_due(self._hits[place, request.path]):
                        due.append(fault)
        return due

    def _compose(self, request: Request, faults: Sequence[Fault]) -> Answer:
        with self._log.lock:
            file = self._shelf.get(request.path)
        for fault in faults:
            file = fault.on_file(file, request) if file else None
        answer = answer_request(file, request)
        for fault in faults:
            answer = fault.on_answer(answer)
        last = request.version == "HTTP/1.0" or "close" in request.headers.get("connection", "").lower()
        return answer.closing() if last else answer


def _wake(sock: socket.socket) -> None:
    try:
        # The plain socket's method: SSLSocket.shutdown would drop TLS state the connection's thread is using.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        pass  # not connected any more: its thread is on the way out
