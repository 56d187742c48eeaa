"""What a load says while it fetches."""

from __future__ import annotations

import io

import pytest

from steadyset.progress import Lines, listener
from steadyset.transport.records import Event

MB = 10**6


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_false_is_silence() -> None:
    assert listener(False) is None


def test_left_out_on_no_terminal_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert listener(None) is None


@pytest.mark.parametrize("progress", [True, None])
def test_lines_on_stderr(progress: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    told = listener(progress)
    assert told is not None
    told(Event("wait", "mnist.npz", text="another process is fetching it"))
    assert screen.getvalue() == "mnist.npz: another process is fetching it\n"


def test_without_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under pythonw there is none."""
    monkeypatch.setattr("sys.stderr", None)
    assert listener(None) is None


def test_a_callable_is_told_everything_and_decides_nothing() -> None:
    seen: list[Event] = []

    def tell(event: Event) -> str:
        seen.append(event)
        return "ignored"

    told = listener(tell)
    assert told is not None
    event = Event("advance", "mnist.npz", 1, 2)
    told(event)
    assert seen == [event]


@pytest.mark.parametrize("progress", ["yes", 1, 0, object()])
def test_anything_else_is_refused(progress: object) -> None:
    with pytest.raises(TypeError, match="True, False, None or a callable"):
        listener(progress)  # type: ignore[arg-type]


def said(*events: Event, quiet_for: float = -1.0) -> list[str]:
    lines: list[str] = []
    told = Lines(lines.append, quiet_for=quiet_for)
    for event in events:
        told(event)
    return lines


def advance(done: int, total: int | None = 10 * MB, file: str = "a") -> Event:
    return Event("advance", file, done, total, "example.org")


def test_a_line_per_tenth() -> None:
    steps = [advance(n * MB // 4) for n in range(41)]
    lines = said(Event("start", "a", 0, 10 * MB), *steps)
    assert lines == [f"a: {n * 10} % of 10.0 MB from example.org" for n in range(1, 11)]


def test_a_fast_download_says_nothing() -> None:
    assert said(Event("start", "a", 0, 10 * MB), advance(9 * MB), quiet_for=60) == []


def test_an_unknown_size_has_no_tenths() -> None:
    assert said(Event("start", "a"), advance(MB, None)) == []


def test_files_are_told_apart() -> None:
    lines = said(Event("start", "a"), Event("start", "b"), advance(MB), advance(MB, file="b"), advance(MB))
    assert [line[:2] for line in lines] == ["a:", "b:"]


def test_where_it_goes_on() -> None:
    assert said(Event("start", "a", 3 * MB, 10 * MB)) == ["a: goes on at 3.0 MB of 10.0 MB"]
    assert said(Event("start", "a", 3 * MB)) == ["a: goes on at 3.0 MB of an unknown size"]


def test_a_source_given_up() -> None:
    assert said(Event("abandon", "a", text="example.org is given up: no")) == ["a: example.org is given up: no"]


def test_an_end_without_words() -> None:
    assert said(Event("done", "a", MB, MB)) == []
