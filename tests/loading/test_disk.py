"""Disks that are full, fail, are read-only or lack something: the data are loaded all the same."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import mmap
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tiny
from mortality import leftovers, wrong_things
from steadyset.errors import DiskFullError
from steadyset.loading.fetching import fetch_with
from steadyset.loading.warm import load_with
from steadyset.practice.faults import Drip, TinySegments
from steadyset.practice.origin import Origin
from steadyset.settings import Settings
from steadyset.splits import Splits
from steadyset.store import arrays, space

Mount = Callable[..., Path]


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def mirror(data: tiny.Tiny, tmp_path: Path) -> str:
    return str(data.mirror(tmp_path / "mirror", "tiny.npz"))


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a file system at a new directory, and takes it away at the end."""
    if os.name == "nt" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root, to mount a file system")
    mounted = []

    def mounting(name: str, *options: str) -> Path:
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting is refused here: {done.stderr.strip()}")
        mounted.append(place)
        return place

    yield mounting
    for place in reversed(mounted):
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free space cannot be told beforehand, so that the disk is full in the middle of the work."""
    monkeypatch.setattr(space, "free_bytes", lambda place: None)


def same(splits: Splits, data: tiny.Tiny) -> bool:
    got = {"x_train": splits.train.x, "y_train": splits.train.y, "x_test": splits.test.x, "y_test": splits.test.y}
    return all(np.array_equal(got[name], array) for name, array in data.arrays.items())


def codes(splits: Splits) -> list[str]:
    assert splits.provenance is not None
    return [found.code for found in splits.provenance.findings]


# ---- full ----------------------------------------------------------------------------------------


def test_a_disk_that_is_full_at_any_point(data: tiny.Tiny, mount: Mount, unasked: None) -> None:
    size = len(data.files["tiny.npz"])
    reused = 0
    with Origin({"tiny.npz": data.files["tiny.npz"]}, faults=[Drip(2048, 0.002)]) as origin:
        for pages in (4, 6, 8, 10, 14, 18, 24, 26, 28, 32, 36, 40, 44, 48, 80):
            home = mount(f"disk{pages}", "-t", "tmpfs", "-o", f"size={pages * 4096}", "tmpfs")
            splits = load_with(Settings(str(home), (origin.url,)), data.name)
            assert same(splits, data), pages
            assert codes(splits) in ([], ["SS215"]), pages
            assert wrong_things(home) == []
            assert splits.provenance is not None
            assert splits.provenance.bytes_downloaded <= size * 1.1, pages
            resumed = [attempt.resumed_from for attempt in splits.provenance.attempts]
            reused += len(resumed) > 1 and resumed[1] > 0
            again = load_with(Settings(str(home), (origin.url,)), data.name)
            assert same(again, data)
            assert len(leftovers(home)) <= 1, pages
    assert reused >= 3
    assert codes(again) == []  # the last disk was large enough


def little(free: int) -> Callable[[str], Any]:
    return lambda place: SimpleNamespace(total=10**9, used=10**9 - free, free=free)


def test_room_is_asked_for_before_the_first_byte(
    data: tiny.Tiny, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setattr(shutil, "disk_usage", little(len(data.files["tiny.npz"]) + 100))
    splits = load_with(Settings(str(home), (mirror,)), data.name)
    assert same(splits, data)
    assert codes(splits) == ["SS215"]
    assert splits.provenance is not None
    assert "are needed" in splits.provenance.findings[0].message
    assert not (home / "objects").exists()
    assert not (home / "partials").exists()
    assert fetch_with(Settings(str(home), (mirror,)), data.name).findings == ()  # for the file alone there is room


@pytest.mark.parametrize("to", [None, "out"])
def test_a_fetch_that_has_no_room_says_so(
    data: tiny.Tiny, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str | None
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", little(1000))
    target = None if to is None else tmp_path / to
    with pytest.raises(DiskFullError) as caught:
        fetch_with(Settings(str(tmp_path / "home"), (mirror,)), data.name, to=target)
    assert caught.value.code == "SS208"
    assert "1,000 are free" in str(caught.value)
    assert target is None or not target.exists()


def test_room_for_what_is_not_there_yet_is_that_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert space.free_bytes(str(tmp_path / "a" / "b")) is not None
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(total=0, used=0, free=0))
    assert space.free_bytes(str(tmp_path)) is None
    space.require(str(tmp_path), 10**18, "much")


# ---- errors at any step --------------------------------------------------------------------------

STEPS = ("write", "pwrite", "fsync", "replace", "open", "mkdir", "chmod")


class Failing:
    """Makes the nth of the steps fail, and all after it, or only that one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, at: int, *, lasting: bool) -> None:
        self.count = 0
        for name in STEPS:
            monkeypatch.setattr(os, name, self._wrap(getattr(os, name), number, at, lasting))

    def _wrap(self, real: Callable[..., Any], number: int, at: int, lasting: bool) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == at or (lasting and self.count > at):
                raise OSError(number, os.strerror(number))
            return real(*given, **named)

        return step


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_write_that_fails_at_any_step(
    data: tiny.Tiny, mirror: str, tmp_path: Path, number: int, lasting: bool
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        steps = Failing(patched, number, 0, lasting=False)
        load_with(Settings(str(tmp_path / "dry"), (mirror,)), data.name)
    first = 1 + (number + lasting) % 4  # between them the cases meet every step
    for at in range(first, steps.count + 1, 4):
        home = tmp_path / f"home{at}"
        with pytest.MonkeyPatch.context() as patched:
            Failing(patched, number, at, lasting=lasting)
            splits = load_with(Settings(str(home), (mirror,)), data.name)
        assert same(splits, data), at
        assert set(codes(splits)) <= {"SS215", "SS218"}, at
        assert wrong_things(home) == []
        again = load_with(Settings(str(home), (mirror,)), data.name)
        assert same(again, data), at
        assert codes(again) == [], at
        assert leftovers(home) == [], at


LIMITED = """
import hashlib, json, os, resource, sys
from steadyset.errors import SteadysetError
from steadyset.loading.warm import load_with
from steadyset.settings import Settings
import steadyset.loading.cold

what, settings, name = sys.argv[1], Settings(sys.argv[2], (sys.argv[3],)), sys.argv[4]

def load():
    splits = load_with(settings, name, progress=False)
    digest = hashlib.sha256(splits.train.x.tobytes()).hexdigest()
    return [digest, [f.code for f in splits.provenance.findings]]

said = []
if what == "size":
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    said.append(load())
else:
    said.append(load())
    lowest = os.dup(0)
    os.close(lowest)
    for spare in range(9):
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, 4096))
        try:
            said.append(load())
        except (SteadysetError, OSError, ImportError) as error:
            said.append(f"{type(error).__name__}: {error}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096))
    said.append(load())
print(json.dumps(said))
"""


def limited(what: str, home: Path, mirror: str, name: str) -> list[Any]:
    command = [sys.executable, "-W", "error", "-c", LIMITED, what, str(home), mirror, name]
    said: list[Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on resources")
def test_a_limit_on_the_size_of_files(data: tiny.Tiny, mirror: str, tmp_path: Path) -> None:
    digest = hashlib.sha256(data.arrays["x_train"].tobytes()).hexdigest()
    assert limited("size", tmp_path / "home", mirror, data.name) == [[digest, ["SS215"]]]
    assert wrong_things(tmp_path / "home") == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on resources")
def test_too_many_open_files_spoil_nothing(data: tiny.Tiny, mirror: str, tmp_path: Path) -> None:
    digest = hashlib.sha256(data.arrays["x_train"].tobytes()).hexdigest()
    first, *narrow, last = limited("files", tmp_path / "home", mirror, data.name)
    assert first == last == [digest, []]
    assert all(said[0] == digest for said in narrow if isinstance(said, list))
    assert any(isinstance(said, str) for said in narrow)
    assert not (tmp_path / "home" / "quarantine").exists()


# ---- read-only -----------------------------------------------------------------------------------


def test_a_store_on_a_read_only_mount(data: tiny.Tiny, mirror: str, mount: Mount, tmp_path: Path) -> None:
    home = mount("disk", "-t", "tmpfs", "-o", "size=4m", "tmpfs")
    settings = Settings(str(home), (mirror,))
    load_with(settings, data.name)
    (found,) = home.glob("objects/*/*")
    content = bytearray(found.read_bytes())
    content[5000] ^= 1
    found.chmod(0o600)
    found.write_bytes(content)
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    assert codes(load_with(settings._replace(mirrors=(), offline=True), data.name)) == []
    subprocess.run(["mount", "-o", "remount,rw", str(home)], check=True)
    shutil.rmtree(home / "arrays")
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
    splits = load_with(settings, data.name)  # the damaged file cannot be moved away, and is in nobody's way
    assert same(splits, data)
    assert codes(splits) == ["SS203", "SS215"]


def test_a_damaged_file_in_a_layer_is_passed_over(data: tiny.Tiny, mirror: str, tmp_path: Path) -> None:
    team, home = tmp_path / "team", tmp_path / "home"
    load_with(Settings(str(team), (mirror,)), data.name)
    shutil.rmtree(team / "arrays")
    (found,) = team.glob("objects/*/*")
    content = bytearray(found.read_bytes())
    content[5000] ^= 1
    found.chmod(0o600)
    found.write_bytes(content)
    splits = load_with(Settings(str(home), (mirror,), (str(team),)), data.name)
    assert same(splits, data)
    assert codes(splits) == ["SS203"]
    assert found.read_bytes() == content


def test_a_mirror_that_cannot_be_read_says_nothing_about_the_store(
    data: tiny.Tiny, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from steadyset.loading import sources

    real = sources.open_path

    def refuse(path: str) -> Any:
        if "closed" in path:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setitem(sources.OPENERS, "", refuse)
    built_in = data.mirror(tmp_path / "built-in", "tiny.npz") / "tiny.npz"
    other = tiny.make(tmp_path / "with-source", sources={"tiny.npz": [built_in.as_uri()]})
    splits = load_with(Settings(str(tmp_path / "home"), (str(tmp_path / "closed"),)), other.name)
    assert same(splits, data)
    assert codes(splits) == []
    assert list((tmp_path / "home").glob("arrays/*/*.npy"))


# ---- lacking something ---------------------------------------------------------------------------


def test_without_memory_maps_arrays_are_read(
    data: tiny.Tiny, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unmapped(mmap.mmap):
        def __new__(cls, *given: Any, **named: Any) -> Any:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    monkeypatch.setattr(arrays, "mmap", SimpleNamespace(mmap=Unmapped, ACCESS_COPY=mmap.ACCESS_COPY))
    settings = Settings(str(tmp_path / "home"), (mirror,))
    for source in (f"{mirror}/tiny.npz", "store", "store"):
        splits = load_with(settings, data.name)
        assert same(splits, data)
        assert splits.provenance is not None
        assert splits.provenance.source == source
        assert codes(splits) == ["SS218"]
        assert splits.train.x.flags.writeable
    assert not (tmp_path / "home" / "quarantine").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EIO], ids=errno.errorcode.get)
def test_without_locks_the_work_goes_on(
    data: tiny.Tiny, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    splits = load_with(Settings(str(tmp_path / "home"), (mirror,)), data.name)
    assert same(splits, data)
    assert codes(splits) == ([] if number == errno.EIO else ["SS218"])
    assert leftovers(tmp_path / "home") == []


def test_without_hard_links_a_file_is_still_replaced(
    data: tiny.Tiny, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "out" / "tiny.npz"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    fetch_with(Settings(str(tmp_path / "home"), (mirror,)), data.name, to=target.parent)
    assert target.read_bytes() == data.files["tiny.npz"]
    assert [path.read_bytes() for path in target.parent.glob("tiny.npz.corrupt-*")] == [b"mine"]


# ---- while it is in use --------------------------------------------------------------------------


def test_a_store_that_is_removed_between_loads(data: tiny.Tiny, mirror: str, tmp_path: Path) -> None:
    settings = Settings(str(tmp_path / "home"), (mirror,))
    first = load_with(settings, data.name)
    shutil.rmtree(tmp_path / "home")
    assert same(first, data)
    assert same(load_with(settings, data.name), data)


@pytest.mark.parametrize("moment", ["start", "advance", "done"])
def test_a_store_that_is_removed_during_a_load(data: tiny.Tiny, tmp_path: Path, moment: str) -> None:
    home = tmp_path / "home"
    removed: list[Any] = []

    def remove(event: Any) -> None:
        if event.kind == moment and not removed:
            removed.append(event)
            shutil.rmtree(home)

    with Origin({"tiny.npz": data.files["tiny.npz"]}, faults=[TinySegments(4096)]) as origin:
        splits = load_with(Settings(str(home), (origin.url,)), data.name, progress=remove)
        assert len(origin.requests) == 1
    assert removed
    assert same(splits, data)
    assert same(load_with(Settings(str(home), offline=True), data.name), data)
    assert wrong_things(home) == leftovers(home) == []


def test_a_clock_that_is_set_back(
    data: tiny.Tiny, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(str(tmp_path / "home"), (mirror,))
    load_with(settings, data.name)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 10**8)
    for path in (tmp_path / "home").rglob("*"):
        os.utime(path, (2**31, 2**31))
    for verify in ("stat", "fast", "full"):
        splits = load_with(settings, data.name, verify=verify)
        assert same(splits, data)
        assert codes(splits) == []
    for _ in range(3):  # in the same second: the names in quarantine differ all the same
        for path in (tmp_path / "home").glob("arrays/*/*.npy"):
            path.chmod(0o600)
            path.write_bytes(b"bad")
        assert same(load_with(settings, data.name), data)
    assert len([p for p in (tmp_path / "home" / "quarantine").iterdir() if p.suffix == ".npy"]) == 12
