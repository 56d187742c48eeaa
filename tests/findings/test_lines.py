"""The lines of one problem: quoting that survives a shell, alignment, and order."""

from __future__ import annotations

import shlex
import sys

import pytest

from steadyset.findings.catalogue import entries
from steadyset.findings.lines import error_lines, evidence_lines, fits, quoted, remedy_lines, unmarked
from steadyset.findings.records import Evidence, Remedy

OTHER = "win32" if sys.platform != "win32" else "linux"
ALL_COMMANDS = sorted({argv for known in entries().values() for r in known.remedies for argv in r.commands})


@pytest.mark.parametrize(
    ("argv", "posix", "windows"),
    [
        (["steadyset", "load", "mnist"], "steadyset load mnist", "steadyset load mnist"),
        (["pip", "install", "numpy<2"], "pip install 'numpy<2'", 'pip install "numpy<2"'),
        (["pip", "install", "keras>=3"], "pip install 'keras>=3'", 'pip install "keras>=3"'),
        (["x", "a b"], "x 'a b'", 'x "a b"'),
        (["x", "C:\\data\\my.npz"], "x 'C:\\data\\my.npz'", "x C:\\data\\my.npz"),
        (["python", "-c", "print('x')"], "python -c \"print('x')\"", "python -c \"print('x')\""),
        (["x", "it's $5"], "x 'it'\"'\"'s $5'", 'x "it\'s $5"'),
        (["x", ""], "x ''", 'x ""'),
    ],
)
def test_commands_are_quoted_for_the_shell(argv: list[str], posix: str, windows: str) -> None:
    assert quoted(argv, windows=False) == posix
    assert quoted(argv, windows=True) == windows


@pytest.mark.parametrize("argv", ALL_COMMANDS, ids=" ".join)
def test_every_command_of_the_catalogue_survives_the_shell(argv: tuple[str, ...]) -> None:
    assert shlex.split(quoted(argv, windows=False)) == list(argv)
    assert shlex.split(quoted(argv, windows=True)) == list(argv)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("no code", "no code"),
        ("write `x.T` and `y`", 'write "x.T" and "y"'),
        ('write `print("x")`', 'write print("x")'),
        ("one ` alone", "one ` alone"),
    ],
)
def test_backticks_become_plain_quotes(marked: str, expected: str) -> None:
    assert unmarked(marked) == expected


def test_a_remedy_fits_the_platforms_it_names_or_all() -> None:
    assert fits(Remedy("x"), "linux")
    assert fits(Remedy("x", platforms=("darwin", "linux")), "linux")
    assert not fits(Remedy("x", platforms=("darwin",)), "linux")


def test_each_command_of_a_remedy_has_its_own_line() -> None:
    remedy = Remedy("Do `this`.", (("a", "b"), ("c",)))
    assert remedy_lines([remedy]) == ['  Do      Do "this".', "            a b", "            c"]


def test_at_most_three_remedies_and_none_of_another_platform() -> None:
    remedies = [Remedy("elsewhere", platforms=(OTHER,)), *(Remedy(str(number)) for number in range(5))]
    assert [line.split()[-1] for line in remedy_lines(remedies)] == ["0", "1", "2"]
    assert len(remedy_lines(remedies, most=1)) == 1


def test_evidence_is_aligned() -> None:
    rows = [Evidence("file", "mnist.npz"), Evidence("got", "727 bytes")]
    assert evidence_lines(rows) == ["    file  mnist.npz", "    got   727 bytes"]
    assert evidence_lines([]) == []


def test_evidence_of_several_lines_stays_in_its_column() -> None:
    assert evidence_lines([Evidence("said", "one\ntwo")]) == ["    said  one\n          two"]


def test_what_happened_comes_before_what_was_seen_and_what_to_do() -> None:
    lines = error_lines("SS101", "it failed", [Evidence("host", "example.org")], [Remedy("Wait.")])
    assert lines == [
        "[SS101] it failed",
        "    host  example.org",
        "  Do      Wait.",
        "  More    steadyset explain SS101",
    ]
