"""A fetch ends with the right bytes or with the true cause, and within bounds."""

from __future__ import annotations

import errno
import pickle
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network import DATA, PIECE, QUICK, Errand, FakeClock, dead_port, fetch, wanted
from steadyset.errors import (
    DigestError,
    DiskFullError,
    FetchError,
    HTTPStatusError,
    NoSourceError,
    NotTheFileError,
    SteadysetError,
    TimeLimitError,
)
from steadyset.practice import faults
from steadyset.practice.faults import Fault
from steadyset.practice.origin import Origin
from steadyset.practice.wire import Answer
from steadyset.store.layout import Layout
from steadyset.store.partials import Partial
from steadyset.store.writing import coded
from steadyset.transport.engine import SystemClock
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Event, Wanted

SIZE = len(DATA)
HALF = SIZE // 2
NAME = "file.bin"


def served(*set_faults: Fault, data: bytes = DATA) -> Origin:
    return Origin({NAME: data}, set_faults)


class Case(NamedTuple):
    """A misbehaviour that one source may have without costing the file."""

    name: str
    faults: Sequence[Fault]
    most: float  # bytes sent over the size of the file
    pieces: bool | None = None  # None: with and without


def flip(times: int | None = None) -> Fault:
    return faults.FlippedBit(7 * PIECE + 3, times=times)


SURVIVED = [
    Case("nothing", [], 1.0),
    Case("cut", [faults.CutAfter(HALF, times=1)], 1.1),
    Case("cut with a reset", [faults.CutAfter(HALF, with_rst=True, times=1)], 1.1),
    Case("cut again and again", [faults.CutAfter(9999)], 1.1),
    Case("reset again and again", [faults.CutAfter(9999, with_rst=True)], 1.1),
    Case("cut, chunked", [faults.CutAfter(40_000), faults.Chunked()], 1.1),
    Case("cut, no validators", [faults.CutAfter(40_000), faults.Validators("none", last_modified=False)], 1.1),
    Case("cut, weak validators", [faults.CutAfter(40_000), faults.Validators("weak")], 1.1),
    Case("cut, a fresh ETag each time", [faults.CutAfter(HALF, times=1), faults.Validators("fresh")], 2.1),
    Case("no ranges", [faults.NoRanges()], 1.0),
    Case("no ranges, cut", [faults.NoRanges(advertised=True), faults.CutAfter(HALF, times=2)], 2.1),
    Case("no answer at first", [faults.NoAnswer(times=2)], 1.0),
    Case("a reset at first", [faults.NoAnswer(with_rst=True, times=2)], 1.0),
    Case("503", [faults.Status(503, times=3)], 1.0),
    Case("503, retry in no time", [faults.Status(503, 0, times=3)], 1.0),
    Case("500 in the middle", [faults.CutAfter(HALF, times=1), faults.Status(500, after=1, times=2)], 1.1),
    Case("429, with a date", [faults.Status(429, 0, as_date=True, times=2)], 1.0),
    Case("408", [faults.Status(408, times=2)], 1.0),
    Case("not HTTP", [faults.Garbage(times=2)], 1.0),
    Case("half a head", [faults.TruncatedHead(times=2)], 1.0),
    Case("a flipped bit once", [flip(times=1)], 1.15, pieces=True),
    Case("a flipped bit once, no pieces", [flip(times=1)], 2.0, pieces=False),
    Case("truncated once", [faults.Truncated(HALF, times=1)], 1.1),
    Case("appended", [faults.Appended(b"x" * 5000)], 1.1),
    Case("appended, cut", [faults.Appended(b"x" * 5000), faults.CutAfter(60_000)], 1.1, pieces=True),
    Case("empty once", [faults.Empty(times=1)], 1.0),
    Case("a wrong offset", [faults.CutAfter(HALF, times=1), faults.RangeShifted(-100)], 2.0),
    Case("a lying offset", [faults.CutAfter(HALF, times=1), faults.RangeShifted(9, lying=True)], 4.1),
    Case("no Content-Range", [faults.CutAfter(HALF, times=1), faults.RangeUnlabelled()], 2.0),
    Case("multipart", [faults.CutAfter(HALF, times=1), faults.RangeMultipart()], 2.1),
    Case("416", [faults.CutAfter(HALF, times=1), faults.RangeRefused()], 2.0),
    Case("gzip on the fly", [faults.Gzip(always=True)], 1.1),
    Case("gzip on the fly, cut", [faults.Gzip(always=True), faults.CutAfter(HALF, times=1)], 2.1),
    Case("mislabelled, cut", [faults.Mislabelled(), faults.CutAfter(HALF)], 1.1),
    Case("chunked, no end", [faults.Chunked("missing")], 1.0),
    Case("chunked, garbage", [faults.Chunked("garbage", times=1)], 1.1),
    Case("redirected", [faults.RedirectChain(8)], 1.1),
    Case("too long a length", [faults.WrongLength(+1000)], 1.0),
    Case("too short a length once", [faults.WrongLength(-1000, times=1)], 1.1),
    Case("closed after each answer", [faults.CloseAfterAnswer(announced=False), faults.CutAfter(HALF)], 1.1),
    Case("interim answers", [faults.Interim(3)], 1.0),
    Case("tiny segments", [faults.TinySegments(500)], 1.0),
    Case("a portal comes and goes", [faults.CutAfter(HALF, times=1)], 1.1),
]
EACH = [
    pytest.param(case, pieces, id=f"{case.name}-{'pieces' if pieces else 'whole'}")
    for case in SURVIVED
    for pieces in (True, False)
    if case.pieces in (None, pieces)
]


