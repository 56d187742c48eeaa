from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from steadyset.cli.answering import Answer
from steadyset.cli.options import Common, Run, common, scan, timeout
from steadyset.errors import MirrorError
from steadyset.findings.report import Report
from steadyset.transport.records import Limits

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


@pytest.mark.parametrize(
    ("given", "total", "connect", "idle"), [("90", 90, 10, 20), ("1.5", 1.5, 1.5, 1.5), ("1e300", 1e8, 10, 20)]
)
def test_a_time_limit_holds_for_one_connection_too(given: str, total: float, connect: float, idle: float) -> None:
    seen: list[Limits | None] = []

    @click.command("x")
    @timeout
    def command(limits: Limits | None) -> None:
        seen.append(limits)

    for argv in ([], ["--timeout", given]):
        CliRunner().invoke(command, argv, catch_exceptions=False)
    assert seen == [None, Limits()._replace(total=total, connect=connect, idle=idle)]


@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf", "", "1h"])
def test_what_is_no_time_is_refused(given: str) -> None:
    @click.command("x")
    @timeout
    def command(limits: Limits | None) -> None:
        raise AssertionError("not reached")

    result = CliRunner().invoke(command, ["--timeout", given])
    assert result.exit_code == 2
    assert "is not a number of seconds greater than 0" in result.stderr
