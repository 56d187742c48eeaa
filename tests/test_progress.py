"""What a load says while it fetches."""

from __future__ import annotations

import io
import sys
from types import ModuleType

import pytest

from steadyset.progress import Lines, NotebookBar, Pace, amount, in_notebook, listener, place_of, span
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
    assert said(Event("start", "a", 3 * MB, 10 * MB)) == ["a: goes on at 3.0 of 10.0 MB"]
    assert said(Event("start", "a", 3 * MB)) == ["a: goes on at 3.0 MB"]


def test_a_source_given_up() -> None:
    assert said(Event("abandon", "a", text="example.org is given up: no")) == ["a: example.org is given up: no"]


def test_an_end_without_words() -> None:
    assert said(Event("done", "a", MB, MB)) == []


def test_a_file_that_is_half_there_begins_with_the_tenth_it_has() -> None:
    lines = said(Event("start", "a", 5 * MB, 10 * MB), advance(5 * MB + 1), advance(6 * MB))
    assert lines == ["a: goes on at 5.0 of 10.0 MB", "a: 60 % of 10.0 MB from example.org"]


class Ticking:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_tells_rate_time_left_and_the_host() -> None:
    clock, lines = Ticking(), []  # type: ignore[var-annotated]
    told = Lines(lines.append, clock=clock)
    told(Event("start", "a", 0, 100 * MB))
    for second in range(1, 11):
        clock.now += 1
        told(Event("advance", "a", second * MB, 100 * MB, "https://me:pw@example.org:81/deep/a"))
    assert lines == ["a: 10 % of 100.0 MB from example.org:81, 1.0 MB/s, 90 s left"]


def test_an_unknown_size_has_a_line_every_ten_seconds() -> None:
    clock, lines = Ticking(), []  # type: ignore[var-annotated]
    told = Lines(lines.append, clock=clock)
    told(Event("start", "a"))
    for second in range(1, 26):
        clock.now += 1
        told(advance(second * MB, None))
    assert lines == [f"a: {n}.0 MB so far from example.org, 1.0 MB/s" for n in (10, 20)]


def test_the_words_of_a_server_cannot_steer_a_terminal() -> None:
    assert said(Event("abandon", "a", text="\x1b[2J is given up")) == ["a: \\x1b[2J is given up"]


def test_the_rate_is_of_the_last_seconds_and_not_of_what_was_there_before() -> None:
    clock = Ticking()
    pace = Pace(clock)
    assert pace.rate("a") is None
    pace.note(Event("start", "a", 50 * MB, 100 * MB))
    assert pace.rate("a") is None
    for second in range(1, 41):
        clock.now += 1
        pace.note(advance(50 * MB + second * MB * (1 if second <= 20 else 2) - (0 if second <= 20 else 20 * MB)))
    assert pace.rate("a") == pytest.approx(2 * MB, rel=0.1)


def test_what_another_call_brought_is_no_speed() -> None:
    clock = Ticking()
    pace = Pace(clock)
    pace.note(advance(MB))
    clock.now += 1
    pace.note(Event("start", "a", 5 * MB, 10 * MB))
    assert pace.rate("a") is None


def test_a_source_that_stalls_shows() -> None:
    clock = Ticking()
    pace = Pace(clock)
    pace.note(Event("start", "a", 0, 10 * MB))
    clock.now += 1
    pace.note(advance(MB))
    assert pace.rate("a") == MB
    clock.now += 9
    assert pace.rate("a") == MB / 10


def test_a_file_that_begins_anew_has_no_rate_below_nothing() -> None:
    clock = Ticking()
    pace = Pace(clock)
    pace.note(advance(5 * MB))
    clock.now += 1
    pace.note(advance(0))
    clock.now += 1
    assert pace.rate("a") == 0
    assert pace.told(advance(0)) == ["0 B/s"]


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (0, 0, "0 of 0 B"),
        (20_480, 55_695, "20.5 of 55.7 kB"),
        (4_200_000, 11_490_434, "4.2 of 11.5 MB"),
        (1_200_000, None, "1.2 MB"),
        (999, None, "999 B"),
        (100 * MB, 2 * 10**9, "0.1 of 2.0 GB"),
    ],
)
def test_bytes_in_words(done: int, total: int | None, words: str) -> None:
    assert amount(done, total) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (99.4, "99 s"), (700, "12 min"), (5990, "1 h 40 min"), (11100, "3 h 05 min")]
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("source", "place"),
    [("https://a.example:8/b/c", "a.example:8"), ("/data/f", "/data/f"), ("practice:f", "practice:f")],
)
def test_where_it_comes_from_in_a_word(source: str, place: str) -> None:
    assert place_of(source) == place


