"""More connections where they make a file come faster, fewer where they do not, and hardly a byte twice."""

from __future__ import annotations

import random

import pytest

from network import PIECE, QUICK, Errand, sha256, wanted
from steadyset.practice import faults
from steadyset.practice.origin import Origin
from steadyset.transport.engine import StoppedError
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Event

NAME = "file.bin"
BIG = random.Random(6).randbytes(30 * PIECE + 777)
SIZE = len(BIG)
TRIAL = QUICK._replace(trial=0.05, large=20 * PIECE)
SLOW = faults.RateLimit(100_000)  # of each connection: the file would take five seconds

with_and_without = pytest.mark.parametrize("pieces", [True, False], ids=["pieces", "whole"])


def serving(*set_faults: faults.Fault) -> Origin:
    return Origin({NAME: BIG}, set_faults)


def most_at_once(origin: Origin) -> int:
    """Return how many answers were under way together at most."""
    asked = origin.requests
    return max(sum(r.started <= one.started < (r.finished or 1e12) for r in asked) for one in asked)


@with_and_without
def test_a_source_that_limits_each_connection_is_asked_on_several(*, pieces: bool) -> None:
    with serving(SLOW) as origin:
        got = Errand(wanted(BIG, pieces=pieces), [origin.url_of(NAME)], limits=TRIAL).run()
        origin.settle()
        assert got.data == BIG
        assert most_at_once(origin) >= 4
        assert len({r.connection for r in origin.requests}) <= 3 * TRIAL.connections
        assert origin.bytes_sent() <= 1.1 * SIZE
        assert set(got.codes) == {None}
        assert sum(a.bytes for a in got.fetch.attempts) <= 1.1 * SIZE


@with_and_without
def test_a_source_that_limits_each_client_is_asked_on_one_again(*, pieces: bool) -> None:
    with serving(faults.RateLimit(250_000, per_client=True)) as origin:
        limits = TRIAL._replace(trial=0.2)
        got = Errand(wanted(BIG, pieces=pieces), [origin.url_of(NAME)], limits=limits).run()
        origin.settle()
        assert got.data == BIG
        assert most_at_once(origin) <= 2
        assert len(origin.requests) <= 4
        assert origin.bytes_sent() <= 1.1 * SIZE


@pytest.mark.parametrize("status", [429, 503])
def test_a_source_that_refuses_a_second_connection_gets_none(status: int) -> None:
    with serving(faults.RateLimit(400_000), faults.Status(status, 1, ranged=True)) as origin:
        got = Errand(wanted(BIG), [origin.url_of(NAME)], limits=TRIAL).run()
        assert got.data == BIG
        assert [r.status for r in origin.requests] == [200, status]


def test_a_source_without_ranges_is_asked_once_more_at_most() -> None:
    with serving(faults.RateLimit(500_000), faults.NoRanges()) as origin:
        assert Errand(wanted(BIG), [origin.url_of(NAME)], limits=TRIAL).run().data == BIG
        origin.settle()
        assert len(origin.requests) <= 2
        assert origin.bytes_sent() <= 1.1 * SIZE


def test_what_is_fast_or_small_comes_on_one_connection() -> None:
    with serving() as fast, serving(faults.RateLimit(1_000_000)) as slow:
        for origin, limits in ((fast, TRIAL), (slow, TRIAL._replace(large=SIZE + 1))):
            assert Errand(wanted(BIG), [origin.url_of(NAME)], limits=limits).run().data == BIG
            assert len(origin.requests) == 1


def test_without_a_digest_nothing_is_put_together_from_several_answers() -> None:
    with serving(faults.RateLimit(1_000_000)) as one, serving() as other:
        file = wanted(BIG, pieces=False, digest=False)
        assert Errand(file, [one.url_of(NAME), other.url_of(NAME)], limits=TRIAL).run().data == BIG
        assert (len(one.requests), len(other.requests)) == (1, 0)


@with_and_without
def test_a_faster_source_takes_over_from_a_slow_one(*, pieces: bool) -> None:
    with serving(faults.RateLimit(50_000)) as slow, serving() as fast:
        limits = TRIAL._replace(large=2 * SIZE)
        got = Errand(wanted(BIG, pieces=pieces), [slow.url_of(NAME), fast.url_of(NAME)], limits=limits).run()
        slow.settle(), fast.settle()
        assert got.data == BIG
        assert len(slow.requests) == 1
        assert fast.bytes_sent() > 0.7 * SIZE
        assert slow.bytes_sent() + fast.bytes_sent() <= 1.1 * SIZE


def test_a_slower_one_beside_is_let_go() -> None:
    with serving(faults.RateLimit(400_000)) as first, serving(faults.RateLimit(20_000)) as second:
        limits = TRIAL._replace(large=2 * SIZE)
        got = Errand(wanted(BIG), [first.url_of(NAME), second.url_of(NAME)], limits=limits).run()
        first.settle(), second.settle()
        assert got.data == BIG
        assert second.bytes_sent() < 0.2 * SIZE
        assert first.bytes_sent() + second.bytes_sent() <= 1.15 * SIZE


def test_a_lying_source_beside_costs_no_file() -> None:
    lies = faults.FlippedBit(25 * PIECE)
    with serving(faults.RateLimit(250_000)) as slow, serving(lies) as liar:
        got = Errand(wanted(BIG), [slow.url_of(NAME), liar.url_of(NAME)], limits=TRIAL).run()
        assert sha256(got.data) == sha256(BIG)


@with_and_without
def test_what_several_connections_brought_is_resumed(*, pieces: bool) -> None:
    sink = MemorySink()
    with serving(SLOW) as origin:
        errand = Errand(wanted(BIG, pieces=pieces), [origin.url_of(NAME)], limits=TRIAL, sink=sink)

        def stop(event: Event) -> None:
            if event.done > 0.6 * SIZE:
                errand.fetch.stop()

        errand.told = stop
        with pytest.raises(StoppedError):
            errand.run()
        origin.settle()
        got = Errand(wanted(BIG, pieces=pieces), [origin.url_of(NAME)], limits=TRIAL, sink=sink).run()
        origin.settle()
        assert got.events[0].done > 0.3 * SIZE
        assert got.data == BIG
        assert origin.bytes_sent() <= (1.3 if pieces else 1.5) * SIZE
