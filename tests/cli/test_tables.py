from __future__ import annotations

import pytest

from steadyset.cli.console import Console
from steadyset.cli.tables import attempt_lines, duration, size, table
from steadyset.transport.records import Attempt


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (11_490_434, "11.5 MB"), (2_500_000_000, "2.5 GB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0009, "0.9 ms"), (0.5, "0.5 s"), (90.0, "90.0 s"), (600.0, "10 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_amounts_go_to_the_right() -> None:
    rows = [["what", "bytes", "note"], ["a", "1.5 MB", "x"], ["bb", "12 B", "yy"]]
    assert table(rows, Console("never").out) == ["  what   bytes  note", "  a     1.5 MB  x", "  bb      12 B  yy"]


def test_attempts_stand_below_their_source() -> None:
    attempts = [
        Attempt("http://a/f", 0.0, 0.2, 3_000_000, 0, 200, "SS107", "it ended\x1b[0m early"),
        Attempt("http://a/f", 0.0, 0.1, 1_000_000, 3_000_000, 206, None, ""),
        Attempt("/m/f", 0.0, 0.1, 0, 0, None, "SS132", "no such file"),
    ]
    assert attempt_lines(attempts, Console("never").out) == [
        "    http://a/f",
        "    – 3.0 MB in 0.2 s  SS107 it ended\\x1b[0m early",
        "    ✓ 1.0 MB in 0.1 s",
        "    /m/f",
        "    – 0 B in 0.1 s  SS132 no such file",
    ]
