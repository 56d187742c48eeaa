"""The files of one recipe come at the same time, and end together."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import tiny
from steadyset.errors import FetchError
from steadyset.loading.cold import load_cold
from steadyset.loading.fetching import fetch_with
from steadyset.loading.together import together
from steadyset.manifests import get
from steadyset.practice import faults
from steadyset.practice.origin import Origin
from steadyset.settings import Settings
from steadyset.transport.records import Limits

QUICK = Limits(connect=5, idle=5, total=20, backoff=0.01, longest_wait=0.05)


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def origin(data: tiny.Tiny) -> Iterator[Origin]:
    files = {name: data.files[name] for name in tiny.IDX.values()}
    with Origin(files, [faults.Delay(0.2, path="*.gz")]) as running:
        yield running


@pytest.fixture
def settings(origin: Origin, tmp_path: Path) -> Settings:
    return Settings(str(tmp_path / "home"), (origin.url,))


def at_once(origin: Origin) -> int:
    """Return how many answers for files were under way when the last of them began."""
    asked = [r for r in origin.requests if r.path.endswith(".gz")]
    last = max(r.started for r in asked)
    return sum(r.finished is not None and r.started <= last <= r.finished for r in asked)


def test_four_files_are_asked_for_at_the_same_time(data: tiny.Tiny, origin: Origin, settings: Settings) -> None:
    record = fetch_with(settings, data.name, limits=QUICK)
    origin.settle()
    assert record.recipe == "idx"
    assert [Path(p).read_bytes() for p in record.paths] == [data.files[n] for n in tiny.IDX.values()]
    assert at_once(origin) == 4
    assert sorted(a.source for a in record.attempts if a.code is None) == sorted(
        origin.url_of(n) for n in tiny.IDX.values()
    )


def test_a_load_does_the_same(data: tiny.Tiny, origin: Origin, settings: Settings) -> None:
    splits = load_cold(
        settings, get(data.name), [], verify="fast", progress=False, limits=QUICK, begun=time.perf_counter()
    )
    origin.settle()
    assert (splits.train.x == data.arrays["x_train"]).all()
    assert at_once(origin) == 4


def test_the_first_that_fails_ends_the_others_and_their_bytes_are_kept(
    data: tiny.Tiny, origin: Origin, settings: Settings
) -> None:
    size = len(data.files["tiny-x.idx.gz"])
    origin.set_faults(
        [faults.Status(404, path="*tiny-ty.idx.gz"), faults.StallAfter(size // 2, 60, path="*tiny-x.idx.gz")]
    )
    began = time.monotonic()
    with pytest.raises(FetchError):
        fetch_with(settings, data.name, limits=QUICK)
    assert time.monotonic() - began < QUICK.idle
    kept = list((Path(settings.home) / "partials").glob("*.part"))
    assert any(0 < path.stat().st_size <= size for path in kept)
    origin.set_faults([])
    origin.reset()
    fetch_with(settings, data.name, limits=QUICK)
    origin.settle()
    assert origin.bytes_sent("tiny-x.idx.gz") <= size * 0.6


def test_an_interrupt_ends_all_promptly(data: tiny.Tiny, origin: Origin, settings: Settings) -> None:
    origin.set_faults([faults.StallAfter(100, 60, path="*.gz")])
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetch_with(settings, data.name, limits=QUICK)
    timer.join()
    assert time.monotonic() - began < QUICK.idle
    assert not [t for t in threading.enumerate() if t.name.startswith("steadyset") and not t.daemon]


def test_one_alone_is_done_here() -> None:
    assert together([threading.current_thread], lambda: None) == [threading.current_thread()]


def test_what_each_returns_comes_in_order() -> None:
    def late(number: int) -> int:
        time.sleep(0.03 * (3 - number))
        return number

    assert together([partial(late, n) for n in range(3)], lambda: None) == [0, 1, 2]
