"""The command ``steadyset``: finds the subcommand, and turns whatever goes wrong into an answer."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

import click

from .. import __version__
from .options import Run, scan

CONTEXT = {"help_option_names": ["-h", "--help"]}


class Known(NamedTuple):
    """A subcommand: its module in this package, and what its help says in a line."""

    module: str
    summary: str


COMMANDS = {
    "load": Known("load", "Load a dataset: fetch, verify, decode, and show what it is."),
    "fetch": Known("fetch", "Fetch the published files of datasets, verified."),
    "verify": Known("verify", "Check what is stored against the recorded digests."),
    "heal": Known("heal", "Move damaged copies aside and put good ones in their place."),
    "list": Known("listing", "List the datasets, and which of them are stored."),
    "cache": Known("cache", "See and tidy what is stored."),
    "explain": Known("explain", "Explain a code, such as SS105."),
    "demo": Known("demo", "See it at work on drawn digits: offline, about 20 seconds."),
}


class Group(click.Group):
    """A group that names the nearest command when there is none of the name given."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; see ``click.Group``."""
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            if name.startswith("-"):
                self.parse_args(ctx, args)
            ctx.fail(f"there is no command {name!r}{nearest(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question that names the known words nearest to one, or nothing."""
    near = difflib.get_close_matches(word.lower(), list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


class Commands(Group):
    """The subcommands; the module of one is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of a first visit."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand of a name, or None."""
        known = COMMANDS.get(cmd_name)
        if known is None:
            return None
        command: click.Command = import_module(f"{__package__}.{known.module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, known.summary) for name, known in COMMANDS.items()])

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line and exit; takes what ``click.Command.main`` takes."""
        given = args[0] if args else extra.pop("args", None)
        # Handed on as it came: click expands patterns on Windows only where there is nothing.
        extra |= {"args": given, "standalone_mode": False}
        sys.exit(self._guarded(list(sys.argv[1:] if given is None else given), extra))

    def _guarded(self, argv: list[str], extra: dict[str, Any]) -> int:
        """Run the command line and return the exit code, whatever happens."""
        shared: dict[str, Run] = {}
        try:
            return int(super().main(**extra, obj=shared) or 0)
        except SystemExit:
            raise
        except BaseException as error:
            from .failing import answer

            return answer(error, shared.get("run") or Run(_named(argv), scan(argv)), argv)


def _named(argv: list[str]) -> str:
    return next((word for word in argv if word in COMMANDS), "steadyset")


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"steadyset {__version__}")
        ctx.exit()


EPILOG = """\b
Examples:
  steadyset load mnist
  steadyset fetch mnist --to keras
  steadyset verify
  steadyset heal --dry-run
  steadyset explain SS105

\b
Exit codes: 0 fine, 1 findings or failure, 2 usage, configuration or our bug, 130 interrupted.
STEADYSET_HOME, STEADYSET_MIRRORS and STEADYSET_OFFLINE are read from the environment.
"""


@click.group("steadyset", cls=Commands, context_settings=CONTEXT, epilog=EPILOG, invoke_without_command=True)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
@click.pass_context
def app(ctx: click.Context) -> None:
    """Load MNIST and its kin without fail, and name the true cause when something does."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
