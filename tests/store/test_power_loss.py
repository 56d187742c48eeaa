"""The order of system calls that a loss of power cannot undo, as the kernel saw them (strace)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import tiny

CALLS = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,chmod,fchmod,fchmodat,link,linkat,mkdir"
WORK = """
import sys
from steadyset.loading.fetching import fetch_with
from steadyset.loading.warm import load_with
from steadyset.settings import Settings
settings = Settings(sys.argv[1], (sys.argv[2],))
load_with(settings, sys.argv[3], progress=False)
fetch_with(settings, sys.argv[3], to=sys.argv[4], progress=False)
"""


class Call(NamedTuple):
    """One system call: its name, the file it is about, and for a rename the new name."""

    name: str
    path: str
    new: str = ""


@pytest.fixture
def trace(tmp_path: Path) -> list[Call]:
    """What a load and a fetch into a directory ask of the kernel."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace")
    if subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("tracing is refused here")
    data = tiny.make(tmp_path / "manifest")
    mirror = data.mirror(tmp_path / "mirror", "tiny.npz")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tiny.npz").write_bytes(b"another file")
    command = [sys.executable, "-c", WORK, str(tmp_path / "home"), str(mirror), data.name, str(tmp_path / "out")]
    log = tmp_path / "trace"
    subprocess.run([strace, "-f", "-y", "-s", "400", "-e", f"trace={CALLS}", "-o", str(log), *command], check=True)
    return [call for line in log.read_text(errors="replace").splitlines() if (call := parse(line))]


def parse(line: str) -> Call | None:
    found = re.match(r"(?:\d+ +)?(\w+)\((.*)\) += +(\d+)", line)
    if found is None:
        return None
    name, arguments = found[1], found[2]
    if name in ("write", "pwrite64", "fsync", "fdatasync", "fchmod"):
        about = re.match(r"\d+<([^>]*)>", arguments)
        return Call(name, about[1]) if about else None
    paths = re.findall(r'"([^"]*)"', arguments)
    return Call(name.removesuffix("2").removesuffix("at"), paths[0], paths[1] if len(paths) > 1 else "")


def index(trace: list[Call], name: str, path: str, *, after: int = -1) -> int:
    """Return where a call is in the trace, or say that it is missing."""
    for at, call in enumerate(trace):
        if at > after and call.name == name and call.path == path:
            return at
    raise AssertionError(f"no {name} of {path} after call {after}")


def published(trace: list[Call], home: Path) -> dict[str, int]:
    """Return the good names that were given in a store, and when."""
    good = re.compile(rf"{re.escape(str(home))}/(?:objects|arrays)/../[0-9a-f]{{64}}(?:\.npy|\.json)?|.*/store\.json")
    return {call.new: at for at, call in enumerate(trace) if call.name == "rename" and good.fullmatch(call.new)}


def test_nothing_gets_its_name_before_its_bytes_are_on_the_disk(trace: list[Call], tmp_path: Path) -> None:
    names = published(trace, tmp_path / "home")
    assert len(names) == 1 + 1 + 2 * 4  # the store's mark, an object, and each array with its seal
    names[str(tmp_path / "out" / "tiny.npz")] = max(
        at for at, call in enumerate(trace) if call.new == str(tmp_path / "out" / "tiny.npz")
    )
    for final, renamed in names.items():
        aside = trace[renamed].path
        writes = [at for at, call in enumerate(trace) if call.name in ("write", "pwrite64") and call.path == aside]
        flushed = index(trace, "fsync", aside)
        assert writes, final
        assert max(writes) < flushed < renamed, final
        assert renamed < index(trace, "fsync", os.path.dirname(final), after=renamed), final


def test_modes_are_set_before_the_good_name(trace: list[Call], tmp_path: Path) -> None:
    for renamed in published(trace, tmp_path / "home").values():
        assert index(trace, "chmod", trace[renamed].path) < renamed


def test_a_seal_comes_before_its_array(trace: list[Call], tmp_path: Path) -> None:
    names = published(trace, tmp_path / "home")
    arrays = [name for name in names if name.endswith(".npy")]
    assert len(arrays) == 4
    for name in arrays:
        assert names[name.removesuffix("npy") + "json"] < names[name]
        assert index(trace, "fsync", trace[names[name]].path) < names[name]


def test_new_directories_are_flushed_into_those_above(trace: list[Call], tmp_path: Path) -> None:
    made = [call.path for call in trace if call.name == "mkdir" and call.path.startswith(f"{tmp_path}/home/")]
    shelves = [path for path in made if "/objects" in path or "/arrays" in path]
    assert shelves
    for path in shelves:
        index(trace, "fsync", os.path.dirname(path), after=index(trace, "mkdir", path))


def test_what_is_replaced_keeps_a_name_until_it_is(trace: list[Call], tmp_path: Path) -> None:
    target = str(tmp_path / "out" / "tiny.npz")
    linked = index(trace, "link", target)
    renamed = max(at for at, call in enumerate(trace) if call.new == target)
    assert linked < renamed
    assert ".corrupt-" in trace[linked].new
