"""The options that every command has, and what a command has at hand while it runs."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from .answering import Answer, deliver
from .console import Choice, Console

if TYPE_CHECKING:
    from ..settings import Settings
    from ..transport.records import Event, Limits, Listener

COLORS = ("auto", "always", "never")
_LONGEST = 1e8  # seconds, three years; what waits for a lock or a socket takes no number it likes


class Common(NamedTuple):
    """The values of the options that every command has."""

    as_json: bool = False
    quiet: int = 0
    verbose: int = 0
    offline: bool = False
    mirrors: tuple[str, ...] = ()
    color: Choice = "auto"


class Run:
    """One run of one command: its options, its console, and what it works on should it fail.

    Attributes:
        command: the name of the command, ``cache list`` for example.
        datasets: the names of the datasets that are being worked on.
        urls: the URLs of other files that are being worked on, as the user gave them.
        coming: of each file that was asked for elsewhere, what was told of it last.
    """

    def __init__(self, command: str, common: Common) -> None:
        self.command = command
        self.common = common
        self.console = Console(common.color)
        self.datasets: tuple[str, ...] = ()
        self.urls: tuple[str, ...] = ()
        self.coming: dict[str, Event] = {}

    def settings(self) -> Settings:
        """Return the settings of the environment, with those of the options before them.

        Raises:
            MirrorError: SS442, a mirror is neither a URL nor a directory.
        """
        from ..settings import Settings, require_mirrors

        require_mirrors(self.common.mirrors)
        return Settings.from_environ(mirrors=self.common.mirrors, offline=self.common.offline or None)

    @contextmanager
    def progress(self) -> Iterator[Listener]:
        """Yield who is told of the progress: bars on a terminal, lines elsewhere, nobody with ``-q``."""
        from .bars import Bars, lines

        if self.common.quiet:
            yield self._remembering(lambda _: None)
        elif self.console.may_animate and not self.common.as_json:
            with Bars(self.console) as bars:
                yield self._remembering(bars)
        else:
            yield self._remembering(lines(self.console))

    def _remembering(self, show: Listener) -> Listener:
        """Return a listener that shows an event and remembers it, for what is said of an interruption."""

        def tell(event: Event) -> None:
            self.coming[event.file] = event
            show(event)

        return tell


def scan(argv: Sequence[str]) -> Common:
    """Return the options that say how to answer, from a command line that may be malformed."""
    words = list(argv[: argv.index("--")]) if "--" in argv else list(argv)
    clusters = "".join(w for w in words if re.fullmatch(r"-[qv]+", w))
    color = next((w.partition("=")[2] for w in words if w.startswith("--color=")), None)
    if color is None and "--color" in words[:-1]:
        color = words[words.index("--color") + 1]
    return Common(
        as_json="--json" in words,
        quiet=clusters.count("q") + words.count("--quiet"),
        verbose=clusters.count("v") + words.count("--verbose"),
        color=cast("Choice", color) if color in COLORS else "auto",
    )


def _as_limits(ctx: click.Context, param: click.Parameter, value: str | None) -> Limits | None:
    """Return the limits that a number of seconds stands for; one connection and one silence count as well."""
    from ..transport.records import Limits

    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise click.BadParameter(f"{value!r} is not a number of seconds greater than 0", ctx, param)
    usual, seconds = Limits(), min(seconds, _LONGEST)
    return Limits(total=seconds, connect=min(usual.connect, seconds), idle=min(usual.idle, seconds))


timeout = click.option(
    "--timeout",
    "limits",
    callback=_as_limits,
    metavar="SECONDS",
    help="How long fetching one file may take in all, retries included; 3600 when left out.",
)


def common(function: Callable[..., Answer]) -> Callable[..., int]:
    """Give a command the common options, and deliver its answer.

    The function gets the ``Run`` first, then its own arguments by keyword, and returns an ``Answer``.
    """

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @click.option("-q", "--quiet", count=True, help="Findings only; -qq: nothing but the exit code.")
    @click.option("-v", "--verbose", count=True, help="Say more.")
    @click.option("--offline", is_flag=True, help="Contact nobody.")
    @click.option(
        "--mirror",
        "mirrors",
        multiple=True,
        metavar="URL",
        help="A base URL or a directory to try first; repeatable.",
    )
    @click.option("--color", type=click.Choice(COLORS), default="auto", help="Whether to use colour.")
    @click.pass_context
    @functools.wraps(function)
    def command(ctx: click.Context, /, **arguments: Any) -> int:
        values = Common(**{field: arguments.pop(field) for field in Common._fields})
        run = Run(ctx.command_path.partition(" ")[2], values)
        ctx.find_root().obj["run"] = run
        return deliver(function(run, **arguments), run.console, values)

    return command
