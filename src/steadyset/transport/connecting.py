"""Connect to a name: in bounded time, and past an address that is dead.

A name often has an IPv6 and an IPv4 address, and one of them leads nowhere. After RFC 8305 ("Happy
Eyeballs"), the addresses are tried a quarter of a second apart, families in turn, and the first that
answers is taken. The resolver of the system has no limit of its own; it is asked in a thread.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, zip_longest
from typing import Any

import httpcore2

_STAGGER = 0.25  # seconds; RFC 8305, section 8, "Connection Attempt Delay"
_LOOK = 0.1  # seconds between two looks at whether all was called off

Result = tuple[Any, Exception | None]


class Connector(httpcore2.NetworkBackend):
    """What the HTTP engine connects with.

    Args:
        inner: connects to one address.
    """

    def __init__(self, inner: httpcore2.NetworkBackend) -> None:
        self._inner = inner
        self._last: dict[str, str] = {}  # the address that answered last, by name
        self._over = False

    def end(self) -> None:
        """Call off all connecting, from another thread."""
        self._over = True

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of a host that answers.

        Raises:
            httpcore2.ConnectError: the name does not resolve, or no address answers.
            httpcore2.ConnectTimeout: not within the time.
        """
        until = time.monotonic() + (3600.0 if timeout is None else timeout)

        def connect(address: str) -> httpcore2.NetworkStream:
            left = max(0.001, until - time.monotonic())
            return self._inner.connect_tcp(address, port, left, local_address, socket_options)

        if _is_address(host):
            return connect(host)
        addresses = self._resolve(host, port, until)
        if host in self._last:
            addresses.sort(key=lambda address: address != self._last[host])
        address, stream = self._race(addresses, connect, until)
        self._last[host] = address
        return stream

    def _resolve(self, host: str, port: int, until: float) -> list[str]:
        """Return the addresses of a name, the families in turn (RFC 8305, section 4)."""
        answers: queue.SimpleQueue[Result] = queue.SimpleQueue()
        _start(answers, lambda: socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        try:
            found, error = self._await(answers, until)
        except TimeoutError:
            error = socket.gaierror(socket.EAI_AGAIN, "the resolver did not answer in time")
        if error is not None:
            try:
                raise error
            except OSError as failure:  # raised here so that it stays the context: the engine drops causes
                raise httpcore2.ConnectError(str(failure)) from failure
        first = found[0][0]
        one = dict.fromkeys(str(a[4][0]) for a in found if a[0] == first)
        other = dict.fromkeys(str(a[4][0]) for a in found if a[0] != first)
        return [a for a in chain.from_iterable(zip_longest(one, other)) if a is not None]

    def _race(
        self, addresses: Sequence[str], connect: Callable[[str], httpcore2.NetworkStream], until: float
    ) -> tuple[str, httpcore2.NetworkStream]:
        if len(addresses) == 1:
            return addresses[0], connect(addresses[0])
        race = _Race(connect)
        failure: Exception | None = None
        for number, address in enumerate(addresses, 1):
            race.start(address)
            last = number == len(addresses)
            while race.running:
                try:
                    pause = until if last else min(until, time.monotonic() + _STAGGER)
                    (winner, stream), error = self._await(race.results, pause)
                except TimeoutError:
                    if time.monotonic() < until:
                        break
                    race.call_off()
                    raise httpcore2.ConnectTimeout("no address answered in time") from failure
                race.running -= 1
                if error is None:
                    race.call_off()
                    return winner, stream
                failure = error
                if not last:
                    break
        raise failure or httpcore2.ConnectError("there is no address")

    def _await(self, results: queue.SimpleQueue[Result], until: float) -> Result:
        """Wait for a result, with an ear for the end of it all.

        Raises:
            TimeoutError: there was none in time.
            httpcore2.ConnectError: it was called off.
        """
        while True:
            try:
                return results.get(timeout=max(0.0, min(_LOOK, until - time.monotonic())))
            except queue.Empty:
                if self._over:
                    raise httpcore2.ConnectError("called off") from None
                if time.monotonic() >= until:
                    raise TimeoutError from None


class _Race:
    """The connections that are being made at the same time; all but the first that is there are closed."""

    def __init__(self, connect: Callable[[str], httpcore2.NetworkStream]) -> None:
        self.results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self.running = 0
        self._connect = connect
        self._lock = threading.Lock()
        self._decided = False

    def start(self, address: str) -> None:
        self.running += 1
        _start(self.results, lambda: (address, self._made(address)), lost=(address, None))

    def call_off(self) -> None:
        with self._lock:
            self._decided = True
        while not self.results.empty():
            (_, stream), _ = self.results.get_nowait()
            if stream is not None:
                stream.close()

    def _made(self, address: str) -> httpcore2.NetworkStream:
        stream = self._connect(address)
        with self._lock:
            if self._decided:
                stream.close()
        return stream


def _start(results: queue.SimpleQueue[Result], call: Callable[[], Any], lost: Any = None) -> None:
    """Put what a call returns, or raises, into a queue."""

    def run() -> None:
        try:
            results.put((call(), None))
        except Exception as error:
            results.put((lost, error))

    threading.Thread(target=run, name="steadyset-connect", daemon=True).start()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return True
