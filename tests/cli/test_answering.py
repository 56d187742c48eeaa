from __future__ import annotations

import json

import pytest

from steadyset.cli.answering import Answer, deliver, finding_block
from steadyset.cli.console import Console
from steadyset.cli.options import Common
from steadyset.findings.report import Report, finding

NOTE = finding("SS216", "read from a copy", level="note", evidence=[("copy", "/a\x1b[2Jb")], remedies=())
ANSWER = Answer(
    Report("fetch", "done", (NOTE,)), body=["body"], product=["product"], paths=["/path"], chatter=["chatter"]
)


@pytest.mark.parametrize(
    ("quiet", "out", "err"),
    [
        (0, "body\nproduct\n/path\n", "chatter\n\n"),
        (1, "product\n/path\n", ""),
        (2, "", None),
        (3, "", None),
    ],
)
def test_how_much_is_said(quiet: int, out: str, err: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(ANSWER, Console("never"), Common(quiet=quiet)) == 0
    said = capsys.readouterr()
    assert said.out == out
    if err is None:
        assert said.err == ""
    else:
        assert said.err.startswith(f"{err}– SS216 equivalent-copy-used\n")


def test_findings_stand_with_the_report_where_there_are_no_paths(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(ANSWER._replace(paths=()), Console("never"), Common(quiet=1))
    said = capsys.readouterr()
    assert said.out.startswith("product\n– SS216") or "\n– SS216" in said.out
    assert said.err == ""


@pytest.mark.parametrize("quiet", [0, 2])
def test_one_document_and_nothing_else(quiet: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(ANSWER, Console("always"), Common(as_json=True, quiet=quiet)) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["summary"] == "done"
    assert said.out.isascii()
    assert said.err == ""


def test_the_exit_code_is_the_reports_or_the_answers(capsys: pytest.CaptureFixture[str]) -> None:
    bad = Report("verify", "bad", (finding("SS203", "damaged"),))
    assert deliver(Answer(bad), Console("never"), Common()) == 1
    assert deliver(Answer(bad, exit_code=0), Console("never"), Common()) == 0


def test_a_finding_says_what_was_seen_what_to_do_and_where_to_read_more() -> None:
    found = finding("SS203", "damaged", evidence=[("path", "/x")], why="A bad disk.")
    lines = finding_block(found, Console("never").out)
    text = "\n".join(lines)
    order = [
        "✗ SS203 digest-mismatch",
        "  damaged",
        "    path  /x",
        "  Why     A bad disk.",
        "  Do ",
        "  Verify",
        "  More",
    ]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_a_guess_is_called_one() -> None:
    assert "(likely)" in finding_block(NOTE._replace(confidence="likely"), Console("never").out)[0]


def test_evidence_cannot_steer_the_terminal() -> None:
    assert not any("\x1b" in line for line in finding_block(NOTE, Console("never").out))


@pytest.mark.parametrize(("quiet", "again"), [(0, False), (1, True)])
def test_what_the_body_tells_is_not_told_twice(quiet: int, again: bool, capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(Report("heal", "done", (NOTE,)), body=["body tells SS216"], told=(NOTE,))
    deliver(answer, Console("never"), Common(quiet=quiet))
    assert ("equivalent-copy-used" in capsys.readouterr().out) is again
