"""Every fault, proved by what a client finds on the wire."""

import gzip
import hashlib
import random
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

import pytest

from steadyset.practice import faults
from steadyset.practice.faults import Fault
from steadyset.practice.line import Pace
from steadyset.practice.origin import Origin
from steadyset.practice.wire import Body, Head, Steps, Wait, interrupt, make_page, split

DATA = random.Random(7).randbytes(10_000)
SIZE = len(DATA)
RANGE = {"Range": "bytes=4000-4999"}
GZIP = {"Accept-Encoding": "gzip"}


class Heard(NamedTuple):
    """All that came over one connection: the pieces, seconds after asking, and how it ended."""

    pieces: list[tuple[float, bytes]]
    ending: Literal["fin", "rst"]

    @property
    def raw(self) -> bytes:
        return b"".join(piece for _, piece in self.pieces)

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1])

    @property
    def headers(self) -> dict[str, str]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


def ask(origin: Origin, target: str = "/f.npz", headers: Mapping[str, str] | None = None, method: str = "GET") -> Heard:
    """Send one request that asks for the connection to be closed, and listen until it is."""
    fields = {"Host": "practice", "Connection": "close", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    pieces = []
    with socket.create_connection(address(origin), timeout=10) as client:
        sent = time.monotonic()
        client.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode())
        try:
            while piece := client.recv(65536):
                pieces.append((time.monotonic() - sent, piece))
        except ConnectionResetError:
            return Heard(pieces, "rst")
    return Heard(pieces, "fin")


def address(origin: Origin) -> tuple[str, int]:
    return "127.0.0.1", int(origin.url.rpartition(":")[2])


def page(code: int, phrase: str) -> bytes:
    return f"<!doctype html><h1>{code} {phrase}</h1>\n".encode()


@dataclass
class Case:
    """A fault, the request's headers, and what is to be heard; a header that is ``None`` must be absent."""

    fault: Fault
    status: int
    body: bytes
    headers: dict[str, str | None] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    ending: Literal["fin", "rst"] = "fin"


PART = DATA[4000:5000]
MULTIPART = (
    b"--practice\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 4000-4999/10000\r\n\r\n"
    + PART
    + b"\r\n--practice--\r\n"
)
FLIPPED = DATA[:4100] + bytes([DATA[4100] ^ 8]) + DATA[4101:]
ETAG = f'"{hashlib.sha256(DATA).hexdigest()[:32]}"'
HTML = "text/html; charset=utf-8"
POINTER = faults.lfs_pointer(hashlib.sha256(DATA).hexdigest(), SIZE)

