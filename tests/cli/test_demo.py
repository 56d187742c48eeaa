from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from .conftest import Document, Run


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Stands for the play, which has tests of its own; tells how it was called."""
    calls: list[dict[str, object]] = []

    def play(write: Callable[[str], None], **how: object) -> int:
        write("act one ×")
        calls.append(how)
        return 1 if how["width"] == 0 else 0

    monkeypatch.setitem(__import__("sys").modules, "steadyset.demo", SimpleNamespace(play=play))
    return calls


def test_the_play_writes_to_stdout(cli: Run, played: list[dict[str, object]]) -> None:
    result = cli("demo", "--color", "always")
    assert (result.exit_code, result.stdout) == (0, "act one ×\n")
    assert played == [{"color": True, "unicode": True, "width": 80, "quick": False}]


def test_quietly_it_is_quick_and_silent(cli: Run, document: Document, played: list[dict[str, object]]) -> None:
    assert cli("demo", "-q").output == ""
    assert document("demo")["summary"] == "the demonstration ran to its end"
    assert [call["quick"] for call in played] == [True, True]


@pytest.mark.slow
def test_the_real_play(cli: Run) -> None:
    result = cli("demo", "--quick")
    assert result.exit_code == 0, result.stderr
    assert "steadyset load mnist" in result.stdout
