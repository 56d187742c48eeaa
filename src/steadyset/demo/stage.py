"""What the acts of the demonstration share: a store, a misbehaving origin and a place to write."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import textwrap
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from ..loading.warm import load_with
from ..practice import files
from ..practice.faults import Fault
from ..practice.origin import Origin
from ..settings import Settings
from ..show.terminal import Depth, gallery
from ..splits import Splits

if TYPE_CHECKING:
    from ..transport.records import Event

DATASET = "drawn-digits"


class Stage:
    """One store in a temporary directory, one origin on loopback, and what is written on the screen.

    Args:
        write: takes one line at a time.
        depth: how many colours may be used.
        unicode: whether block characters may be used.
        width: columns of the screen.
        pause: seconds to wait after each act, to let people read.
    """

    def __init__(self, write: Callable[[str], None], *, depth: Depth, unicode: bool, width: int, pause: float) -> None:
        self._write = write
        self._depth: Depth = depth
        self._unicode = unicode
        self._width = max(40, min(width, 100))
        self._pause = pause
        self._shown = 0
        self.home = tempfile.mkdtemp(prefix="steadyset-demo-")
        self.origin = Origin({name: files.content(name) for name in files.names()})

    def __enter__(self) -> Stage:
        self.origin.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.origin.__exit__(kind, error, trace)
        _remove(self.home)

    def say(self, text: str = "", *, indent: str = "") -> None:
        """Write a paragraph, wrapped to the screen."""
        for line in textwrap.wrap(text, self._width, initial_indent=indent, subsequent_indent=" " * len(indent)) or [
            ""
        ]:
            self._write(line)

    def title(self, number: int, text: str) -> None:
        """Write the heading of an act."""
        self._write("")
        self._write(self._bold(f"{number}. {text}"))

    def tell(self, stock: str, here: str) -> None:
        """Write the two lines of an act: what the stock loader would have done, and what happened here."""
        self.say(stock, indent="  stock  ")
        self.say(here, indent="  here   ")

    def curtain(self, splits: Splits) -> None:
        """Show digits, and leave time to look at them."""
        self._shown += 1
        labels = range(5) if self._shown % 2 else range(5, 10)
        samples = [int((splits.train.y == label).nonzero()[0][self._shown]) for label in labels]
        lines = gallery(splits.train.x[samples], columns=self._width - 2, depth=self._depth, unicode=self._unicode)
        for line in lines:
            self._write(f"  {line}")
        time.sleep(self._pause)

    def load(self, *mirrors: str) -> tuple[Splits, float]:
        """Load the drawn digits from mirrors as the library does; return them and the seconds it took."""
        begun = time.perf_counter()
        settings = Settings(self.home, mirrors=mirrors or (self.origin.url,))
        splits = load_with(settings, DATASET, progress=self._heard)
        return splits, time.perf_counter() - begun

    def new_store(self) -> None:
        """Begin with an empty store."""
        _remove(self.home)

    def misbehave(self, *faults: Fault) -> None:
        """Let the origin do these things from now on, and forget what it was asked."""
        self.origin.set_faults(list(faults))
        self.origin.reset()

    def _heard(self, event: Event) -> None:
        if event.kind in ("abandon", "wait"):
            self.say(event.text, indent="    … " if self._unicode else "    ... ")

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._depth != "none" else text


def dead_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def damage(path: str) -> None:
    """Change one bit in the middle of a file, as a failing disk does."""
    os.chmod(path, 0o600)
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def largest(paths: Sequence[str]) -> str:
    """Return the largest of some files."""
    return max(paths, key=os.path.getsize)


def _remove(home: str) -> None:
    """Remove the temporary store; its read-only files need write permission first on Windows."""
    for folder, _, names in os.walk(home):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
    shutil.rmtree(home, ignore_errors=True)
