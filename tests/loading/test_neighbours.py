"""Processes and threads that ask for the same data at the same time."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tiny
from mortality import Mother, Order, leftovers, wrong_things
from steadyset.loading.warm import load_with
from steadyset.practice.faults import TinySegments
from steadyset.practice.origin import Origin
from steadyset.settings import Settings
from steadyset.splits import Splits

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
CROWD = 16


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def mother() -> Iterator[Mother]:
    with Mother() as found:
        yield found


def digests(data: tiny.Tiny) -> dict[str, str]:
    return {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in data.arrays.items()}


@needs_fork
def test_a_crowd_makes_one_download(data: tiny.Tiny, home: Path, mother: Mother) -> None:
    with Origin({"tiny.npz": data.files["tiny.npz"]}) as origin:
        ends = mother.bear_many(Order("load", data.name, str(home), [origin.url]), CROWD)
        assert len(origin.requests) == 1
        assert origin.bytes_sent() == len(data.files["tiny.npz"])
    assert all(end.said["arrays"] == digests(data) for end in ends)
    assert {code for end in ends for code in end.said["codes"]} == set()
    assert not (home / "quarantine").exists()
    assert wrong_things(home) == leftovers(home) == []


@needs_fork
def test_when_the_one_downloading_is_killed_another_goes_on(
    data: tiny.Tiny, home: Path, mother: Mother, tmp_path: Path
) -> None:
    with Origin({"tiny.npz": data.files["tiny.npz"]}, faults=[TinySegments(4096)]) as origin:
        order = Order("load", data.name, str(home), [origin.url])
        steps = mother.bear(order._replace(home=str(tmp_path / "dry"))).steps
        origin.reset()
        ends = mother.bear_many(order._replace(die_at=steps // 4, once=str(tmp_path / "died")), CROWD)
        assert sum(end.killed for end in ends) == 1
        assert len(origin.requests) <= 2
    assert all(end.said["arrays"] == digests(data) for end in ends if not end.killed)
    assert wrong_things(home) == leftovers(home) == []


@needs_fork
@pytest.mark.parametrize("dying", [False, True], ids=["all live", "one dies"])
def test_with_locks_that_lie_the_result_is_right(
    data: tiny.Tiny, home: Path, mother: Mother, tmp_path: Path, dying: bool
) -> None:
    with Origin({"tiny.npz": data.files["tiny.npz"]}, faults=[TinySegments(4096)]) as origin:
        order = Order("load", data.name, str(home), [origin.url], lying=True)
        if dying:
            order = order._replace(die_at=30, once=str(tmp_path / "died"))
        ends = mother.bear_many(order, 6)
        last = mother.bear(Order("load", data.name, str(home), offline=True))
    assert all(end.said["arrays"] == digests(data) for end in [*ends, last] if not end.killed)
    assert wrong_things(home) == leftovers(home) == []


@needs_fork
def test_layers_are_read_by_all_and_written_by_none(
    data: tiny.Tiny, home: Path, mother: Mother, tmp_path: Path
) -> None:
    team = tmp_path / "team"
    load_with(Settings(str(team), (str(data.mirror(tmp_path / "mirror")),)), data.name)
    before = {path: path.lstat() for path in team.rglob("*")}
    ends = mother.bear_many(Order("load", data.name, str(home), layers=[str(team)], offline=True), 4)
    assert all(end.said["arrays"] == digests(data) for end in ends)
    after = {path: path.lstat() for path in team.rglob("*")}
    assert {p: (s.st_mtime_ns, s.st_ino) for p, s in after.items()} == {
        p: (s.st_mtime_ns, s.st_ino) for p, s in before.items()
    }


def same(splits: Splits, data: tiny.Tiny) -> bool:
    got = {"x_train": splits.train.x, "y_train": splits.train.y, "x_test": splits.test.x, "y_test": splits.test.y}
    return all(np.array_equal(got[name], array) for name, array in data.arrays.items())


def test_threads_share_one_download_of_each_dataset(data: tiny.Tiny, home: Path, tmp_path: Path) -> None:
    other = tiny.make(tmp_path / "other", seed=8)
    with Origin({"tiny.npz": data.files["tiny.npz"]}) as one, Origin({"tiny.npz": other.files["tiny.npz"]}) as two:
        wrong: list[object] = []

        def work(asked: tiny.Tiny, url: str) -> None:
            try:
                splits = load_with(Settings(str(home), (url,)), asked.name)
                if not same(splits, asked):
                    wrong.append("other arrays")
                for split in splits:
                    split.x[:] = 0  # private to each
            except BaseException as error:
                wrong.append(error)

        both = [(data, one.url), (other, two.url)]
        threads = [threading.Thread(target=work, args=both[number % 2]) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(one.requests) == len(two.requests) == 1
    assert wrong_things(home) == leftovers(home) == []


CHILDREN = """
import multiprocessing, os, sys
from steadyset.loading.warm import load_with
from steadyset.settings import Settings

