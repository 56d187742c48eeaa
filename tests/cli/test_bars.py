from __future__ import annotations

import io
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from steadyset.cli.bars import Bars, lines
from steadyset.cli.console import Console
from steadyset.cli.options import Common, Run
from steadyset.transport.records import Event

EVENTS = [
    Event("start", "f.npz", 2_000_000, 10_000_000),
    Event("advance", "f.npz", 5_000_000, 10_000_000, "http://a.example/f.npz"),
    Event("abandon", "f.npz", 5_000_000, 10_000_000, "http://a.example/f.npz", "a is \x1b[2J gone [red]"),
    Event("wait", "f.npz", 5_000_000, 10_000_000, "", "another process is fetching it"),
    Event("advance", "f.npz", 10_000_000, 10_000_000),
    Event("done", "f.npz", 10_000_000, 10_000_000),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A stream that believes it is a terminal."""
    monkeypatch.setenv("TERM", "xterm-256color")
    return Terminal()


def test_a_bar_and_the_lines_that_stay(terminal: io.StringIO) -> None:
    with Bars(Console("never", err=terminal)) as bars:
        for event in EVENTS:
            bars(event)
    text = terminal.getvalue()
    assert "f.npz: goes on at 2.0 of 10.0 MB" in text
    assert "f.npz: a is \\x1b[2J gone [red]" in text
    assert "f.npz: another process is fetching it" in text
    assert "MB" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "the cursor is back"


def interrupted(terminal: io.StringIO) -> None:
    with Bars(Console("never", err=terminal)) as bars:
        bars(EVENTS[0])
        raise KeyboardInterrupt


def test_the_cursor_comes_back_after_an_interruption(terminal: io.StringIO) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(terminal)
    assert terminal.getvalue().rstrip().rfind("\x1b[?25h") > terminal.getvalue().rfind("\x1b[?25l")


def test_without_events_nothing_is_drawn(terminal: io.StringIO) -> None:
    with Bars(Console("never", err=terminal)):
        pass
    assert terminal.getvalue() == ""


def test_plain_lines_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    tell = lines(Console("never"))
    for event in EVENTS:
        tell(event)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "f.npz: goes on at 2.0 of 10.0 MB",
        "f.npz: a is \\x1b[2J gone [red]",
        "f.npz: another process is fetching it",
    ]


def test_quiet_means_that_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with Run("load", Common(quiet=1)).progress() as tell:
        for event in EVENTS:
            tell(event)
    assert capsys.readouterr() == ("", "")


def rows(terminal: io.StringIO) -> list[str]:
    """Return what was drawn, a row each, without what steers the terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n").splitlines()


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_row_has_bytes_rate_time_left_and_source(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    with Bars(Console("never", err=terminal)) as bars:
        bars(EVENTS[0])
        time.sleep(0.15)
        bars(EVENTS[1])
        time.sleep(0.15)
    drawn = [row.rstrip() for row in rows(terminal) if row.startswith("f.npz ") and "5.0 of 10.0 MB" in row]
    assert drawn
    assert "MB/s" in drawn[-1]
    assert " s left" in drawn[-1]
    assert ("a.example" in drawn[-1]) is (width > 70)
    assert ("━" in drawn[-1]) is (width > 100)
    assert max(map(len, drawn)) <= width


def test_several_files_share_one_display_with_a_row_for_all(terminal: io.StringIO) -> None:
    with Bars(Console("never", err=terminal)) as bars:
        for event in (
            Event("start", "a", 0, 1_000_000),
            Event("start", "b", 0, 3_000_000),
            Event("advance", "a", 1_000_000, 1_000_000, "http://a.example/a"),
            Event("done", "a", 1_000_000, 1_000_000),
            Event("advance", "b", 1_000_000, 3_000_000, "http://a.example/b"),
        ):
            bars(event)
        time.sleep(0.2)
    drawn = [row.rstrip() for row in rows(terminal) if row.strip()]
    assert any(row.startswith("all 2 files ") and "2.0 of 4.0 MB" in row for row in drawn)
    last = [row.split()[0] for row in drawn[-4:]]
    assert last == ["b", "all", "b", "all"], "what is done is not drawn any more"


def test_several_threads_may_tell_at_once(terminal: io.StringIO) -> None:
    with Bars(Console("never", err=terminal)) as bars, ThreadPoolExecutor(8) as pool:
        for file in "abcdefgh":
            for done in range(20):
                pool.submit(bars, Event("advance", file, done, 20)).result(10)
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h")


@pytest.mark.parametrize(("ci", "animated"), [("", True), ("true", False)])
def test_in_ci_lines_take_the_place_of_bars(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch, ci: str, animated: bool
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setattr("sys.stderr", terminal)
    with Run("load", Common(color="never")).progress() as tell:
        tell(EVENTS[0])
    assert ("\x1b" in terminal.getvalue()) is animated
    assert "f.npz: goes on at 2.0 of 10.0 MB" in terminal.getvalue()
