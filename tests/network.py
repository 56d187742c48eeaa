"""Real servers on loopback for the tests of the transport, and a fetch in one line."""

from __future__ import annotations

import atexit
import base64
import contextlib
import functools
import hashlib
import random
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self
from urllib.parse import urlsplit

import trustme

from steadyset.transport.client import Client
from steadyset.transport.engine import Fetch
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Clock, Event, Limits, Sink, Source, Wanted

PIECE = 16384
DATA = random.Random(5).randbytes(10 * PIECE + 1234)
QUICK = Limits(connect=5, idle=5, total=30, backoff=0.01, longest_wait=0.05)
VARIABLES = [
    name
    for base in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")
    for name in (base, base.upper())
]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wanted(
    data: bytes = DATA, *, pieces: bool = True, size: bool = True, digest: bool = True, name: str = "file.bin"
) -> Wanted:
    """Describe a file, as well as asked for."""
    parts = [sha256(data[i : i + PIECE]) for i in range(0, len(data), PIECE)] if pieces else []
    return Wanted(name, len(data) if size else None, sha256(data) if digest else None, PIECE, tuple(parts))


class Fetched(NamedTuple):
    """What a fetch came to: the bytes, the fetch with its record, and what its listener was told."""

    data: bytes
    fetch: Fetch
    events: list[Event]

    @property
    def codes(self) -> list[str | None]:
        return [a.code for a in self.fetch.attempts]


def open_path(path: str) -> BinaryIO:
    return open(path, "rb")


class Errand:
    """A fetch that can be looked at whatever becomes of it."""

    def __init__(
        self,
        file: Wanted,
        urls: Sequence[str],
        *,
        sink: Sink | None = None,
        limits: Limits = QUICK,
        clock: Clock | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.told: Callable[[Event], None] = lambda _: None
        self.sink = sink or MemorySink()
        self._client: Client | None = None
        self._limits = limits
        self.fetch = Fetch(
            file,
            [Source(url) for url in urls],
            self.sink,
            client=self.client,
            openers={"": open_path},
            limits=limits,
            listener=self._tell,
            clock=clock,
        )

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        self.told(event)

    def client(self) -> Client:
        if self._client is None:
            self._client = Client(self._limits)
        return self._client

    def run(self) -> Fetched:
        try:
            digest = self.fetch.run()
        finally:
            if self._client is not None:
                self._client.__exit__(None, None, None)
        data = self.sink.read_at(0, self.sink.size())
        assert digest == sha256(data)
        return Fetched(data, self.fetch, self.events)


def fetch(
    file: Wanted,
    *urls: str,
    sink: Sink | None = None,
    limits: Limits = QUICK,
    clock: Clock | None = None,
) -> Fetched:
    """Fetch a file; return its bytes and the record."""
    return Errand(file, urls, sink=sink, limits=limits, clock=clock).run()


class FakeClock:
    """A clock that only goes on when somebody sleeps, or when told to."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.begun = self.time = now
        self.slept: list[float] = []
        self.tick = 0.0

    def now(self) -> float:
        return self.time

    def elapsed(self) -> float:
        self.time += self.tick
        return self.time - self.begun

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Server:
    """A TCP server on loopback, a thread per connection, that talks as a function tells it to."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            sock.settimeout(20)
            self._talk(sock)


def read_head(sock: socket.socket) -> str:
    """Read a request head."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(65536)
        if not more:
            raise ConnectionError("the client left")
        head += more
    return head.decode("latin-1")


class Proxy(Server):
    """An HTTP proxy: CONNECT and absolute-form, with Basic credentials if it is given some."""

    def __init__(self, credentials: str | None = None, *, refuses: str = "") -> None:
        super().__init__(self._relay)
        self._credentials = credentials
        self._refuses = refuses
        self.heads: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        """The first lines of the requests."""
        return [head.partition("\r\n")[0] for head in self.heads]

    def _relay(self, sock: socket.socket) -> None:
        head = read_head(sock)
        self.heads.append(head)
        method, target, _ = head.partition("\r\n")[0].split(" ")
        if not self._admits(head):
            sock.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
            )
            return
        if self._refuses:
            sock.sendall(f"HTTP/1.1 {self._refuses}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        url = urlsplit(f"//{target}" if method == "CONNECT" else target)
        with socket.create_connection((url.hostname or "", url.port or 80), timeout=20) as far:
            if method == "CONNECT":
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far.sendall(_without_proxy_fields(head))
            _pump(sock, far)

    def _admits(self, head: str) -> bool:
        if self._credentials is None:
            return True
        token = base64.b64encode(self._credentials.encode()).decode()
        return f"proxy-authorization: basic {token}".lower() in head.lower()


def _without_proxy_fields(head: str) -> bytes:
    lines = [line for line in head.split("\r\n") if not line.lower().startswith(("proxy-", "connection:"))]
    return "\r\n".join([lines[0], "Connection: close", *lines[1:]]).encode("latin-1")


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""
    while True:
        ready, _, _ = select.select([one, other], [], [], 20)
        if not ready:
            return
        for sock in ready:
            data = sock.recv(65536)
            if not data:
                return
            (other if sock is one else one).sendall(data)


@functools.cache
def dead_port() -> int:
    """Return a port on loopback where nothing listens, and nobody else can: it is bound."""
    bound = socket.socket()
    atexit.register(bound.close)
    bound.bind(("127.0.0.1", 0))
    port: int = bound.getsockname()[1]
    return port


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return what a TLS server needs to show a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
