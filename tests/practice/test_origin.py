"""The origin without faults is a correct server, aims its faults as told, and leaves nothing behind."""

import gc
import hashlib
import http.client
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from steadyset.practice import faults
from steadyset.practice.faults import Fault
from steadyset.practice.origin import Origin
from steadyset.practice.wire import Range, parse_range, parse_request, resolve_range

DATA = random.Random(11).randbytes(10_000)
T = TypeVar("T")
ETAG = f'"{hashlib.sha256(DATA).hexdigest()[:32]}"'
DATE = "Mon, 01 Jan 2024 00:01:00 GMT"
EARLIER = "Sun, 31 Dec 2023 00:00:00 GMT"
LATER = "Tue, 02 Jan 2024 00:00:00 GMT"
NAME = "mnist/train images.gz"
TARGET = "/mnist/train%20images.gz"


def connect(origin: Origin) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(*address(origin), timeout=10)


def address(origin: Origin) -> tuple[str, int]:
    return "127.0.0.1", int(origin.url.rpartition(":")[2])


def ask(
    connection: http.client.HTTPConnection,
    target: str = TARGET,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
) -> tuple[int, bytes, dict[str, str]]:
    connection.request(method, target, headers=dict(headers or {}))
    answer = connection.getresponse()
    return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}


def say(origin: Origin, raw: bytes) -> bytes:
    """Send bytes as they are and return all that comes back until the connection ends."""
    with socket.create_connection(address(origin), timeout=10) as client:
        client.sendall(raw)
        heard = b""
        while piece := client.recv(65536):
            heard += piece
    return heard


PLAIN: list[tuple[str, dict[str, str], int, bytes]] = [
    ("GET", {}, 200, DATA),
    ("HEAD", {}, 200, b""),
    ("HEAD", {"Range": "bytes=0-9"}, 200, b""),
    ("GET", {"Range": "bytes=0-0"}, 206, DATA[:1]),
    ("GET", {"Range": "bytes=9000-"}, 206, DATA[9000:]),
    ("GET", {"Range": "bytes=9000-99999"}, 206, DATA[9000:]),
    ("GET", {"Range": "bytes=-10"}, 206, DATA[-10:]),
    ("GET", {"Range": "bytes=-99999"}, 206, DATA),
    ("GET", {"Range": "BYTES=0-9"}, 206, DATA[:10]),
    ("GET", {"Range": "bytes=9-0"}, 200, DATA),
    ("GET", {"Range": "bytes=-"}, 200, DATA),
    ("GET", {"Range": "lines=0-9"}, 200, DATA),
    ("GET", {"Range": "bytes=0-9,20-29"}, 200, DATA),
    ("GET", {"Range": "bytes=0-9", "If-Range": ETAG}, 206, DATA[:10]),
    ("GET", {"Range": "bytes=0-9", "If-Range": '"other"'}, 200, DATA),
    ("GET", {"Range": "bytes=0-9", "If-Range": f"W/{ETAG}"}, 200, DATA),
    ("GET", {"Range": "bytes=0-9", "If-Range": DATE}, 206, DATA[:10]),
    ("GET", {"Range": "bytes=0-9", "If-Range": LATER}, 200, DATA),
    ("GET", {"If-None-Match": ETAG}, 304, b""),
    ("GET", {"If-None-Match": f'"other", W/{ETAG}'}, 304, b""),
    ("GET", {"If-None-Match": "*"}, 304, b""),
    ("GET", {"If-None-Match": '"other"', "If-Modified-Since": DATE}, 200, DATA),
    ("GET", {"If-Modified-Since": DATE}, 304, b""),
    ("GET", {"If-Modified-Since": LATER}, 304, b""),
    ("GET", {"If-Modified-Since": EARLIER}, 200, DATA),
    ("GET", {"If-Modified-Since": "some day"}, 200, DATA),
    ("GET", {"If-Match": ETAG, "Range": "bytes=0-9"}, 206, DATA[:10]),
    ("GET", {"If-Match": f"W/{ETAG}"}, 412, b"<!doctype html><title>412"),
    ("GET", {"Range": "bytes=10000-"}, 416, b"<!doctype html><title>416"),
    ("GET", {"Range": "bytes=-0"}, 416, b"<!doctype html><title>416"),
    ("POST", {}, 405, b"<!doctype html><title>405"),
]