@pytest.mark.parametrize(("case", "pieces"), EACH)
def test_one_misbehaving_source_gives_the_file(case: Case, *, pieces: bool) -> None:
    with served(*case.faults) as origin:
        got = fetch(wanted(pieces=pieces), origin.url_of(NAME))
        origin.settle()
        assert got.data == DATA
        assert origin.bytes_sent() <= case.most * SIZE + 8000  # the small pages of refusals
        assert got.events[-1].kind == "done"
        assert got.codes[-1] is None


OFFSETS = [1, 2, 1023, 1024, 1025, PIECE - 1, PIECE, PIECE + 1, 65535, 65536, 65537, SIZE - 1]


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("with_rst", [True, False])
def test_a_cut_anywhere_costs_nothing(offset: int, *, with_rst: bool) -> None:
    for pieces in (True, False):
        with served(faults.CutAfter(offset, with_rst=with_rst, times=1)) as origin:
            assert fetch(wanted(pieces=pieces), origin.url_of(NAME)).data == DATA
            origin.settle()
            assert origin.bytes_sent() <= 1.1 * SIZE


@pytest.mark.parametrize("step", [100, 1000, 1024])
def test_a_few_bytes_at_a_time_are_progress(step: int) -> None:
    data = DATA[: 60 * step]
    for pieces in (True, False):
        with served(faults.CutAfter(step), data=data) as origin:
            got = fetch(wanted(data, pieces=pieces), origin.url_of(NAME), limits=QUICK._replace(backoff=0.0))
            assert got.data == data
            assert len(got.fetch.attempts) <= 61


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(0, 30_000), max_size=6),
    pieces=st.booleans(),
    known=st.booleans(),
    odd=st.sampled_from([None, faults.NoRanges(), faults.Chunked(), faults.Validators("weak"), flip(1)]),
)
def test_any_mixture_gives_the_file_or_an_error(cuts: list[int], pieces: bool, known: bool, odd: Fault | None) -> None:
    data = DATA[:30_000]
    several = [faults.CutAfter(n, after=k, times=1) for k, n in enumerate(cuts)]
    with served(*several, *([odd] if odd else []), data=data) as origin:
        file = wanted(data, pieces=pieces and known, size=known)
        try:
            got = fetch(file, origin.url_of(NAME), limits=QUICK._replace(backoff=0.0))
        except (FetchError, DigestError):
            assert odd or len(cuts) > 3
            return
        assert got.data == data


class Changing(NamedTuple):
    validators: Fault
    digest: bool
    before: bool  # the digest is that of the file before the change