class Notebook:
    """What IPython gives a notebook: a shell with a kernel, and a display that can be updated."""

    def __init__(self, kernel: object = "kernel") -> None:
        self.kernel = kernel
        self.shown: list[str] = []
        self.displays = 0

    def display(self, data: dict[str, str], *, raw: bool, display_id: bool) -> Notebook | None:
        assert raw
        assert display_id
        self.displays += 1
        self.shown.append(data["text/plain"])
        return self

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(data["text/plain"])

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Notebook:
        ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
        ipython.get_ipython = lambda: self  # type: ignore[attr-defined]
        display.display = self.display  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", display)
        return self


def test_elsewhere_there_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not in_notebook()
    assert "IPython" not in sys.modules


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    Notebook(kernel=None).install(monkeypatch)
    assert not in_notebook()
    assert isinstance(listener(True), Lines)


@pytest.mark.parametrize("progress", [True, None])
def test_a_notebook_has_one_text_that_is_updated_in_place(
    progress: bool | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = Notebook().install(monkeypatch)
    told = listener(progress)
    assert told is not None
    told(Event("start", "mnist.npz", 2 * MB, 10 * MB))
    told(Event("advance", "mnist.npz", 5 * MB, 10 * MB, "https://a.example/mnist.npz"))
    told(Event("abandon", "mnist.npz", 5 * MB, 10 * MB, "", "a.example is given up: \x1b[2J it answers 503"))
    told(Event("done", "mnist.npz", 10 * MB, 10 * MB))
    assert notebook.displays == 1
    assert notebook.shown[-2].splitlines() == [
        "mnist.npz: goes on at 2.0 of 10.0 MB",
        "mnist.npz: a.example is given up: \\x1b[2J it answers 503",
        "mnist.npz  ████████████░░░░░░░░░░░░   50 %  5.0 of 10.0 MB  a.example",
    ]
    assert notebook.shown[-1].splitlines()[-1] == f"mnist.npz  {'█' * 24}  100 %  10.0 MB  a.example"
    assert capsys.readouterr() == ("", "")


def test_in_a_notebook_false_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    Notebook().install(monkeypatch)
    assert listener(False) is None


def test_a_bar_has_a_row_per_file_with_rate_and_time_left() -> None:
    clock, shown = Ticking(), []  # type: ignore[var-annotated]
    told = NotebookBar(shown.append, clock=clock)
    for file in ("a", "long"):
        told(Event("start", file, 0, 10 * MB))
    clock.now += 1
    told(advance(MB))
    told(advance(MB, file="long"))
    clock.now += 1
    told(advance(5 * MB, None, file="long"))
    assert len(shown) == 2, "not for every piece"
    assert shown[-1].splitlines() == [
        f"a     {'█' * 2}{'░' * 22}   10 %  1.0 of 10.0 MB  500.0 kB/s  18 s left  example.org",
        f"long  {'░' * 24}         5.0 MB  2.5 MB/s  example.org",
    ]


def test_what_is_quick_is_not_worth_a_bar() -> None:
    shown: list[str] = []
    told = NotebookBar(shown.append, clock=Ticking())
    for event in (Event("start", "a", 0, MB), advance(MB), Event("done", "a", MB, MB)):
        told(event)
    assert shown == []


def test_where_the_front_end_fails_lines_take_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = Notebook().install(monkeypatch)
    tried: list[object] = []
    monkeypatch.setattr(sys.modules["IPython.display"], "display", lambda data, **_: tried.append(data))
    told = listener(True)
    assert told is not None
    told(Event("wait", "a", text="another process is fetching it"))
    told(Event("abandon", "a", text="example.org is given up: no"))
    assert notebook.shown == []
    assert len(tried) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["a: another process is fetching it", "a: example.org is given up: no"]