def load():
    return load_with(Settings(sys.argv[1], offline=True), sys.argv[2])

def spawned(home, name, queue):
    queue.put(int(load_with(Settings(home, offline=True), name).train.x.sum()))

if __name__ == "__main__":
    splits = load()
    total = int(splits.train.x.sum())
    if hasattr(os, "fork"):
        child = os.fork()
        if child == 0:
            right = int(splits.train.x.sum()) == total
            splits.train.x[:] = 7
            right &= int(load().train.x.sum()) == total
            os._exit(0 if right else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert int(splits.train.x.sum()) == total
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=spawned, args=(sys.argv[1], sys.argv[2], queue))
    process.start()
    assert queue.get(timeout=60) == total
    process.join()
"""


def test_children_of_a_process_that_has_loaded(data: tiny.Tiny, home: Path, tmp_path: Path) -> None:
    load_with(Settings(str(home), (str(data.mirror(tmp_path / "mirror")),)), data.name)
    script = tmp_path / "children.py"
    script.write_text(CHILDREN, encoding="utf-8")
    subprocess.run([sys.executable, "-W", "error", str(script), str(home), data.name], check=True, timeout=120)


def test_a_lock_file_left_behind_blocks_nobody(data: tiny.Tiny, home: Path, tmp_path: Path) -> None:
    (home / "locks").mkdir(parents=True)
    sha256 = hashlib.sha256(data.files["tiny.npz"]).hexdigest()
    (home / "locks" / f"{sha256}.lock").write_text("4711\nanother host\n")
    assert same(load_with(Settings(str(home), (str(data.mirror(tmp_path / "mirror")),)), data.name), data)


GROUP = 23456


@pytest.fixture
def shared(data: tiny.Tiny) -> Iterator[Path]:
    """A directory for a group, outside pytest's own, which is closed to others."""
    if os.name == "nt" or os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to be several users")
    command = [*user(23001), sys.executable, "-c", "import steadyset, tiny"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    if subprocess.run(command, env=env, capture_output=True, check=False).returncode:
        pytest.skip("other users cannot read this checkout")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        shutil.copy(data.name, place / "tiny.json")
        for folder, group in (("store", GROUP), ("mirror", 0)):
            (place / folder).mkdir()
            os.chown(place / folder, 0, group)
            (place / folder).chmod(0o2775)
        yield place


def user(number: int) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={number}", f"--regid={number}", f"--groups={GROUP}")


def test_a_shared_store_works_for_a_group(data: tiny.Tiny, shared: Path) -> None:
    store = shared / "store"
    with (
        Origin({"tiny.npz": data.files["tiny.npz"]}, faults=[TinySegments(4096)]) as origin,
        Mother(*user(23001), MORTAL_UMASK="002", HOME=str(shared)) as one,
        Mother(*user(23002), MORTAL_UMASK="002", HOME=str(shared)) as two,
    ):
        order = Order("load", str(shared / "tiny.json"), str(store), [origin.url])
        steps = 10
        while one.bear(order._replace(die_at=steps, how="amid")).killed and not held(store):
            steps += 1
            shutil.rmtree(store / "partials", ignore_errors=True)  # so that the steps stay the same
        begun = held(store)
        assert 0 < begun < len(data.files["tiny.npz"])
        last = two.bear(order)
        assert last.said["arrays"] == digests(data)
        assert last.said["codes"] == []
        assert last.said["resumed_from"][0] >= begun // tiny.PIECE * tiny.PIECE
        assert one.bear(order._replace(offline=True)).said["source"] == "store"
    files = [path for path in store.rglob("*") if path.is_file()]
    assert {path.stat().st_gid for path in store.rglob("*")} == {GROUP}
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in files if path.parent.name != "locks")
    assert all(path.stat().st_mode & 0o070 == 0o070 for path in store.rglob("*") if path.is_dir())
    assert wrong_things(store) == leftovers(store) == []


def held(store: Path) -> int:
    return max((path.stat().st_size for path in store.glob("partials/*.part")), default=0)
