"""Where the command line writes: two channels that know what they can carry.

Whatever is written arrives: characters that the encoding lacks are replaced by ASCII ones, control
characters that came with data are shown and not obeyed, and a reader that has gone away is no error.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from ..show.terminal import Depth

Choice = Literal["auto", "always", "never"]

# What must be writable for symbols and pictures to be used.
_SAMPLE = "✓✗▀▄█░▒▓"
_ASCII = {
    "✓": "[ok]", "✗": "[xx]", "–": "-", "—": "-", "…": "...", "×": "x", "·": ".", "→": "->",
    "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ", "µ": "u",
}  # fmt: skip
_MARKS = {"ok": ("✓", "green"), "error": ("✗", "red"), "warning": ("!", "yellow"), "note": ("–", "cyan")}
_PLAIN_MARKS = {"ok": "[ok]", "error": "[xx]", "warning": "[!!]", "note": "[--]"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Windows answers EINVAL when the reader of a pipe has left.
_GONE = frozenset({errno.EPIPE, errno.ESHUTDOWN, *([errno.EINVAL] if os.name == "nt" else [])})
_NARROW = 80


def wants_color(choice: Choice, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Decide on colour: ``--color``, then ``NO_COLOR``, then ``FORCE_COLOR``, then whether it is a terminal.

    Both variables count when they are not empty (https://no-color.org, https://force-color.org).
    """
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def depth_of(environ: Mapping[str, str]) -> Depth:
    """Return how many colours a terminal that has colours shows."""
    return "truecolor" if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") else "256"


def clean(text: str) -> str:
    """Return text with control characters made visible, so that no data can steer the terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def muffle(stream: IO[str] | None) -> None:
    """Send what is still buffered nowhere, so that Python does not fail when it flushes at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())  # type: ignore[union-attr]
        os.close(null)


class Channel:
    """One stream: stdout or stderr."""

    def __init__(self, stream: IO[str] | None, choice: Choice, environ: Mapping[str, str]) -> None:
        self.stream = stream
        self.terminal = bool(stream is not None and stream.isatty())
        self.color = wants_color(choice, environ, terminal=self.terminal)
        self.depth: Depth = depth_of(environ) if self.color else "none"
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self.unicode = self._carries(_SAMPLE)
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")  # for what click writes by itself

    @property
    def width(self) -> int:
        """The number of columns; 80 where it is not a terminal."""
        if not self.terminal:
            return _NARROW
        return shutil.get_terminal_size((_NARROW, 24)).columns

    def paint(self, text: str, style: str) -> str:
        """Return text in a style: a colour, ``bold`` or ``dim``, or some of them."""
        if not self.color or not text:
            return text
        words = style.split()
        color = next((w for w in words if w not in ("bold", "dim")), None)
        return click.style(text, fg=color, bold="bold" in words or None, dim="dim" in words or None)

    def mark(self, what: str) -> str:
        """Return the symbol for ``ok``, ``error``, ``warning`` or ``note``, never told by colour alone."""
        symbol, color = _MARKS[what]
        return self.paint(symbol if self.unicode else _PLAIN_MARKS[what], color)

    def write(self, lines: Iterable[str]) -> None:
        """Write lines."""
        text = "".join(f"{line}\n" for line in lines)
        if text:
            self._guarded(self._carriable(text))

    def write_path(self, path: str) -> None:
        """Write a path on a line of its own, byte for byte, so that a script can use it."""
        as_text = os.name == "nt" or not hasattr(self.stream, "buffer")
        self._guarded(self._carriable(path) if as_text else os.fsencode(path), newline=True)

    def _guarded(self, text: str | bytes, *, newline: bool = False) -> None:
        if self.stream is None:
            return
        try:
            if text:
                click.echo(text, file=self.stream, nl=newline, color=self.color)
            self.stream.flush()
        except OSError as error:
            if error.errno not in _GONE:
                raise
            muffle(self.stream)
            self.stream = None

    def _carries(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except (UnicodeError, LookupError):
            return False
        return True

    def _carriable(self, text: str) -> str:
        if self._carries(text):
            return text
        for character, plain in _ASCII.items():
            text = text.replace(character, plain)
        try:
            return text.encode(self._encoding, "backslashreplace").decode(self._encoding)
        except LookupError:
            return text.encode("ascii", "backslashreplace").decode("ascii")


class Console:
    """The two channels of a run: results go to ``out``, progress and chatter to ``err``."""

    def __init__(
        self, choice: Choice = "auto", environ: Mapping[str, str] | None = None, err: IO[str] | None = None
    ) -> None:
        env = os.environ if environ is None else environ
        self.out = Channel(sys.stdout, choice, env)
        self.err = Channel(sys.stderr if err is None else err, choice, env)
        self._env = env

    @property
    def may_animate(self) -> bool:
        """Whether something may move: both are terminals of a person, with a width, and no CI."""
        return (
            self.out.terminal
            and self.err.terminal
            and self.err.width > 0
            and not self._env.get("CI")
            and self._env.get("TERM") != "dumb"
        )

    @property
    def may_ask(self) -> bool:
        """Whether there is somebody to answer a question."""
        return self.may_animate and sys.stdin is not None and sys.stdin.isatty()
