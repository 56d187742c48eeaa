from __future__ import annotations

import io

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
    assert "f.npz: goes on at 2.0 MB" in text
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
        "f.npz: goes on at 2.0 MB of 10.0 MB",
        "f.npz: a is \\x1b[2J gone [red]",
        "f.npz: another process is fetching it",
    ]


def test_quiet_means_that_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with Run("load", Common(quiet=1)).progress() as tell:
        for event in EVENTS:
            tell(event)
    assert capsys.readouterr() == ("", "")
