"""A dead address beside a live one costs a moment; a resolver that says nothing costs the limit, no more."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from network import DATA, QUICK, Proxy, dead_port, fetch, wanted
from steadyset.errors import NameNotResolvedError, PeerRefusedError
from steadyset.practice.origin import Origin

NAME = "file.bin"
HOST = "data.example"
Answer = list[tuple[int, str]]
_asked = socket.getaddrinfo


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin({NAME: DATA}) as running:
        yield running


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the resolver give a name the addresses of a test, after so many seconds."""

    def give(addresses: Answer, after: float = 0.0) -> None:
        def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            if host != HOST:
                return _asked(host, port, *rest, **more)
            time.sleep(after)
            return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return give


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address that takes no connection and refuses none: the queue of its listener is full."""
    with socket.socket() as full:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.2", port))
        yield f"127.0.0.2:{port}"
        for sock in waiting:
            sock.close()


def url_at(origin: Origin) -> str:
    return origin.url_of(NAME).replace("127.0.0.1", HOST)


def test_a_closed_ipv6_address_beside_a_live_ipv4_one_is_passed_by(
    origin: Origin, resolve: Callable[..., None]
) -> None:
    resolve([(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")])
    got = fetch(wanted(), url_at(origin))
    assert got.data == DATA
    assert got.codes == [None]


def test_an_address_that_never_answers_costs_a_moment(
    resolve: Callable[..., None], black_hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(black_hole.rpartition(":")[2])
    resolve([(socket.AF_INET, "127.0.0.2"), (socket.AF_INET, "127.0.0.1")])
    with Origin({NAME: DATA}) as origin:
        live = int(origin.url.rpartition(":")[2])
        connect = socket.create_connection

        def to(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
            return connect((address[0], port if address[0] == "127.0.0.2" else live), *rest, **more)

        monkeypatch.setattr(socket, "create_connection", to)
        began = time.monotonic()
        got = fetch(wanted(), url_at(origin))
        assert got.codes == [None]
        assert time.monotonic() - began < QUICK.connect / 2


def test_the_address_that_answered_is_asked_first_the_next_time(
    origin: Origin, resolve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from steadyset.practice import faults

    origin.set_faults([faults.CutAfter(len(DATA) // 2, times=1)])
    resolve([(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")])
    tried = []
    connect = socket.create_connection

    def noted(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
        tried.append(address[0])
        return connect(address, *rest, **more)

    monkeypatch.setattr(socket, "create_connection", noted)
    assert fetch(wanted(), url_at(origin)).data == DATA
    assert tried == ["::1", "127.0.0.1", "127.0.0.1"]


def test_where_no_address_answers_the_cause_is_named(resolve: Callable[..., None]) -> None:
    resolve([(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")])
    with pytest.raises(PeerRefusedError, match=HOST):
        fetch(wanted(), f"http://{HOST}:{dead_port()}/{NAME}")


def test_a_slow_resolver_is_waited_for(origin: Origin, resolve: Callable[..., None]) -> None:
    resolve([(socket.AF_INET, "127.0.0.1")], after=0.3)
    assert fetch(wanted(), url_at(origin)).codes == [None]


def test_a_resolver_that_does_not_answer_is_given_up(origin: Origin, resolve: Callable[..., None]) -> None:
    resolve([(socket.AF_INET, "127.0.0.1")], after=2)
    began = time.monotonic()
    with pytest.raises(NameNotResolvedError) as caught:
        fetch(wanted(), url_at(origin), limits=QUICK._replace(connect=0.2, tries=1))
    assert time.monotonic() - began < 2
    assert any("did not answer in time" in e.value for e in caught.value.evidence)


def test_a_proxy_with_a_dead_address_is_reached_too(
    origin: Origin, resolve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve([(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")])
    with Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{HOST}:{proxy.port}")
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA
        assert proxy.asked
