from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steadyset import manifests
from steadyset.store.census import Item, census
from steadyset.store.layout import Layout
from steadyset.store.locking import hold
from steadyset.store.partials import Partial
from steadyset.store.pruning import Plan, carry_out, plan

DAY = 86400.0
KEY = "ab" * 32
MNIST = manifests.get("mnist")
HOLDER = """
import sys, time
from steadyset.store.layout import Layout
from steadyset.store.locking import hold
with hold(Layout(sys.argv[1]), sys.argv[2], patience=0) as held:
    print(held, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "store"))


def put(layout: Layout, *parts: str, age: float = 0.0) -> Path:
    path = Path(layout.root, *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(10))
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def unfinished(layout: Layout, *, age: float = 0.0) -> str:
    with Partial(layout, KEY, "f.npz") as partial:
        partial.write_at(0, bytes(100))
    moment = time.time() - age
    os.utime(partial.path, (moment, moment))
    return partial.path


def quarantined(layout: Layout, *, age: float) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - age))
    return put(layout, "quarantine", f"{stamp}-digest-mismatch-1-0123abcd-{KEY}")


def decided(layout: Layout, *, arrays: bool = False, everything: bool = False) -> Plan:
    return plan(layout, census(layout), arrays=arrays, everything=everything)


@pytest.mark.parametrize(("days", "goes"), [(0, False), (6.9, False), (7.1, True), (400, True)])
def test_unfinished_downloads_go_after_a_week(layout: Layout, days: float, goes: bool) -> None:
    unfinished(layout, age=days * DAY)
    assert bool(decided(layout).remove) is goes
    assert decided(layout, everything=True).remove


@pytest.mark.parametrize(("days", "goes"), [(0, False), (29.9, False), (30.1, True)])
def test_quarantined_files_go_after_a_month(layout: Layout, days: float, goes: bool) -> None:
    quarantined(layout, age=days * DAY)
    assert bool(decided(layout).remove) is goes
    assert decided(layout, everything=True).remove


@pytest.mark.parametrize(("seconds", "goes"), [(0, False), (3500, False), (3700, True)])
def test_leftovers_go_after_an_hour_and_never_before(layout: Layout, seconds: float, goes: bool) -> None:
    put(layout, "objects", "ab", f"{KEY}.77-0123abcd.tmp", age=seconds)
    assert bool(decided(layout).remove) is goes
    assert bool(decided(layout, everything=True).remove) is goes


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("arrays", [True, False])
def test_verified_files_and_what_is_not_ours_always_stay(layout: Layout, arrays: bool, everything: bool) -> None:
    put(layout, "objects", "ab", KEY, age=999 * DAY)
    put(layout, "objects", "ab", "notes.txt", age=999 * DAY)
    put(layout, "quarantine", "mine.txt", age=999 * DAY)
    put(layout, "store.json", age=999 * DAY)
    assert decided(layout, arrays=arrays, everything=everything) == Plan((), ())


def array_of(layout: Layout, name: str) -> Path:
    digest = MNIST.arrays[name].sha256
    return put(layout, "arrays", digest[:2], f"{digest}.npy")


def test_arrays_go_when_they_can_be_made_again(layout: Layout) -> None:
    path = array_of(layout, "x_train")
    assert not decided(layout).remove
    (kept,) = decided(layout, arrays=True).keep
    assert kept.why == "its files are not stored: it would be fetched again"
    assert decided(layout, arrays=True, everything=True).remove
    file = MNIST.recipes[0].files[0]
    with open(put(layout, "objects", file.sha256[:2], file.sha256), "wb") as stored:
        stored.truncate(file.size)
    assert [item.path for item in decided(layout, arrays=True).remove] == [str(path)]


def test_a_download_of_a_running_process_stays(layout: Layout) -> None:
    path = unfinished(layout, age=100 * DAY)
    before = decided(layout, everything=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, layout.root, KEY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "True\n"
        (kept,) = decided(layout, everything=True).keep
        assert kept.why == "a running process holds its lock"
        done = carry_out(layout, before)  # the lock was taken after the plan was made
        assert (done.removed, [k.why for k in done.kept]) == ((), ["a running process holds its lock"])
        assert os.path.exists(path)
    finally:
        holder.communicate("")
    assert [item.path for item in carry_out(layout, decided(layout)).removed] == [path]
    assert os.listdir(layout.partials) == []


def test_planning_takes_no_lock_that_was_not_there(layout: Layout) -> None:
    unfinished(layout, age=100 * DAY)
    assert decided(layout).remove
    assert not Path(layout.locks).exists()


def test_the_lock_is_free_afterwards(layout: Layout) -> None:
    unfinished(layout, age=100 * DAY)
    carry_out(layout, decided(layout))
    with hold(layout, KEY, patience=0) as held:
        assert held


def test_an_item_goes_with_its_companions(layout: Layout) -> None:
    path = array_of(layout, "y_test")
    seal = put(layout, "arrays", path.parent.name, f"{path.stem}.json")
    os.chmod(path, 0o444)
    done = carry_out(layout, decided(layout, arrays=True, everything=True))
    assert done.size == 20
    assert not path.exists()
    assert not seal.exists()


def test_what_is_gone_already_is_fine(layout: Layout) -> None:
    quarantined(layout, age=99 * DAY)
    before = decided(layout)
    for item in before.remove:
        os.unlink(item.path)
    assert carry_out(layout, before).failed == ()


def test_what_cannot_be_removed_is_told_and_the_rest_goes(layout: Layout, tmp_path: Path) -> None:
    stubborn = tmp_path / "stubborn"
    (stubborn / "full").mkdir(parents=True)  # a directory is not removed as a file
    good = quarantined(layout, age=99 * DAY)
    items = (Item("quarantined", str(stubborn), (), 1, 0.0), *decided(layout).remove)
    done = carry_out(layout, Plan(items, ()))
    assert [kept.item.path for kept in done.failed] == [str(stubborn)]
    assert str(stubborn) in done.failed[0].why
    assert not good.exists()