@pytest.mark.parametrize(("method", "headers", "status", "body"), PLAIN)
def test_requests_are_answered_as_the_rfc_has_it(
    method: str, headers: dict[str, str], status: int, body: bytes
) -> None:
    with Origin({NAME: DATA}) as origin:
        connection = connect(origin)
        got, heard, _ = ask(connection, headers=headers, method=method)
        assert got == status
        assert heard == body if status < 400 else heard.startswith(body)
        # The connection is still in step, or the origin has said that it ends.
        assert ask(connection, method="HEAD")[0] == 200
        connection.close()


def test_a_file_is_described() -> None:
    with Origin({NAME: DATA}) as origin:
        connection = connect(origin)
        whole = ask(connection)[2]
        part = ask(connection, headers={"Range": "bytes=10-19"})[2]
        refused = ask(connection, headers={"Range": "bytes=10000-"})[2]
        head = ask(connection, method="HEAD")[2]
        connection.close()
    described = {
        "accept-ranges": "bytes",
        "content-type": "application/octet-stream",
        "etag": ETAG,
        "last-modified": DATE,
    }
    assert whole.items() >= {**described, "content-length": "10000"}.items()
    assert part.items() >= {**described, "content-length": "10", "content-range": "bytes 10-19/10000"}.items()
    assert refused["content-range"] == "bytes */10000"
    assert head.items() >= {**described, "content-length": "10000"}.items()


def test_an_unknown_path_is_a_small_page() -> None:
    with Origin({NAME: DATA}) as origin:
        connection = connect(origin)
        status, body, headers = ask(connection, "/nowhere")
        connection.close()
    assert status == 404
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert body == b"<!doctype html><title>404 Not Found</title><h1>404 Not Found</h1>\n"


@pytest.mark.parametrize("value", ["-5", "0-", "3-7", "999999999999999999999-", "٣-٤"])
def test_a_range_is_recorded_as_asked(value: str) -> None:
    want: dict[str, Range] = {"-5": (None, 5), "0-": (0, None), "3-7": (3, 7)}
    assert parse_range(f"bytes={value}") == want.get(value)


@pytest.mark.parametrize(
    ("wanted", "size", "span"),
    [
        ((None, 5), 3, range(3)),
        ((None, 5), 0, None),
        ((0, None), 0, None),
        ((2, 2), 3, range(2, 3)),
        ((3, 4), 3, None),
    ],
)
def test_a_range_is_resolved_against_a_size(wanted: Range, size: int, span: range | None) -> None:
    assert resolve_range(wanted, size) == span


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/a/b%20c.npz", "a/b c.npz", ""),
        ("/a?hop=1&x", "a", "hop=1&x"),
        ("//a/b", "a/b", ""),
        ("http://host:80/a/b?c", "a/b", "c"),
        ("/%C3%A4", "ä", ""),
    ],
)
def test_targets_are_read(target: str, path: str, query: str) -> None:
    request = parse_request(f"GET {target} HTTP/1.1\r\nA: 1\r\na:  2 ".encode())
    assert (request.path, request.query, request.headers) == (path, query, {"a": "1, 2"})


@pytest.mark.parametrize(
    "raw",
    [
        b"HELLO\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000,
    ],
    ids=["word", "version", "colon", "long"],
)
def test_what_is_not_a_request_is_refused(raw: bytes) -> None:
    with Origin({NAME: DATA}) as origin:
        assert say(origin, raw).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert origin.requests == []


def test_what_is_not_read_does_not_break_the_answer() -> None:
    body = bytes(500_000)
    with Origin({NAME: DATA}) as origin:
        heard = say(origin, b"POST / HTTP/1.1\r\nContent-Length: 500000\r\n\r\n" + body)
        assert heard.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
        assert heard.endswith(b"</h1>\n")


