"""The demonstration plays to its end, and shows what it says it shows."""

from __future__ import annotations

import socket

import pytest

from steadyset.demo import play


@pytest.fixture(scope="module")
def lines() -> list[str]:
    written: list[str] = []
    assert play(written.append, quick=True, width=100) == 0
    return written


@pytest.mark.parametrize(
    "act",
    [
        "1. A first load",
        "2. A second load",
        "3. A source that is dead",
        "4. A connection that is cut again and again",
        "5. A damaged file in the cache",
        "6. A captive portal",
    ],
)
def test_every_act_is_played_and_ends_with_digits(lines: list[str], act: str) -> None:
    start = lines.index(act)
    end = next((i for i in range(start + 1, len(lines)) if lines[i] == ""), len(lines))
    scene = lines[start:end]
    assert [line[2:7] for line in scene if line.startswith(("  stock", "  here"))] == ["stock", "here "]
    assert sum(any(c in line for c in "░▒▓█▀▄") for line in scene) >= 5


def test_it_says_that_the_digits_are_drawn_and_names_the_real_thing(lines: list[str]) -> None:
    assert "not MNIST" in " ".join(lines[:3])
    assert lines[-1].strip() == "steadyset load mnist"


def test_the_numbers_are_measured(lines: list[str]) -> None:
    text = " ".join(lines)
    assert "55 MB fetched aside" in text
    assert "0 requests" in text
    assert "0.0% fetched twice" in text


def test_nothing_but_loopback_is_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.create_connection
    asked: list[str] = []

    def watched(address: tuple[str, int], *rest: object, **named: object) -> socket.socket:
        asked.append(address[0])
        return real(address, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", watched)
    play(lambda _: None, quick=True)
    assert set(asked) == {"127.0.0.1"}


def test_ascii_screens_get_ascii() -> None:
    written: list[str] = []
    play(written.append, quick=True, unicode=False, width=60)
    drawn = [line for line in written if line.startswith("  ") and not line.startswith(("  stock", "  here", "    "))]
    assert drawn
    assert max(len(line) for line in written) <= 60
    assert all(line.isascii() for line in drawn)