CASES = [
    Case(faults.CutAfter(1000), 200, DATA[:1000], {"content-length": "10000"}),
    Case(faults.CutAfter(1000, with_rst=True), 200, DATA[:1000], {"content-length": "10000"}, ending="rst"),
    Case(faults.CutAfter(0), 200, b"", {"content-length": "10000"}),
    Case(faults.CutAfter(100), 206, PART[:100], {"content-length": "1000"}, RANGE),
    Case(faults.CutAfter(SIZE, with_rst=True), 200, DATA),
    Case(faults.NoRanges(), 200, DATA, {"accept-ranges": None, "content-range": None}, RANGE),
    Case(faults.NoRanges(advertised=True), 200, DATA, {"accept-ranges": "bytes"}, RANGE),
    Case(faults.FlippedBit(4100, 3), 200, FLIPPED, {"etag": ETAG}),
    Case(faults.FlippedBit(4100, 3), 206, FLIPPED[4000:5000], {"etag": ETAG}, RANGE),
    Case(faults.FlippedBit(SIZE), 200, DATA),
    Case(faults.Truncated(4200), 200, DATA[:4200], {"content-length": "4200", "etag": ETAG}),
    Case(faults.Truncated(4200), 206, DATA[4000:4200], {"content-range": "bytes 4000-4199/4200"}, RANGE),
    Case(faults.Appended(b"more"), 200, DATA + b"more", {"content-length": "10004", "etag": ETAG}),
    Case(faults.Replaced(b"other"), 200, b"other", {"last-modified": "Mon, 01 Jan 2024 00:02:00 GMT"}),
    Case(faults.Replaced(b"other"), 200, b"other", {}, {**RANGE, "If-Range": ETAG}),
    Case(faults.Validators("none"), 200, DATA, {"etag": None, "last-modified": "Mon, 01 Jan 2024 00:01:00 GMT"}),
    Case(faults.Validators(last_modified=False), 200, DATA, {"etag": ETAG, "last-modified": None}),
    Case(faults.Validators("weak"), 200, DATA, {"etag": f"W/{ETAG}"}, {**RANGE, "If-Range": f"W/{ETAG}"}),
    Case(faults.Validators("fresh"), 200, DATA, {"etag": '"request-1"'}, {**RANGE, "If-Range": ETAG}),
    Case(faults.Status(500), 500, page(500, "Internal Server Error"), {"retry-after": None, "etag": None}),
    Case(faults.Status(503, 2), 503, page(503, "Service Unavailable"), {"retry-after": "2"}),
    Case(faults.Status(429, 0.5), 429, page(429, "Too Many Requests"), {"retry-after": "1"}),
    Case(faults.Status(401), 401, page(401, "Unauthorized"), {"www-authenticate": 'Basic realm="practice"'}),
    Case(faults.Status(403), 403, page(403, "Forbidden")),
    Case(faults.Status(404), 404, page(404, "Not Found")),
    Case(faults.Status(410), 410, page(410, "Gone")),
    Case(faults.Status(599), 599, page(599, "")),
    Case(faults.Portal(), 200, faults.portal_page(), {"content-type": HTML, "content-range": None}, RANGE),
    Case(faults.Quota(), 200, faults.quota_page(), {"content-type": HTML}),
    Case(faults.LfsPointer(), 200, POINTER, {"content-type": "text/plain; charset=utf-8"}),
    Case(faults.Empty(), 200, b"", {"content-length": "0", "content-range": None}, RANGE),
    Case(faults.Redirect("http://other/{path}"), 302, page(302, "Found"), {"location": "http://other/f.npz"}),
    Case(faults.Redirect("/{path}", 307), 307, page(307, "Temporary Redirect"), {"location": "/f.npz"}),
    Case(faults.Redirect(None), 302, page(302, "Found"), {"location": None}),
    Case(faults.RangeRefused(), 416, b"", {"content-range": "bytes */10000"}, RANGE),
    Case(faults.RangeRefused(), 200, DATA),
    Case(faults.RangeShifted(-7), 206, DATA[3993:4993], {"content-range": "bytes 3993-4992/10000"}, RANGE),
    Case(faults.RangeShifted(5900), 206, DATA[9900:], {"content-range": "bytes 9900-9999/10000"}, RANGE),
    Case(
        faults.RangeShifted(5900, lying=True),
        206,
        DATA[9900:] + DATA[:900],
        {"content-range": "bytes 4000-4999/10000"},
        RANGE,
    ),
    Case(faults.RangeShifted(1), 200, DATA),
    Case(faults.RangeUnlabelled(), 206, PART, {"content-range": None, "content-length": "1000"}, RANGE),
    Case(
        faults.RangeMultipart(),
        206,
        MULTIPART,
        {"content-range": None, "content-type": "multipart/byteranges; boundary=practice"},
        RANGE,
    ),
    Case(faults.Gzip(), 200, DATA, {"content-encoding": None}, {"Accept-Encoding": "gzip;q=0, br"}),
    Case(faults.Mislabelled(), 200, DATA, {"content-encoding": "gzip", "content-length": "10000"}),
    Case(faults.Mislabelled("br"), 200, DATA, {"content-encoding": "br"}),
    Case(
        faults.Chunked(size=6000),
        200,
        b"1770\r\n" + DATA[:6000] + b"\r\nfa0\r\n" + DATA[6000:] + b"\r\n0\r\n\r\n",
        {"transfer-encoding": "chunked", "content-length": None},
    ),
    Case(
        faults.Chunked("missing", 6000),
        200,
        b"1770\r\n" + DATA[:6000] + b"\r\nfa0\r\n" + DATA[6000:] + b"\r\n",
    ),
    Case(
        faults.Chunked("garbage", 6000),
        200,
        b"1770\r\n" + DATA[:6000] + b"\r\nno size at all\r\n",
    ),
    Case(faults.WrongLength(100), 200, DATA, {"content-length": "10100"}),
    Case(faults.WrongLength(-100), 200, DATA, {"content-length": "9900"}),
    Case(faults.CloseAfterAnswer(), 200, DATA, {"connection": "close"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case.fault))
def test_fault_is_what_the_client_hears(case: Case) -> None:
    with Origin({"f.npz": DATA}, [case.fault]) as origin:
        heard = ask(origin, headers=case.asked)
        assert (heard.status, heard.body, heard.ending) == (case.status, case.body, case.ending)
        assert {name: heard.headers.get(name) for name in case.headers} == case.headers
        assert origin.requests[0].status == case.status


KINDS = [kind for kind in vars(faults).values() if isinstance(kind, type) and issubclass(kind, Fault)]

TOLD_ELSEWHERE = {
    Fault,
    faults.Delay,
    faults.Drip,
    faults.EndlessHeaders,
    faults.Garbage,
    faults.Interim,
    faults.NoAnswer,
    faults.RateLimit,
    faults.RedirectChain,
    faults.StallAfter,
    faults.StallHead,
    faults.TinySegments,
    faults.TruncatedHead,
}


def test_every_fault_is_exercised_here() -> None:
    assert {type(case.fault) for case in CASES} | TOLD_ELSEWHERE == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_fault_says_in_one_line_what_it_does(kind: type[Fault]) -> None:
    assert kind.__doc__
    assert kind.__doc__.endswith(".")
    assert "\n" not in kind.__doc__


def test_retry_after_as_a_date_lies_the_given_time_ahead() -> None:
    with Origin({"f.npz": DATA}, [faults.Status(503, 30, as_date=True)]) as origin:
        before = time.time()
        later = parsedate_to_datetime(ask(origin).headers["retry-after"]).timestamp()
        assert 30 <= later - int(before) <= 35


def test_redirect_chain_ends_in_the_file() -> None:
    with Origin({"f.npz": DATA}, [faults.RedirectChain(2)]) as origin:
        first = ask(origin)
        second = ask(origin, first.headers["location"])
        third = ask(origin, second.headers["location"])
        assert [first.status, second.status, third.status] == [302, 302, 200]
        assert third.body == DATA
        assert origin.requests[2].number == 3


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (faults.Gzip(), GZIP),
        (faults.Gzip(), {"Accept-Encoding": "br, *;q=0.1"}),
        (faults.Gzip(), {**GZIP, **RANGE}),
        (faults.Gzip(always=True), {"Accept-Encoding": "identity"}),
    ],
)
def test_gzip_is_really_applied_to_the_whole_file(fault: Fault, asked: dict[str, str]) -> None:
    with Origin({"f.npz": DATA}, [fault]) as origin:
        heard = ask(origin, headers=asked)
        assert heard.status == 200
        assert gzip.decompress(heard.body) == DATA
        assert heard.headers["content-encoding"] == "gzip"
        assert heard.headers["content-length"] == str(len(heard.body))
        assert heard.headers["etag"] == f"W/{ETAG}"
        assert "accept-ranges" not in heard.headers


