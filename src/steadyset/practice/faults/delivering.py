"""Faults in how the origin says it: cuts, stalls, drips, garbage on the wire."""
# ruff: noqa: D102 - a fault's class says what its one method does

import itertools
from dataclasses import KW_ONLY, dataclass, field

from steadyset.practice.line import Pace
from steadyset.practice.wire import (
    PIECE,
    Answer,
    Body,
    Hangup,
    Head,
    Raw,
    Steps,
    Wait,
    interrupt,
    phrase,
    split,
)

from .base import Fault


@dataclass(frozen=True, slots=True)
class CutAfter(Fault):
    """Ends the connection after ``n`` body bytes of an answer that has more, with FIN or with RST."""

    n: int
    _: KW_ONLY
    with_rst: bool = False

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        return interrupt(steps, self.n, Hangup(self.with_rst))


@dataclass(frozen=True, slots=True)
class StallAfter(Fault):
    """Falls silent after ``n`` body bytes of an answer that has more, then goes on after ``seconds``."""

    n: int
    seconds: float

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        return interrupt(steps, self.n, Wait(self.seconds))


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Stays silent for ``seconds`` before the first byte of the head, then answers."""

    seconds: float

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Wait(self.seconds)
        yield from steps


@dataclass(frozen=True, slots=True)
class StallHead(Fault):
    """Falls silent after the first ``at`` bytes of the head (17: the status line 200), then goes on."""

    seconds: float
    at: int = 17

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        for step in steps:
            if isinstance(step, Head):
                yield step._replace(data=step.data[: self.at])
                yield Wait(self.seconds)
                yield step._replace(data=step.data[self.at :])
            else:
                yield step


@dataclass(frozen=True, slots=True)
class NoAnswer(Fault):
    """Ends the connection without a word, with FIN or with RST."""

    _: KW_ONLY
    with_rst: bool = False

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Hangup(self.with_rst)


@dataclass(frozen=True, slots=True)
class Garbage(Fault):
    """Sends bytes that are not HTTP, then closes."""

    data: bytes = b"\x15\x03\x01\x00\x02\x02\x46 not HTTP at all \x00\xff\xfe\r\n\r\n"

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Raw(self.data)
        yield Hangup()


@dataclass(frozen=True, slots=True)
class TruncatedHead(Fault):
    """Sends the first ``at`` bytes of the head (9: a status line without its status), then closes."""

    at: int = 9

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        for step in steps:
            if isinstance(step, Head):
                yield Raw(step.data[: self.at])
                yield Hangup()
            yield step


@dataclass(frozen=True, slots=True)
class EndlessHeaders(Fault):
    """Sends a status line, then header fields until the client has had enough."""

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        yield Head(b"HTTP/1.1 200 OK\r\n", 200)
        for number in itertools.count():
            yield Raw(b"X-Practice-%d: %b\r\n" % (number, b"and so on " * 100))


@dataclass(frozen=True, slots=True)
class Interim(Fault):
    """Sends ``count`` interim responses (103 Early Hints unless told otherwise) before the answer."""

    count: int = 1
    status: int = 103

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        hint = f"HTTP/1.1 {self.status} {phrase(self.status)}\r\nLink: </style.css>; rel=preload\r\n\r\n"
        yield from [Raw(hint.encode())] * self.count
        yield from steps


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """Sends the body ``size`` bytes at a time, with ``seconds`` of silence in between."""

    size: int
    seconds: float

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        begun = False
        for step in split(steps, self.size):
            if isinstance(step, Body):
                yield from [Wait(self.seconds)] * begun
                begun = True
            yield step


@dataclass(frozen=True, slots=True)
class TinySegments(Fault):
    """Sends head and body ``size`` bytes at a time, each in a TCP segment of its own."""

    size: int = 7

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        return split(steps, self.size, (Head, Raw, Body))


@dataclass(frozen=True, slots=True)
class RateLimit(Fault):
    """Sends at most so many body bytes per second, on each connection, or on all of a client's together."""

    bytes_per_second: float
    _: KW_ONLY
    per_client: bool = False
    _paces: dict[str, Pace] = field(default_factory=dict, init=False, repr=False, compare=False)

    def on_wire(self, steps: Steps, answer: Answer) -> Steps:
        # setdefault is atomic, so two connections that begin together share one pace.
        pace = self._paces.setdefault(answer.request.client, Pace()) if self.per_client else Pace()
        size = max(1, min(PIECE, int(self.bytes_per_second / 50)))
        for step in split(steps, size):
            if isinstance(step, Body):
                yield Wait(pace.reserve(len(step.data) / self.bytes_per_second))
            yield step
