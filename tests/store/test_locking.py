from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from steadyset.store.layout import Layout
from steadyset.store.locking import hold
from steadyset.store.quarantine import set_aside

HOLDER = """
import sys
from steadyset.store.layout import Layout
from steadyset.store.locking import hold
with hold(Layout(sys.argv[1]), "k", patience=5) as held:
    print(held, flush=True)
    sys.stdin.readline()
"""


def _holder(tmp_path: Path) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"True"
    return holder


def test_another_process_waits_and_is_told_so(tmp_path: Path) -> None:
    holder = _holder(tmp_path)
    told: list[str] = []
    timer = threading.Timer(0.3, lambda: holder.communicate(b"\n"))
    timer.start()
    with hold(Layout(str(tmp_path)), "k", patience=10, waiting=lambda: told.append("wait")) as held:
        assert held
    assert told == ["wait"]
    timer.join()


def test_patience_ends_and_the_work_goes_on_without_the_lock(tmp_path: Path) -> None:
    holder = _holder(tmp_path)
    try:
        with hold(Layout(str(tmp_path)), "k", patience=0.2) as held:
            assert not held
    finally:
        holder.communicate(b"\n")


def test_a_holder_without_a_sign_of_life_is_not_waited_for(tmp_path: Path) -> None:
    holder = _holder(tmp_path)
    try:
        with hold(Layout(str(tmp_path)), "k", patience=60, life=lambda: "the same", stalled=0.2) as held:
            assert not held
        seen = iter(range(1000))
        begun = time.monotonic()
        with hold(Layout(str(tmp_path)), "k", patience=1, life=lambda: next(seen), stalled=0.2) as held:
            assert not held
        assert time.monotonic() - begun >= 1
    finally:
        holder.communicate(b"\n")


def test_a_directory_of_locks_that_is_removed_meanwhile(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    with hold(layout, "k", patience=1) as held:
        assert held
        shutil.rmtree(layout.locks)
    with hold(layout, "k", patience=1) as held:
        assert held


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    holder = _holder(tmp_path)
    holder.kill()
    holder.communicate()
    begun = time.monotonic()
    with hold(Layout(str(tmp_path)), "k", patience=30) as held:
        assert held
    assert time.monotonic() - begun < 20


def test_other_keys_do_not_wait(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    with hold(layout, "one", patience=1) as one, hold(layout, "two", patience=1) as two:
        assert one
        assert two


def test_quarantine_keeps_the_bytes_and_says_why(tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"<html>")
    where = set_aside(Layout(str(tmp_path / "store")), str(bad), "Digest mismatch!")
    assert where is not None
    assert Path(where).read_bytes() == b"<html>"
    assert "digest-mismatch" in Path(where).name
    assert not bad.exists()
    assert set_aside(Layout(str(tmp_path / "store")), str(bad), "again") is None