def test_mislabelled_bytes_do_not_decode() -> None:
    with Origin({"f.npz": DATA}, [faults.Mislabelled()]) as origin, pytest.raises(zlib.error):
        zlib.decompress(ask(origin).body, wbits=31)


@pytest.mark.parametrize(
    ("kind", "at", "heard"),
    [
        (faults.StallAfter, 3000, DATA[:3000]),
        (faults.StallAfter, 0, b"\r\n\r\n"),
        (faults.StallHead, 17, b"HTTP/1.1 200 OK\r\n"),
        (faults.Delay, None, b""),
    ],
)
def test_stall_is_silence_after_exactly_so_many_bytes(kind: Callable[..., Fault], at: int | None, heard: bytes) -> None:
    order = (60,) if at is None else (at, 60) if kind is faults.StallAfter else (60, at)
    with Origin({"f.npz": DATA}, [kind(*order)]) as origin:
        with socket.create_connection(address(origin), timeout=10) as client:
            client.sendall(b"GET /f.npz HTTP/1.1\r\n\r\n")
            raw = b""
            while not raw.endswith(heard):
                raw += client.recv(65536)
            client.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.recv(1)
        assert raw.endswith(heard)


@pytest.mark.parametrize("fault", [faults.StallAfter(3000, 0.1), faults.StallHead(0.1), faults.Delay(0.1)], ids=repr)
def test_stall_is_followed_by_the_rest(fault: Fault) -> None:
    with Origin({"f.npz": DATA}, [fault]) as origin:
        heard = ask(origin)
        assert (heard.status, heard.body) == (200, DATA)
        assert heard.pieces[-1][0] >= 0.1