def test_requests_in_one_segment_are_answered_in_turn() -> None:
    with Origin({"a": b"first", "b": b"second"}) as origin:
        heard = say(origin, b"GET /a HTTP/1.1\r\n\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert heard.count(b"HTTP/1.1 200 OK\r\n") == 2
        assert heard.endswith(b"second")
        assert [(r.path, r.connection) for r in origin.requests] == [("a", 1), ("b", 1)]


@pytest.mark.parametrize("fault", [None, faults.Portal()])
def test_http_1_0_ends_the_connection(fault: Fault | None) -> None:
    with Origin({"a": b"first"}, [fault] if fault else []) as origin:
        assert b"\r\nConnection: close\r\n" in say(origin, b"GET /a HTTP/1.0\r\n\r\n")


def test_requests_are_recorded() -> None:
    with Origin({NAME: DATA, "b": b"second"}) as origin:
        connection = connect(origin)
        ask(connection)
        ask(connection, headers={"Range": "bytes=10-19"})
        ask(connection, "/b", method="HEAD")
        connection.close()
        ask(again := connect(origin), "/b")
        again.close()
        assert origin.settle()
        seen = origin.requests
        assert [(r.method, r.path, r.number, r.connection) for r in seen] == [
            ("GET", NAME, 1, 1),
            ("GET", NAME, 2, 1),
            ("HEAD", "b", 1, 1),
            ("GET", "b", 2, 2),
        ]
        assert [(r.status, r.range, r.body_bytes_sent) for r in seen] == [
            (200, None, 10_000),
            (206, (10, 19), 10),
            (200, None, 0),
            (200, None, 6),
        ]
        assert seen[1].headers["range"] == "bytes=10-19"
        assert all(r.finished is not None and r.started <= r.finished for r in seen)
        assert origin.bytes_sent() == 10_016
        assert origin.bytes_sent(NAME) == origin.bytes_sent("/" + NAME) == 10_010
        origin.reset()
        assert (origin.requests, origin.bytes_sent()) == ([], 0)
        ask(again := connect(origin), "/b")
        again.close()
        assert [r.number for r in origin.requests] == [1]


def test_every_byte_a_client_has_is_already_counted() -> None:
    data = bytes(3_000_000)
    with Origin({"f": data}) as origin:
        for times in range(1, 6):
            connection = connect(origin)
            ask(connection, "/f")
            assert origin.bytes_sent() == times * len(data)
            connection.close()


def test_put_replaces_a_file_and_its_validators() -> None:
    with Origin({"f": b"one"}) as origin:
        connection = connect(origin)
        before = ask(connection, "/f")
        origin.put("f", b"two")
        after = ask(connection, "/f")
        connection.close()
    assert (before[1], after[1]) == (b"one", b"two")
    assert before[2]["etag"] != after[2]["etag"]
    assert before[2]["last-modified"] != after[2]["last-modified"]


def test_a_file_on_disk_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "f.bin"
    with Origin({"f": path}) as origin:
        connection = connect(origin)
        assert ask(connection, "/f")[0] == 404
        path.write_bytes(b"one")
        os.utime(path, (1_000_000_000, 1_000_000_000))
        status, body, headers = ask(connection, "/f")
        assert (status, body) == (200, b"one")
        assert headers["last-modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"
        path.write_bytes(b"three")
        assert ask(connection, "/f")[1] == b"three"
        connection.close()


AIMS: list[tuple[dict[str, object], list[int]]] = [
    ({}, [503, 503, 503, 503, 503, 503]),
    ({"times": 1}, [503, 503, 200, 206, 200, 200]),
    ({"times": 2}, [503, 503, 503, 503, 200, 200]),
    ({"after": 1}, [200, 200, 503, 503, 503, 503]),
    ({"after": 1, "times": 1}, [200, 200, 503, 503, 200, 200]),
    ({"path": "a.*"}, [503, 200, 503, 206, 503, 200]),
    ({"path": "B.npz"}, [200, 200, 200, 206, 200, 200]),
    ({"path": "b.npz", "after": 2}, [200, 200, 200, 206, 200, 503]),
    ({"ranged": True}, [200, 200, 200, 503, 200, 200]),
    ({"ranged": False, "times": 2}, [503, 503, 503, 206, 200, 503]),
    ({"times": 0}, [200, 200, 200, 206, 200, 200]),
]


@pytest.mark.parametrize(("aim", "statuses"), AIMS)
def test_a_fault_hits_what_it_is_aimed_at(aim: dict[str, object], statuses: list[int]) -> None:
    fault = faults.Status(503, **aim)  # type: ignore[arg-type]
    with Origin({"a.npz": DATA, "b.npz": DATA}, [fault]) as origin:
        connection = connect(origin)
        asked = [("a", {}), ("b", {}), ("a", {}), ("b", {"Range": "bytes=0-9"}), ("a", {}), ("b", {})]
        got = [ask(connection, f"/{name}.npz", headers)[0] for name, headers in asked]
        connection.close()
    assert got == statuses


def test_set_faults_and_reset_count_anew() -> None:
    once = faults.Status(503, times=1)
    with Origin({"f": DATA}, [once]) as origin:
        connection = connect(origin)
        got = [ask(connection, "/f")[0] for _ in range(2)]
        origin.set_faults([once])
        got += [ask(connection, "/f")[0] for _ in range(2)]
        origin.reset()
        got += [ask(connection, "/f")[0] for _ in range(2)]
        origin.set_faults([])
        got += [ask(connection, "/f")[0]]
        connection.close()
    assert got == [503, 200, 503, 200, 503, 200, 200]


def test_connections_are_served_side_by_side() -> None:
    with Origin({"f": DATA}, [faults.Delay(0.2)]) as origin:
        clients = [threading.Thread(target=say, args=(origin, b"GET /f HTTP/1.0\r\n\r\n")) for _ in range(4)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert origin.settle()
        assert max(r.started for r in origin.requests) < min(r.finished or 0 for r in origin.requests)


@pytest.mark.parametrize(
    "fault",
    [
        None,
        faults.Delay(600),
        faults.StallAfter(100, 600),
        faults.Drip(1, 600),
        faults.RateLimit(0.01),
        faults.EndlessHeaders(),
    ],
    ids=repr,
)
def test_leaving_is_prompt_and_leaves_nothing_behind(fault: Fault | None) -> None:
    before = set(threading.enumerate())
    with Origin({"f": bytes(50_000_000)}, [fault] if fault else []) as origin:
        client = socket.create_connection(address(origin), timeout=10)
        client.sendall(b"GET /f HTTP/1.1\r\n\r\n")
        idle = socket.create_connection(address(origin), timeout=10)
        while not origin.requests:
            time.sleep(0.001)
        assert not origin.settle(0.01)
        leaving = time.monotonic()
    assert time.monotonic() - leaving < 5
    assert not set(threading.enumerate()) - before
    assert idle.recv(1) == b""
    client.close()
    idle.close()
    gc.collect()
    with pytest.raises(RuntimeError, match="with block"):
        _ = origin.url


def test_an_origin_can_be_entered_again() -> None:
    origin = Origin({"f": b"one"})
    for _ in range(2):
        with origin:
            assert say(origin, b"GET /f HTTP/1.0\r\n\r\n").endswith(b"one")


def test_a_client_that_leaves_early_is_no_error() -> None:
    with Origin({"f": bytes(50_000_000)}) as origin:
        with socket.create_connection(address(origin), timeout=10) as client:
            client.sendall(b"GET /f HTTP/1.1\r\n\r\n")
            client.recv(1000)
        assert origin.settle()
        assert 0 < origin.bytes_sent() < 50_000_000


def test_a_slow_client_gets_every_byte_before_the_reset() -> None:
    data = random.Random(3).randbytes(8_000_000)
    with Origin({"f": data}, [faults.CutAfter(7_654_321, with_rst=True)]) as origin:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(10)
        client.connect(address(origin))
        client.sendall(b"GET /f HTTP/1.1\r\n\r\n")
        time.sleep(0.05)
        heard = bytearray()
        with pytest.raises(ConnectionResetError):
            drain(client, heard)
        client.close()
    assert bytes(heard).partition(b"\r\n\r\n")[2] == data[:7_654_321]


def drain(client: socket.socket, heard: bytearray) -> None:
    while piece := client.recv(65536):
        heard += piece


# A key that guards nothing: made for these tests, valid for 127.0.0.1 until 2126.
PEM = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg77yMj6sauwNCuIxT
IzUku61+gcO0E/8Jck9v8ZCCWxChRANCAAQykFHpfMt85sA8ueUZ/Bohn3HyUnrt
sCSc0k4ej9G2jhcUWhRnidoBbHHDJz/akDP/VzShh+QsZsYLga+zBc9/
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUJCtocT4jUfCjl772pdImp15cv0cwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIcHJhY3RpY2UwIBcNMjYxMTIyMTg0NzAxWhgPMjEyNjEwMjkx
ODQ3MDFaMBMxETAPBgNVBAMMCHByYWN0aWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEMpBR6XzLfObAPLnlGfwaIZ9x8lJ67bAknNJOHo/Rto4XFFoUZ4naAWxx
wyc/2pAz/1c0oYfkLGbGC4GvswXPf6NvMG0wHQYDVR0OBBYEFBxUepTofD1poVyd
XdF9ioNUEMHZMB8GA1UdIwQYMBaAFBxUepTofD1poVydXdF9ioNUEMHZMA8GA1Ud
EwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAoGCCqGSM49
BAMCA0gAMEUCIQDHAjkI6iZzXpFk+tLGwlVk6TIFfhRwBVk3ATldPcadMwIgE2pw
6fDbk+SfeYoW3qCqD9VuK5NIYh8tVPMwj1Ws9Qs=
-----END CERTIFICATE-----
"""


@pytest.fixture
def server_side(tmp_path: Path) -> ssl.SSLContext:
    (tmp_path / "both.pem").write_text(PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context


@pytest.fixture
def client_side() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=PEM)


def connect_safely(origin: Origin, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(*address(origin), timeout=10, context=context)


def test_tls_is_spoken(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> None:
    data = random.Random(5).randbytes(3_000_000)
    with Origin({"f": data}, tls=server_side) as origin:
        assert origin.url_of("f").startswith("https://127.0.0.1:")
        connection = connect_safely(origin, client_side)
        assert ask(connection, "/f")[:2] == (200, data)
        assert ask(connection, "/f", {"Range": "bytes=5-9"})[:2] == (206, data[5:10])
        assert ask(connection, "/f", {"Connection": "close"})[:2] == (200, data)
        connection.close()
        assert origin.bytes_sent() == 2 * len(data) + 5


@pytest.mark.parametrize(
    ("with_rst", "error"), [(False, ssl.SSLEOFError), (True, ConnectionResetError)], ids=["fin", "rst"]
)
def test_tls_is_cut_after_exactly_so_many_bytes(
    server_side: ssl.SSLContext, client_side: ssl.SSLContext, with_rst: bool, error: type[OSError]
) -> None:
    heard = bytearray()
    with (
        Origin({"f": DATA}, [faults.CutAfter(4321, with_rst=with_rst)], server_side) as origin,
        socket.create_connection(address(origin), timeout=10) as client,
        pytest.raises(error),
    ):
        drain_tls(client, client_side, heard, "HTTP/1.1")
    assert bytes(heard).partition(b"\r\n\r\n")[2] == DATA[:4321]


def test_tls_ends_with_close_notify(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> None:
    heard = bytearray()
    with (
        Origin({"f": DATA}, tls=server_side) as origin,
        socket.create_connection(address(origin), timeout=10) as client,
    ):
        drain_tls(client, client_side, heard, "HTTP/1.0")
    assert heard.endswith(DATA)


def drain_tls(client: socket.socket, context: ssl.SSLContext, heard: bytearray, version: str) -> None:
    """Ask for the file and listen until close_notify.

    TLS is done in memory, since SSLSocket reports a reset as an end of file.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")

    def finish(work: Callable[[], T]) -> T:
        while True:
            try:
                return work()
            except ssl.SSLWantReadError:
                if outgoing.pending:
                    client.sendall(outgoing.read())
                incoming.write(piece) if (piece := client.recv(65536)) else incoming.write_eof()

    finish(tls.do_handshake)
    tls.write(f"GET /f {version}\r\n\r\n".encode())
    while piece := finish(lambda: tls.read(65536)):
        heard += piece


def test_tls_redirects_to_plain_http(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> None:
    with Origin({"f": DATA}) as plain:
        downgrade = faults.Redirect(plain.url + "/{path}")
        with Origin({"f": DATA}, [downgrade], server_side) as origin:
            connection = connect_safely(origin, client_side)
            status, _, headers = ask(connection, "/f")
            connection.close()
            assert (status, headers["location"]) == (302, plain.url_of("f"))


def test_clients_that_do_not_speak_tls_hold_up_nobody(server_side: ssl.SSLContext, client_side: ssl.SSLContext) -> None:
    with Origin({"f": DATA}, tls=server_side) as origin:
        mute = socket.create_connection(address(origin), timeout=10)
        plain = socket.create_connection(address(origin), timeout=10)
        plain.sendall(b"GET /f HTTP/1.1\r\n\r\n")
        connection = connect_safely(origin, client_side)
        assert ask(connection, "/f")[:2] == (200, DATA)
        connection.close()
    mute.close()
    plain.close()
