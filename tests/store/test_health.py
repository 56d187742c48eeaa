"""A host that just failed is asked last for a while, also by the next process; and that is all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from steadyset.store.health import Health, host_of
from steadyset.store.layout import Layout

BAD, GOOD = "https://bad.example/f", "https://good.example:8443/f"


class Tried(NamedTuple):
    source: str
    code: str | None


class Clock:
    def __init__(self) -> None:
        self.time = 1e9

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path))


def order(layout: Layout, clock: Clock) -> list[str]:
    """Return the sources as a new process would ask them."""
    return Health(layout, clock).last([BAD, GOOD, "/a/directory"], lambda url: url)


def test_nobody_rests_at_first(layout: Layout, clock: Clock) -> None:
    assert order(layout, clock) == [BAD, GOOD, "/a/directory"]


@pytest.mark.parametrize("code", ["SS101", "SS105", "SS106", "SS121", "SS133", "SS134"])
def test_who_failed_is_asked_last(layout: Layout, clock: Clock, code: str) -> None:
    Health(layout, clock).note([Tried(BAD, code), Tried(GOOD, None)])
    assert order(layout, clock) == [GOOD, "/a/directory", BAD]
    assert Health(layout, clock).rests(BAD)


@pytest.mark.parametrize("code", ["SS132", "SS131", "SS203"])
def test_a_file_that_is_not_there_is_no_fault_of_the_host(layout: Layout, clock: Clock, code: str) -> None:
    Health(layout, clock).note([Tried(BAD, code)])
    assert order(layout, clock)[0] == BAD


def test_the_last_attempt_counts(layout: Layout, clock: Clock) -> None:
    Health(layout, clock).note([Tried(BAD, "SS105"), Tried(BAD, None)])
    assert order(layout, clock)[0] == BAD
    assert not Path(layout.sources).exists()


def test_success_clears_it(layout: Layout, clock: Clock) -> None:
    Health(layout, clock).note([Tried(BAD, "SS105")])
    Health(layout, clock).note([Tried(BAD, None)])
    assert order(layout, clock)[0] == BAD


def test_it_passes_and_lasts_longer_each_time(layout: Layout, clock: Clock) -> None:
    rests = []
    for _ in range(9):
        Health(layout, clock).note([Tried(BAD, "SS105")])
        said = json.loads(Path(layout.sources).read_bytes())["hosts"]["bad.example"]
        rests.append(said["until"] - clock.time)
    assert rests[:3] == [60, 120, 240]
    assert max(rests) == rests[-1] == 3600
    clock.time += 3601
    assert order(layout, clock)[0] == BAD
    Health(layout, clock).note([Tried(GOOD, "SS105")])
    assert list(json.loads(Path(layout.sources).read_bytes())["hosts"]) == ["good.example:8443"]


def test_it_is_ignored_when_the_clock_was_set_back(layout: Layout, clock: Clock) -> None:
    Health(layout, clock).note([Tried(BAD, "SS105")])
    clock.time -= 10
    assert order(layout, clock)[0] == BAD


def test_a_store_that_cannot_be_written_is_remembered_in_memory(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_bytes(b"")
    layout = Layout(str(tmp_path / "file"))
    Health(layout, clock).note([Tried(BAD, "SS105")])
    assert order(layout, clock)[-1] == BAD


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"schema": "x"}', '{"schema": "steadyset.sources/1", "hosts": 3}', "[" * 9999]
)
def test_damage_says_nothing(layout: Layout, clock: Clock, text: str) -> None:
    Path(layout.sources).write_text(text)
    assert order(layout, clock)[0] == BAD
    Health(layout, clock).note([Tried(BAD, "SS105")])
    assert order(layout, clock)[-1] == BAD


def test_no_credentials_are_written(layout: Layout, clock: Clock) -> None:
    Health(layout, clock).note([Tried("https://me:secret@bad.example/f?token=1", "SS105")])
    assert "secret" not in Path(layout.sources).read_text()
    assert host_of("https://me:secret@Bad.example/f") == "bad.example"
    assert host_of("https://[::1") == host_of("/a/path") == ""