@pytest.mark.parametrize(
    ("fault", "raw", "ending"),
    [
        (faults.NoAnswer(), b"", "fin"),
        (faults.NoAnswer(with_rst=True), b"", "rst"),
        (faults.Garbage(b"\0\1\2 nothing"), b"\0\1\2 nothing", "fin"),
        (faults.TruncatedHead(), b"HTTP/1.1 ", "fin"),
        (faults.TruncatedHead(3), b"HTT", "fin"),
    ],
    ids=repr,
)
def test_no_status_is_sent(fault: Fault, raw: bytes, ending: str) -> None:
    with Origin({"f.npz": DATA}, [fault]) as origin:
        heard = ask(origin)
        assert (heard.raw, heard.ending) == (raw, ending)
        assert origin.requests[0].status is None
        assert origin.bytes_sent() == 0


def test_headers_have_no_end() -> None:
    with Origin({"f.npz": DATA}, [faults.EndlessHeaders()]) as origin:
        with socket.create_connection(address(origin), timeout=10) as client:
            client.sendall(b"GET /f.npz HTTP/1.1\r\n\r\n")
            heard = b""
            while len(heard) < 500_000:
                heard += client.recv(65536)
        assert b"\r\n\r\n" not in heard
        assert heard.startswith(b"HTTP/1.1 200 OK\r\nX-Practice-0: ")
        assert origin.settle()


@pytest.mark.parametrize(("count", "status"), [(1, 103), (3, 100)])
def test_interim_responses_come_first(count: int, status: int) -> None:
    with Origin({"f.npz": DATA}, [faults.Interim(count, status)]) as origin:
        *interim, head, body = ask(origin).raw.split(b"\r\n\r\n", count + 1)
        assert [part.split(b" ")[1] for part in interim] == [b"%d" % status] * count
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert body == DATA
        assert origin.requests[0].status == 200


def test_drip_pauses_between_pieces() -> None:
    with Origin({"f.npz": DATA}, [faults.Drip(2500, 0.03)]) as origin:
        heard = ask(origin)
        assert heard.body == DATA
        assert heard.pieces[-1][0] >= 3 * 0.03
        told = list(faults.Drip(2, 0.5).on_wire(steps(), make_page(origin.requests[0], 200, b"")))
        pause = Wait(0.5)
        assert told[1:] == [Body(b"ab"), pause, Body(b"c"), pause, Body(b"de"), pause, Body(b"f")]


def test_rate_is_kept_on_a_connection() -> None:
    with Origin({"f.npz": DATA}, [faults.RateLimit(100_000)]) as origin:
        heard = ask(origin)
        assert heard.body == DATA
        assert heard.pieces[-1][0] >= 0.079  # all but the first 50th of a second's worth has to wait


