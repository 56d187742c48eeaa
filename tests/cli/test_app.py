from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import Result

from steadyset import __version__
from steadyset.cli.app import COMMANDS, app

from .conftest import Run

LEAVES = [["load"], ["fetch"], ["verify"], ["heal"], ["list"], ["explain"], ["demo"]]
LEAVES += [["cache", name] for name in ("dir", "list", "size", "prune")]
COMMON = ["--json", "--quiet", "--verbose", "--offline", "--mirror", "--color", "--help"]


def test_nothing_given_shows_the_help(cli: Run) -> None:
    result = cli()
    assert result.exit_code == 0
    assert result.stdout == cli("-h").stdout
    for name, known in COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert known.summary in result.stdout
    assert "steadyset load mnist" in result.stdout


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version(cli: Run, flag: str) -> None:
    assert cli(flag).stdout == f"steadyset {__version__}\n"


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help_with_the_common_options(cli: Run, words: list[str], flag: str) -> None:
    result = cli(*words, flag)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: steadyset {' '.join(words)} [OPTIONS]")
    assert all(option in result.stdout for option in COMMON)
    result.stdout.encode("ascii")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "cache"])
def test_every_command_has_examples_that_parse(name: str) -> None:
    ctx = click.Context(app, info_name="steadyset")
    command = app.get_command(ctx, name)
    assert command is not None
    assert command.epilog is not None
    examples = [line.split("steadyset ")[1] for line in command.epilog.splitlines() if "steadyset " in line]
    assert examples
    for example in examples:
        words = example.partition(" &&")[0].partition(")")[0].split()
        assert words[0] == name
        command.make_context(name, words[1:], parent=ctx)


@pytest.mark.parametrize(
    ("argv", "nearest"),
    [
        (["lod", "mnist"], "did you mean load?"),
        (["cache", "prun"], "did you mean prune?"),
        (["load", "mnsit"], "did you mean mnist?"),
        (["load", "mnist", "--verfy", "full"], "--verify"),
        (["load", "mnist", "--offlin"], "--offline"),
        (["explain", "SS1055"], "did you mean SS105"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_is_answered_with_the_nearest(cli: Run, argv: list[str], nearest: str) -> None:
    result = cli(*argv)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("[SS44")
    assert nearest in result.stderr.split("More")[0]


def test_a_common_option_before_the_command_is_told_its_place(cli: Run) -> None:
    result = cli("--offline", "load", "mnist")
    assert result.exit_code == 2
    assert "--offline goes after the command: steadyset load --offline" in result.stderr


def test_a_missing_argument_shows_the_usage(cli: Run) -> None:
    result = cli("load")
    assert result.exit_code == 2
    assert "[SS443] missing argument 'NAME'" in result.stderr
    assert "steadyset load [OPTIONS] NAME" in result.stderr
    assert "steadyset load -h" in result.stderr


def test_the_listed_commands_are_the_modules(cli: Run) -> None:
    ctx = click.Context(app, info_name="steadyset")
    assert {app.get_command(ctx, name).name for name in COMMANDS} == set(COMMANDS)  # type: ignore[union-attr]
    assert app.get_command(ctx, "console") is None


@pytest.mark.parametrize(
    ("argv", "absent"),
    [
        (["--version"], {"click", "rich", "numpy", "httpx2"}),
        (["-h"], {"rich", "numpy", "httpx2", "steadyset.cli.load"}),
        (["cache", "dir"], {"rich", "numpy", "httpx2", "steadyset.cli.load"}),
        (["explain", "SS105"], {"rich", "numpy", "httpx2"}),
        (["list"], {"rich", "numpy", "httpx2"}),
        (["cache", "list"], {"rich", "numpy", "httpx2"}),
        (["load", "minst"], {"rich", "httpx2"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_only_what_it_needs(argv: list[str], absent: set[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['steadyset', *{argv!r}]\n"
        "from steadyset.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not absent & set(done.stderr.split())


def test_every_result_is_an_exit(cli: Run) -> None:
    result: Result = cli("cache", "dir")
    assert isinstance(result.exception, SystemExit | type(None))
    assert result.exit_code == 0