CHANGES = [
    Changing(faults.Validators(), digest=True, before=False),
    Changing(faults.Validators("none"), digest=True, before=False),
    Changing(faults.Validators("none", last_modified=False), digest=True, before=False),
    Changing(faults.Validators(), digest=False, before=False),
    Changing(faults.Validators("none"), digest=False, before=False),
    Changing(faults.Validators("weak", last_modified=False), digest=False, before=False),
    Changing(faults.Validators("none", last_modified=False), digest=False, before=False),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_half_way_is_not_mixed(change: Changing) -> None:
    new = bytes(reversed(DATA))
    replaced = faults.Replaced(new, after=1)
    with served(replaced, change.validators, faults.CutAfter(HALF, times=1)) as origin:
        file = wanted(new, pieces=False, digest=change.digest)
        assert fetch(file, origin.url_of(NAME)).data == new


@pytest.mark.parametrize("pieces", [True, False])
def test_a_file_that_is_no_longer_the_recorded_one_is_refused(*, pieces: bool) -> None:
    with served(faults.Replaced(bytes(reversed(DATA)), after=1), faults.CutAfter(HALF, times=1)) as origin:
        with pytest.raises(DigestError) as caught:
            fetch(wanted(pieces=pieces), origin.url_of(NAME))
        assert caught.value.code == "SS203"
        assert origin.bytes_sent() <= 3.2 * SIZE


def test_a_lying_source_is_found_out_after_a_piece() -> None:
    with served(faults.FlippedBit(5)) as origin:
        with pytest.raises(DigestError):
            fetch(wanted(), origin.url_of(NAME))
        assert len(origin.requests) == 2


@pytest.mark.parametrize("pieces", [True, False])
def test_a_second_source_makes_good_what_the_first_gets_wrong(*, pieces: bool) -> None:
    bad = [flip(), faults.Portal(), faults.Truncated(HALF), faults.Status(403), faults.Appended(b"x")]
    for fault in bad:
        with served(fault) as first, served() as second:
            got = fetch(wanted(pieces=pieces), first.url_of(NAME), second.url_of(NAME))
            assert got.data == DATA


def test_pieces_of_several_sources_make_one_file() -> None:
    with served(faults.CutAfter(HALF), faults.Status(403, after=1)) as first, served() as second:
        got = fetch(wanted(), first.url_of(NAME), second.url_of(NAME))
        assert got.data == DATA
        first.settle()
        second.settle()
        assert first.bytes_sent() + second.bytes_sent() <= 1.1 * SIZE
        assert [a.status for a in got.fetch.attempts] == [200, 206]


def test_an_honest_source_is_not_blamed_for_the_half_piece_of_another() -> None:
    # The first source flips a bit in every piece and stops in the middle of each.
    with (
        served(faults.FlippedBit(3), faults.FlippedBit(2 * PIECE + 3), faults.CutAfter(PIECE // 2)) as first,
        served(faults.CutAfter(2 * PIECE)) as second,
    ):
        got = fetch(wanted(), first.url_of(NAME), second.url_of(NAME))
        assert got.data == DATA


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_moves_on_at_once(status: int) -> None:
    with served(faults.Status(status)) as first, served() as second:
        fetch(wanted(), first.url_of(NAME), second.url_of(NAME))
        assert len(first.requests) == 1


def test_a_failing_source_makes_way_at_once() -> None:
    with served(faults.Status(503, 60)) as first, served() as second:
        clock = FakeClock()
        fetch(wanted(), first.url_of(NAME), second.url_of(NAME), clock=clock)
        assert clock.slept == []


@pytest.mark.parametrize(("seconds", "slept"), [(7, 7.0), (1000, 60.0)])
def test_retry_after_is_heeded_up_to_the_longest_wait(seconds: float, slept: float) -> None:
    clock = FakeClock()
    with served(faults.Status(429, seconds, times=1)) as origin:
        limits = QUICK._replace(longest_wait=60.0, total=3600.0)
        got = fetch(wanted(), origin.url_of(NAME), clock=clock, limits=limits)
    assert clock.slept == [slept]
    assert "is asked again" in next(e.text for e in got.events if e.kind == "wait")


def test_retry_after_may_be_a_date() -> None:
    clock = FakeClock(time.time())
    with served(faults.Status(503, 30, as_date=True, times=1)) as origin:
        limits = QUICK._replace(longest_wait=60.0, total=3600.0)
        fetch(wanted(), origin.url_of(NAME), clock=clock, limits=limits)
    assert 25 < clock.slept[0] <= 32


def test_the_waits_grow_with_each_failure() -> None:
    clock = FakeClock()
    limits = QUICK._replace(backoff=1.0, longest_wait=60.0, tries=6, total=3600.0)
    with served(faults.Status(500)) as origin, pytest.raises(HTTPStatusError):
        fetch(wanted(), origin.url_of(NAME), clock=clock, limits=limits)
    assert len(clock.slept) == 5
    assert clock.slept == sorted(clock.slept)
    assert clock.slept[-1] >= 8


def test_one_cause_is_raised_as_itself_with_every_attempt() -> None:
    with served(faults.Status(503)) as first, served(faults.Status(502)) as second:
        with pytest.raises(HTTPStatusError) as caught:
            fetch(wanted(), first.url_of(NAME), second.url_of(NAME))
        error = caught.value
        assert (error.code, len(error.attempts)) == ("SS134", 8)
        assert second.url_of(NAME) in {e.label for e in error.evidence}
        assert {a.source for a in error.attempts} == {first.url_of(NAME), second.url_of(NAME)}


def test_different_causes_are_raised_together() -> None:
    refused = f"http://127.0.0.1:{dead_port()}/{NAME}"
    with served(faults.Portal()) as origin, pytest.raises(NoSourceError) as caught:
        fetch(wanted(), origin.url_of(NAME), refused)
    error: NoSourceError = pickle.loads(pickle.dumps(caught.value))
    assert error.code == "SS137"
    assert isinstance(error.failures, ExceptionGroup)
    assert [getattr(e, "code", None) for e in error.failures.exceptions] == ["SS135", "SS103"]
    assert len(error.attempts) == 3
    assert "SS135" in str(error)
    assert "SS103" in str(error)


def test_no_source_at_all_is_an_error() -> None:
    with pytest.raises(HTTPStatusError, match="no source"):
        fetch(wanted())


@pytest.mark.parametrize("code", ["SS101", "SS103"])
def test_a_source_that_was_never_reached_is_tried_twice(code: str) -> None:
    url = "http://steadyset.invalid/f" if code == "SS101" else f"http://127.0.0.1:{dead_port()}/f"
    errand = Errand(wanted(), [url])
    with pytest.raises(FetchError) as caught:
        errand.run()
    assert caught.value.code == code
    assert len(errand.fetch.attempts) == 2


def test_a_source_that_delivered_before_is_waited_for() -> None:
    origin = served(faults.CutAfter(HALF))
    origin.__enter__()
    errand = Errand(wanted(), [origin.url_of(NAME)])

    def stop(event: Event) -> None:
        if event.kind == "advance" and event.done == HALF:
            origin.__exit__(None, None, None)

    errand.told = stop
    with pytest.raises(FetchError):
        errand.run()
    assert [a.code for a in errand.fetch.attempts] == ["SS107", *["SS103"] * QUICK.tries]


def test_an_endless_failure_ends_at_the_total_limit() -> None:
    clock = FakeClock()
    with served(faults.Status(503)) as origin:
        limits = QUICK._replace(total=100.0, tries=1000, backoff=10.0, longest_wait=30.0)
        with pytest.raises(TimeLimitError) as caught:
            fetch(wanted(), origin.url_of(NAME), clock=clock, limits=limits)
    assert caught.value.code == "SS109"
    assert sum(clock.slept) < 100
    assert 4 <= len(caught.value.attempts) <= 30
    assert "SS134" in str(caught.value)


def test_a_drip_ends_at_the_total_limit_too() -> None:
    begun = time.monotonic()
    with served(faults.Drip(10, 0.01)) as origin, pytest.raises(TimeLimitError) as caught:
        fetch(wanted(), origin.url_of(NAME), limits=QUICK._replace(total=0.4))
    assert time.monotonic() - begun < 3
    assert [a.code for a in caught.value.attempts][-1] == "SS109"
    assert caught.value.attempts[-1].bytes > 0


@pytest.mark.parametrize("fault", [faults.Delay(9), faults.StallAfter(HALF, 9), faults.StallHead(9)])
def test_the_total_limit_holds_where_the_idle_limit_is_longer(fault: Fault) -> None:
    begun = time.monotonic()
    with served(fault) as origin, pytest.raises(TimeLimitError):
        fetch(wanted(), origin.url_of(NAME), limits=QUICK._replace(total=0.4))
    assert time.monotonic() - begun < 3


def test_a_drip_makes_way_for_a_source_that_flows() -> None:
    with served(faults.Drip(10, 0.01)) as first, served() as second:
        limits = QUICK._replace(idle=0.3, slowest=5000.0)
        got = fetch(wanted(), first.url_of(NAME), second.url_of(NAME), limits=limits)
    assert got.data == DATA
    assert got.codes == ["SS106", None]


def test_silence_is_a_stall_and_the_rest_is_fetched() -> None:
    with served(faults.StallAfter(HALF, 9, times=1)) as origin:
        got = fetch(wanted(), origin.url_of(NAME), limits=QUICK._replace(idle=0.2))
        assert got.codes == ["SS106", None]
        assert origin.bytes_sent() <= 1.1 * SIZE


def test_a_server_without_ranges_that_always_cuts_is_given_up() -> None:
    with served(faults.NoRanges(), faults.CutAfter(HALF)) as origin:
        with pytest.raises(FetchError) as caught:
            fetch(wanted(), origin.url_of(NAME))
        assert caught.value.code == "SS107"
        assert len(origin.requests) <= 6


def test_lost_and_found_again_is_no_progress() -> None:
    # Cut in the middle of a piece that is always bad: each second try brings bytes that are lost again.
    with served(faults.FlippedBit(3), faults.CutAfter(PIECE * 3 // 4)) as origin:
        with pytest.raises(SteadysetError):
            fetch(wanted(), origin.url_of(NAME))
        assert len(origin.requests) <= 14


def test_a_file_that_changes_with_every_request_is_given_up() -> None:
    with served(faults.Validators("fresh"), faults.CutAfter(HALF)) as origin:
        with pytest.raises(FetchError):
            fetch(wanted(pieces=False), origin.url_of(NAME))
        assert len(origin.requests) <= 12


@pytest.mark.parametrize("pieces", [True, False])
@pytest.mark.parametrize("digest", [True, False])
def test_a_later_process_goes_on(tmp_path: Path, *, pieces: bool, digest: bool) -> None:
    layout, key = Layout(str(tmp_path)), "ab" * 32
    file = wanted(pieces=pieces, digest=digest)
    with served(faults.CutAfter(HALF, times=1), faults.Status(403, after=1, times=1)) as origin:
        with Partial(layout, key, NAME) as partial, pytest.raises(HTTPStatusError):
            fetch(file, origin.url_of(NAME), sink=partial)
        with Partial(layout, key, NAME) as partial:
            got = fetch(file, origin.url_of(NAME), sink=partial)
        origin.settle()
        assert got.data == DATA
        assert origin.bytes_sent() <= 1.1 * SIZE


def test_a_strangers_half_file_is_continued() -> None:
    sink = MemorySink()
    sink.write_at(0, DATA[:HALF])
    sink.write_at(5 * PIECE // 2, b"damage")
    with served() as origin:
        assert fetch(wanted(), origin.url_of(NAME), sink=sink).data == DATA
        origin.settle()
        assert origin.bytes_sent() <= SIZE - HALF + PIECE + 10


def test_a_complete_copy_asks_nobody() -> None:
    sink = MemorySink()
    sink.write_at(0, DATA)
    got = fetch(wanted(), f"http://127.0.0.1:{dead_port()}/f", sink=sink)
    assert got.fetch.attempts == []


@pytest.mark.parametrize("pieces", [True, False])
def test_a_wrong_copy_of_the_right_size_is_replaced(*, pieces: bool) -> None:
    sink = MemorySink()
    sink.write_at(0, bytes(SIZE))
    with served() as origin:
        assert fetch(wanted(pieces=pieces), origin.url_of(NAME), sink=sink).data == DATA


def test_pieces_that_contradict_the_digest_are_the_manifests_fault() -> None:
    with served() as origin, pytest.raises(DigestError, match="recorded file"):
        fetch(wanted()._replace(sha256="00" * 32), origin.url_of(NAME))


class FullDisk(MemorySink):
    """A sink with room for a part of the file."""

    def write_at(self, offset: int, data: bytes | memoryview) -> None:
        if offset + len(data) > HALF:
            with coded("/store/partial"):
                raise OSError(errno.ENOSPC, "No space left on device")
        super().write_at(offset, data)


def test_a_full_disk_is_no_fault_of_the_network() -> None:
    with served() as origin:
        errand = Errand(wanted(), [origin.url_of(NAME)] * 2, sink=FullDisk())
        with pytest.raises(DiskFullError) as caught:
            errand.run()
        assert caught.value.code == "SS208"
        assert len(origin.requests) == 1
        assert [a.code for a in errand.fetch.attempts] == ["SS208"]


def test_a_full_disk_is_no_fault_of_a_directory_either(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(DATA)
    errand = Errand(wanted(), [str(tmp_path / NAME)] * 2, sink=FullDisk())
    with pytest.raises(DiskFullError):
        errand.run()
    assert len(errand.fetch.attempts) == 1


def test_a_directory_and_a_server_make_one_file(tmp_path: Path) -> None:
    damaged = bytearray(DATA)
    damaged[4 * PIECE] ^= 1
    (tmp_path / NAME).write_bytes(damaged)
    with served() as origin:
        got = fetch(wanted(), str(tmp_path / NAME), origin.url_of(NAME))
        assert got.data == DATA
        assert got.codes == ["SS203", None]


def test_a_missing_mirror_file_makes_way(tmp_path: Path) -> None:
    with served() as origin:
        got = fetch(wanted(), str(tmp_path / "none"), origin.url_of(NAME))
        assert got.codes == ["SS132", None]


def test_a_remote_source_is_never_asked_without_a_client() -> None:
    errand = Errand(wanted(), ["http://127.0.0.1:9/f"])
    errand.fetch._client = None
    with pytest.raises(TypeError):
        errand.run()


def test_unusable_settings_do_not_stop_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://proxy")
    (tmp_path / NAME).write_bytes(DATA)
    got = fetch(wanted(), "http://127.0.0.1:9/f", str(tmp_path / NAME))
    assert got.codes == ["SS111", None]


def test_the_listener_sees_the_fetch_go_on() -> None:
    with served(faults.CutAfter(HALF), faults.Status(403, after=1)) as first, served() as second:
        got = fetch(wanted(), first.url_of(NAME), second.url_of(NAME))
    kinds = [event.kind for event in got.events]
    assert kinds[0] == "start"
    assert kinds[-1] == "done"
    done = [event.done for event in got.events if event.kind == "advance"]
    assert done == sorted(done)
    assert done[-1] == SIZE
    assert {event.total for event in got.events} == {SIZE}


def test_giving_up_a_source_is_told_with_the_reason() -> None:
    with served(faults.Portal()) as first, served() as second:
        got = fetch(wanted(), first.url_of(NAME), second.url_of(NAME))
        abandoned = [e for e in got.events if e.kind == "abandon"]
        assert [e.source for e in abandoned] == [first.url_of(NAME)]
    assert "login page" in abandoned[0].text


def test_attempts_record_what_happened() -> None:
    with served(faults.CutAfter(HALF, times=1)) as origin:
        got = fetch(wanted(), origin.url_of(NAME))
    first, second = got.fetch.attempts
    assert (first.bytes, first.resumed_from, first.status, first.code) == (HALF, 0, 200, "SS107")
    assert (second.bytes, second.resumed_from, second.status, second.code) == (SIZE - HALF, HALF, 206, None)
    assert first.started == pytest.approx(time.time(), abs=60)
    assert got.fetch.fetched == SIZE
    assert "before the end" in first.said


def test_an_unverified_file_is_fetched_whole() -> None:
    with served() as origin:
        got = fetch(Wanted(NAME), origin.url_of(NAME))
        assert got.data == DATA


def test_more_than_a_file_can_be_is_not_read() -> None:
    with served() as origin, pytest.raises(NotTheFileError):
        fetch(Wanted(NAME, most_bytes=1000), origin.url_of(NAME))


def test_no_progress_without_an_error_ends_as_well() -> None:
    class Nothing(Fault):
        """Answers 206 with no byte of the range."""

        def on_answer(self, answer: Answer) -> Answer:
            if answer.span is None:
                return answer
            start = answer.span.start
            return answer.amended({"Content-Range": f"bytes {start}-{start - 1}/{SIZE}"}, body=b"")

    with served(faults.CutAfter(HALF, times=1), Nothing(), faults.NoRanges(ranged=False, after=1)) as origin:
        assert fetch(wanted(), origin.url_of(NAME)).data == DATA


def test_the_clock_of_this_machine_goes_forward() -> None:
    clock = SystemClock()
    before = clock.elapsed()
    clock.sleep(0.01)
    assert clock.elapsed() >= before + 0.009
    assert clock.now() == pytest.approx(time.time(), abs=5)
