"""The records of the fetch engine: what is wanted, from where, within which limits, and what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from ..manifests.records import PIECE, FileSpec

SourceKind = Literal["mirror", "built-in"]
EventKind = Literal["start", "advance", "abandon", "wait", "done"]
Ask = Literal["if-range", "range", "whole"]
"""How the rest of a file is asked for: with a validator, by a plain Range, or by asking for all of it."""


class Wanted(NamedTuple):
    """The file that is wanted: its name, and its size in bytes and digests where they are known.

    ``most_bytes`` bounds what is read of a file whose size is not known.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    piece_size: int = PIECE
    pieces: tuple[str, ...] = ()
    most_bytes: int = 1 << 40

    @classmethod
    def of(cls, file: FileSpec) -> Wanted:
        """Return what a manifest's file asks for."""
        return cls(file.name, file.size, file.sha256, file.piece_size, file.pieces)


class Source(NamedTuple):
    """One place that may hold the file: an http, https or ``practice`` URL, or a path on this machine.

    ``label`` is the place as the user knows it, without credentials.
    """

    url: str
    kind: SourceKind = "built-in"
    label: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether reading it opens a socket."""
        return self.url.startswith(("http://", "https://"))


class Limits(NamedTuple):
    """How long to wait, in seconds, and how often to try.

    ``connect`` bounds one connection, ``idle`` the silence between two pieces of an answer, ``total``
    the whole fetch of one file. ``tries`` counts attempts at one source in a row that brought nothing
    new; an attempt that made progress starts the count again. A source that sends fewer than ``slowest``
    bytes per second over the time of ``idle`` has stalled as well.

    After each ``trial`` seconds it is seen whether one more connection is worth it, up to ``connections``
    for one file; to one source there is more than one only for files of ``large`` bytes or more.
    """

    connect: float = 10.0
    idle: float = 20.0
    total: float = 3600.0
    tries: int = 4
    backoff: float = 0.5
    longest_wait: float = 60.0
    slowest: float = 1024.0
    trial: float = 1.0
    connections: int = 8
    large: int = 8 << 20


class Attempt(NamedTuple):
    """One try at one source: when (Unix time), how long (seconds), how many bytes, and how it ended.

    ``code`` is None when it delivered what was asked of it; ``said`` is what the other side answered.
    """

    source: str
    started: float
    seconds: float
    bytes: int
    resumed_from: int
    status: int | None
    code: str | None
    said: str


class Event(NamedTuple):
    """What a progress display is told.

    ``kind`` is ``start`` (``done`` of ``total`` bytes are held already), ``advance``, ``abandon`` (a
    source is given up; ``text`` says why), ``wait`` (``text`` says for what) or ``done``.
    """

    kind: EventKind
    file: str
    done: int = 0
    total: int | None = None
    source: str = ""
    text: str = ""


Listener = Callable[[Event], None]


class Sink(Protocol):
    """Where the bytes of one file are put together: a partial in the store, or memory."""

    def write_at(self, offset: int, data: bytes | memoryview) -> None:
        """Write bytes at an offset, growing the sink as needed."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from an offset."""

    def size(self) -> int:
        """Return how many bytes the sink holds."""

    def resize(self, size: int) -> None:
        """Cut the sink to a size in bytes."""

    def note(self, **facts: str | int | None) -> None:
        """Remember what the source said about the file (``url``, ``etag``, ``last_modified``, ``size``)."""

    def noted(self) -> dict[str, str | int | None]:
        """Return what was remembered."""


class Clock(Protocol):
    """The passing of time, so that tests need no waiting."""

    def now(self) -> float:
        """Return the Unix time in seconds."""

    def elapsed(self) -> float:
        """Return seconds from an arbitrary point; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
