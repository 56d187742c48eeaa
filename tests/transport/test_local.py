"""Files of this machine: a mirror's directory, and bytes made by a generator."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from network import DATA, PIECE, wanted
from steadyset.practice import faults
from steadyset.transport.assembly import Assembly
from steadyset.transport.attempt import Outcome
from steadyset.transport.local import copy
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Wanted

SIZE = len(DATA)


def copied(path: Path, file: Wanted, sink: MemorySink | None = None) -> tuple[Outcome, Assembly]:
    assembly = Assembly(file, sink or MemorySink())
    return copy(lambda: path.open("rb"), str(path), assembly, lambda _: None), assembly


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.bin"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("size", [True, False])
@pytest.mark.parametrize("digest", [True, False])
def test_a_file_is_copied(path: Path, *, size: bool, digest: bool) -> None:
    outcome, assembly = copied(path, wanted(pieces=False, size=size, digest=digest))
    assert outcome == Outcome(bytes=SIZE)
    assert assembly.finish()


def test_only_what_is_missing_is_read(path: Path) -> None:
    sink = MemorySink()
    sink.write_at(0, DATA)
    for index in (1, 4, 9):
        sink.write_at(index * PIECE, b"damage")
    outcome, _ = copied(path, wanted(), sink)
    assert outcome == Outcome(bytes=3 * PIECE)
    assert sink.data == DATA


def test_without_a_digest_nothing_is_mixed(path: Path) -> None:
    sink = MemorySink()
    sink.write_at(0, b"the beginning of another file")
    copied(path, wanted(pieces=False, digest=False), sink)
    assert sink.data == DATA


def test_made_bytes_are_taken() -> None:
    assembly = Assembly(wanted(), MemorySink())
    steps: list[int] = []
    assert copy(lambda: io.BytesIO(DATA), "practice", assembly, steps.append).error is None
    assert sum(steps) == SIZE


def code(path: Path, file: Wanted) -> str | None:
    outcome, _ = copied(path, file)
    return outcome.error.code if outcome.error else None


def test_what_is_not_the_file_is_told_by_its_cause(path: Path, tmp_path: Path) -> None:
    assert code(tmp_path / "none", wanted()) == "SS132"
    assert code(tmp_path, wanted()) == "SS132"
    path.write_bytes(DATA[:-1])
    assert code(path, wanted()) == "SS107"
    path.write_bytes(faults.portal_page())
    assert code(path, wanted()) == "SS135"
    path.write_bytes(faults.lfs_pointer("ab" * 32, SIZE))
    assert code(path, wanted(pieces=False)) == "SS135"
    path.write_bytes(bytes(SIZE))
    assert code(path, wanted()) == "SS203"
    path.write_bytes(DATA)
    assert code(path, Wanted("f", most_bytes=100)) == "SS135"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom modes stop")
def test_a_file_that_cannot_be_read(path: Path) -> None:
    path.chmod(0)
    assert code(path, wanted()) == "SS206"


def test_a_refusal_of_the_system_is_told() -> None:
    def refuse() -> io.BytesIO:
        raise PermissionError(13, "Permission denied")

    outcome = copy(refuse, "/mirror/f", Assembly(wanted(), MemorySink()), lambda _: None)
    assert outcome.error
    assert (outcome.error.code, outcome.fatal) == ("SS206", False)