def test_rate_is_shared_by_all_connections_of_a_client() -> None:
    with Origin({"f.npz": DATA}, [faults.RateLimit(200_000, per_client=True)]) as origin:
        heard: list[Heard] = []
        threads = [threading.Thread(target=lambda: heard.append(ask(origin))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [h.body for h in heard] == [DATA, DATA]
        first = min(request.started for request in origin.requests)
        assert origin.settle()
        assert max(request.finished or 0 for request in origin.requests) - first >= 0.079


@pytest.mark.skipif(sys.platform != "linux", reason="counts segments with Linux's TCP_INFO")
def test_segments_are_tiny() -> None:
    with Origin({"f.npz": DATA}, [faults.TinySegments(7)]) as origin:
        with socket.create_connection(address(origin), timeout=10) as client:
            client.sendall(b"GET /f.npz HTTP/1.1\r\nRange: bytes=0-6999\r\nConnection: close\r\n\r\n")
            raw = b""
            while piece := client.recv(65536):
                raw += piece
            info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        # struct tcp_info of linux/tcp.h has tcpi_data_segs_in at 152; a kernel may join a few under load.
        assert int.from_bytes(info[152:156], sys.byteorder) > 20
        assert raw.endswith(DATA[6990:7000])
        assert raw.startswith(b"HTTP/1.1 206 ")


@pytest.mark.parametrize(
    "fault",
    [faults.CloseAfterAnswer(announced=False), faults.WrongLength(100), faults.Chunked("missing")],
    ids=repr,
)
def test_some_close_without_saying_so(fault: Fault) -> None:
    with Origin({"f.npz": DATA}, [fault]) as origin:
        with socket.create_connection(address(origin), timeout=10) as client:
            client.sendall(b"GET /f.npz HTTP/1.1\r\n\r\n")
            raw = b""
            while piece := client.recv(65536):
                raw += piece
        assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\nConnection: " not in raw


def test_surplus_bytes_come_before_the_next_answer() -> None:
    with Origin({"f.npz": DATA}, [faults.WrongLength(-5, times=1)]) as origin:
        with socket.create_connection(address(origin), timeout=10) as client:
            client.sendall(b"GET /f.npz HTTP/1.1\r\n\r\nHEAD /f.npz HTTP/1.1\r\nConnection: close\r\n\r\n")
            raw = b""
            while piece := client.recv(65536):
                raw += piece
        _, _, rest = raw.partition(b"\r\n\r\n")
        assert rest[9995:].startswith(DATA[-5:] + b"HTTP/1.1 200 OK\r\n")


def test_faults_combine_in_their_order() -> None:
    together = [faults.FlippedBit(4100, 3), faults.Chunked(size=6000), faults.CutAfter(7000, with_rst=True)]
    with Origin({"f.npz": DATA}, together) as origin:
        heard = ask(origin)
        assert heard.body == b"1770\r\n" + FLIPPED[:6000] + b"\r\nfa0\r\n" + FLIPPED[6000:7000]
        assert heard.ending == "rst"
        assert origin.bytes_sent() == 7000


def steps() -> Steps:
    yield Head(b"head", 200)
    yield Body(b"abc")
    yield Body(b"def")


@pytest.mark.parametrize(
    ("at", "want"),
    [
        (0, [Head(b"head", 200), Wait(1), Body(b"abc"), Body(b"def")]),
        (2, [Head(b"head", 200), Body(b"ab"), Wait(1), Body(b"c"), Body(b"def")]),
        (3, [Head(b"head", 200), Body(b"abc"), Wait(1), Body(b"def")]),
        (5, [Head(b"head", 200), Body(b"abc"), Body(b"de"), Wait(1), Body(b"f")]),
        (6, [Head(b"head", 200), Body(b"abc"), Body(b"def")]),
        (9, [Head(b"head", 200), Body(b"abc"), Body(b"def")]),
    ],
)
def test_interruption_comes_after_exactly_so_many_body_bytes(at: int, want: list[object]) -> None:
    assert list(interrupt(steps(), at, Wait(1))) == want


def test_split_cuts_only_the_kinds_it_is_given() -> None:
    assert list(split(steps(), 2)) == [
        Head(b"head", 200),
        *(Body(part) for part in (b"ab", b"c", b"de", b"f")),
    ]
    assert list(split(steps(), 3, (Head,)))[:2] == [Head(b"hea", 200), Head(b"d", 200)]


def test_pace_grants_one_after_the_other() -> None:
    pace = Pace()
    waits = [pace.reserve(10) for _ in range(3)]
    assert waits[0] == 0
    assert waits == pytest.approx([0, 10, 20], abs=1)
