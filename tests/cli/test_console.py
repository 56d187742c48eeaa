from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator

import pytest

from steadyset.cli.console import Channel, Choice, Console, clean, depth_of, wants_color


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "expected"),
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "1"}, False, True),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
    ],
)
def test_the_order_of_decisions_about_colour(
    choice: Choice, environ: dict[str, str], terminal: bool, expected: bool
) -> None:
    assert wants_color(choice, environ, terminal=terminal) is expected


@pytest.mark.parametrize(
    ("environ", "depth"),
    [({}, "256"), ({"COLORTERM": "truecolor"}, "truecolor"), ({"COLORTERM": "24BIT"}, "truecolor")],
)
def test_the_number_of_colours(environ: dict[str, str], depth: str) -> None:
    assert depth_of(environ) == depth


def channel(encoding: str = "utf-8", choice: Choice = "never") -> tuple[Channel, io.BytesIO]:
    raw = io.BytesIO()
    return Channel(io.TextIOWrapper(raw, encoding=encoding, newline="\n"), choice, {}), raw


@pytest.mark.parametrize(
    ("encoding", "unicode", "expected"),
    [
        ("utf-8", True, "60000×28×28 … ✓ é\n".encode()),
        ("ascii", False, b"60000x28x28 ... [ok] \\xe9\n"),
        ("latin-1", False, b"60000x28x28 ... [ok] \xe9\n"),
        ("cp1252", False, b"60000x28x28 ... [ok] \xe9\n"),
        ("cp437", False, b"60000x28x28 ... [ok] \x82\n"),
    ],
)
def test_every_character_arrives_as_what_the_encoding_carries(encoding: str, unicode: bool, expected: bytes) -> None:
    out, raw = channel(encoding)
    out.write(["60000×28×28 … ✓ é"])
    assert out.unicode is unicode
    assert raw.getvalue() == expected


@pytest.mark.parametrize(("what", "plain"), [("ok", "[ok]"), ("error", "[xx]"), ("warning", "[!!]"), ("note", "[--]")])
def test_marks_are_never_told_by_colour_alone(what: str, plain: str) -> None:
    assert channel("ascii", "always")[0].mark(what).replace("\x1b[0m", "").endswith(plain)
    marks = {channel()[0].mark(each) for each in ("ok", "error", "warning", "note")}
    assert len(marks) == 4


def test_without_colour_nothing_is_painted() -> None:
    assert channel()[0].paint("text", "bold red") == "text"
    assert channel(choice="always")[0].paint("text", "bold red") == "\x1b[31m\x1b[1mtext\x1b[0m"


def test_control_characters_of_data_are_shown_and_not_obeyed() -> None:
    assert clean("a\x1b[31mb\x07\r\x9bc\td") == "a\\x1b[31mb\\x07\\x0d\\x9bc\td"


@pytest.mark.skipif(os.name == "nt", reason="paths are text on Windows")
def test_a_path_is_written_byte_for_byte() -> None:
    out, raw = channel("ascii")
    out.write(["first"])
    out.write_path(os.fsdecode(b"/data/\xff/\xc3\xa9"))
    assert raw.getvalue() == b"first\n/data/\xff/\xc3\xa9\n"


class Broken(io.RawIOBase):
    """A stream whose reader has gone, or whose disk is full; until it is mended."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.writes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.writes += 1
        if self.number:
            raise OSError(self.number, os.strerror(self.number))
        return len(data)  # type: ignore[arg-type]


@pytest.fixture
def broken() -> Iterator[Callable[[int], tuple[Channel, Broken]]]:
    """Makes a channel whose stream fails; it is mended before it is closed."""
    made: list[Broken] = []

    def make(number: int) -> tuple[Channel, Broken]:
        made.append(Broken(number))
        return Channel(io.TextIOWrapper(io.BufferedWriter(made[-1]), encoding="utf-8"), "never", {}), made[-1]

    yield make
    for raw in made:
        raw.number = 0


def test_a_reader_that_has_gone_is_no_error(broken: Callable[[int], tuple[Channel, Broken]]) -> None:
    out, raw = broken(errno.EPIPE)
    stream = out.stream
    out.write(["one"])
    tried = raw.writes
    out.write(["two"])
    assert raw.writes == tried > 0
    assert out.stream is None
    raw.number = 0
    assert stream is not None


def test_a_full_disk_is_an_error(broken: Callable[[int], tuple[Channel, Broken]]) -> None:
    out, raw = broken(errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        out.write(["one"])
    raw.number = 0


def test_a_closed_stdout_swallows_everything() -> None:
    out = Channel(None, "auto", {})
    out.write(["one"])
    out.write_path("/x")
    assert out.width == 80


def test_a_text_only_stream_takes_paths() -> None:
    stream = io.StringIO()
    Channel(stream, "never", {}).write_path("/données")
    assert stream.getvalue() == "/données\n"


def test_nothing_moves_away_from_a_terminal() -> None:
    console = Console("always", {})
    assert not console.may_animate
    assert not console.may_ask


@pytest.mark.parametrize(
    ("environ", "may"), [({}, True), ({"CI": "true"}, False), ({"TERM": "dumb"}, False), ({"CI": ""}, True)]
)
def test_what_moves_needs_a_terminal_of_a_person(environ: dict[str, str], may: bool) -> None:
    console = Console("never", environ)
    console.out.terminal = console.err.terminal = True
    assert console.may_animate is may
    console.err.terminal = False
    assert not console.may_animate
