from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from steadyset.cli.answering import Answer
from steadyset.cli.options import Common, Run, common, scan
from steadyset.errors import MirrorError
from steadyset.findings.report import Report

LINES = [
    [],
    ["--json"],
    ["-q"],
    ["-qq"],
    ["-q", "--quiet"],
    ["-vq", "-v"],
    ["--color", "never"],
    ["--color=always"],
    ["--verbose", "--json", "-qq", "--color", "always"],
]


@pytest.mark.parametrize("argv", LINES, ids=" ".join)
def test_a_malformed_line_is_read_as_click_would_have(argv: list[str]) -> None:
    seen: list[Common] = []

    @click.command("x")
    @common
    def command(run: Run) -> Answer:
        seen.append(run.common)
        return Answer(Report("x", "done"))

    CliRunner().invoke(command, argv, obj={}, catch_exceptions=False)
    assert scan(["load", *argv, "--nonsense"]) == seen[0]


def test_what_stands_after_two_dashes_is_no_option() -> None:
    assert scan(["load", "--", "--json", "-q", "--color=never"]) == Common()


@pytest.mark.parametrize("argv", [["--color"], ["--color", "pink"], ["--color=pink"], ["-qz"]])
def test_a_slip_in_the_options_themselves_is_left_alone(argv: list[str]) -> None:
    assert scan(argv) == Common()


def test_mirrors_are_refused_before_anything_is_done() -> None:
    with pytest.raises(MirrorError, match="SS442"):
        Run("load", Common(mirrors=("ftp://example.org",))).settings()


def test_options_come_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("STEADYSET_MIRRORS", "https://b.example")
    settings = Run("load", Common(mirrors=("https://a.example",))).settings()
    assert settings.mirrors == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("variable", "option", "offline"), [("", False, False), ("1", False, True), ("0", True, True), ("1", True, True)]
)
def test_offline_is_asked_for_by_either(
    monkeypatch: pytest.MonkeyPatch, variable: str, option: bool, offline: bool
) -> None:
    monkeypatch.setenv("STEADYSET_OFFLINE", variable)
    assert Run("load", Common(offline=option)).settings().offline is offline
