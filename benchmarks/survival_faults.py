"""The misbehaviours that the survival benchmark plays: data, each a name, what goes wrong, and who could survive it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from steadyset.practice.faults import (
    Appended,
    Chunked,
    CutAfter,
    Delay,
    Drip,
    Empty,
    Fault,
    FlippedBit,
    Garbage,
    Gzip,
    LfsPointer,
    Mislabelled,
    NoAnswer,
    NoRanges,
    Portal,
    Quota,
    RangeRefused,
    RangeShifted,
    RangeUnlabelled,
    Redirect,
    RedirectChain,
    Replaced,
    StallAfter,
    Status,
    Truncated,
    Validators,
    WrongLength,
)

_FOREVER = 3600.0
_STEP = 1_500_000
"""A server that cuts every answer after so many bytes needs eight answers for MNIST."""
_OTHER = bytes(byte ^ 0x55 for byte in range(256))


class Misbehaviour(NamedTuple):
    """One way for a server to misbehave.

    Attributes:
        name: what it is called in the matrix and after ``--only``.
        what: one line for people.
        survivable: whether the file can be had from this server alone.
        faults: makes the faults anew for each cell, from the bytes of the file.
        goal: whether it is one of the 27 that the goal counts, or a further one.
        slow: whether a tool without a limit of its own is likely to wait for ever.
    """

    name: str
    what: str
    survivable: bool
    faults: Callable[[bytes], list[Fault]]
    goal: bool = True
    slow: bool = False


def former(data: bytes) -> bytes:
    """Return an earlier version of a file: of the same length and beginning, with other bytes after it."""
    return data[:1024] + data[1024:].translate(_OTHER)


def _half(data: bytes) -> int:
    return len(data) // 2


def _cut_once(data: bytes) -> Fault:
    return CutAfter(_half(data), times=1)


SURVIVABLE = (
    Misbehaviour("cut-fin", "every answer is cut after 1.5 MB, with FIN", True, lambda d: [CutAfter(_STEP)]),
    Misbehaviour(
        "cut-rst", "every answer is cut after 1.5 MB, with RST", True, lambda d: [CutAfter(_STEP, with_rst=True)]
    ),
    Misbehaviour(
        "no-ranges",
        "two answers are cut half-way, and a Range is answered with 200",
        True,
        lambda d: [NoRanges(), CutAfter(_half(d), times=2)],
    ),
    Misbehaviour(
        "stall-body",
        "the first answer stalls half-way, for ever",
        True,
        lambda d: [StallAfter(_half(d), _FOREVER, times=1)],
        slow=True,
    ),
    Misbehaviour(
        "stall-head",
        "the first request is never answered, the connection stays",
        True,
        lambda d: [Delay(_FOREVER, times=1)],
        slow=True,
    ),
    Misbehaviour(
        "503-500",
        "503 with Retry-After in seconds, then 500 without, then the file",
        True,
        lambda d: [Status(503, 2, times=1), Status(500, after=1, times=1)],
    ),
    Misbehaviour(
        "429-date", "429 twice, with Retry-After as a date", True, lambda d: [Status(429, 2, as_date=True, times=2)]
    ),
    Misbehaviour(
        "flipped-bit", "one bit of the first answer is wrong", True, lambda d: [FlippedBit(len(d) * 5 // 8, times=1)]
    ),
    Misbehaviour(
        "truncated", "the first answer ends early, its length agrees", True, lambda d: [Truncated(_half(d), times=1)]
    ),
    Misbehaviour("appended", "bytes follow the file, the length agrees", True, lambda d: [Appended(b"<!-- ad -->")]),
    Misbehaviour("empty-200", "the first answer is 200 without a byte", True, lambda d: [Empty(times=1)]),
    Misbehaviour(
        "wrong-offset",
        "cut half-way; a resume gets another range than it asked for",
        True,
        lambda d: [_cut_once(d), RangeShifted(4096)],
    ),
    Misbehaviour("resume-416", "cut half-way; a resume gets 416", True, lambda d: [_cut_once(d), RangeRefused()]),
    Misbehaviour(
        "changed",
        "cut half-way; then the file is another, with another ETag and date",
        True,
        lambda d: [Replaced(former(d), times=1), _cut_once(d)],
    ),
    Misbehaviour("encoded", "the answer is gzipped though nobody asked", True, lambda d: [Gzip(always=True)]),
    Misbehaviour("chunks-no-end", "chunks without the last one", True, lambda d: [Chunked("missing")]),
    Misbehaviour("no-answer", "two connections are closed without a word", True, lambda d: [NoAnswer(times=2)]),
    Misbehaviour("not-http", "the first answer is not HTTP", True, lambda d: [Garbage(times=1)]),
    Misbehaviour(
        "drip", "the first answer drips, a byte per second", True, lambda d: [Drip(1, 1.0, times=1)], slow=True
    ),
    Misbehaviour("wrong-length", "Content-Length says 1,000 bytes too many", True, lambda d: [WrongLength(1000)]),
)

HOPELESS = (
    Misbehaviour("403", "403, whatever is asked", False, lambda d: [Status(403)]),
    Misbehaviour("404", "404, whatever is asked", False, lambda d: [Status(404)]),
    Misbehaviour("410", "410, whatever is asked", False, lambda d: [Status(410)]),
    Misbehaviour("redirect-loop", "a redirect to itself", False, lambda d: [Redirect("/{path}")]),
    Misbehaviour("portal", "the page of a captive portal, status 200", False, lambda d: [Portal()]),
    Misbehaviour("quota", "the page of a used-up quota, status 200", False, lambda d: [Quota()]),
    Misbehaviour("lfs-pointer", "a Git LFS pointer in the file's place", False, lambda d: [LfsPointer()]),
)

FURTHER = (
    Misbehaviour(
        "lying-offset",
        "cut half-way; a resume gets other bytes under the right Content-Range",
        True,
        lambda d: [_cut_once(d), RangeShifted(4096, lying=True)],
        goal=False,
    ),
    Misbehaviour(
        "unlabelled-206",
        "cut half-way; a 206 does not say which range it is",
        True,
        lambda d: [_cut_once(d), RangeUnlabelled()],
        goal=False,
    ),
    Misbehaviour(
        "changed-date",
        "as changed, with Last-Modified alone to tell",
        True,
        lambda d: [Replaced(former(d), times=1), Validators("none"), _cut_once(d)],
        goal=False,
    ),
    Misbehaviour(
        "changed-mute",
        "as changed, with nothing to tell",
        True,
        lambda d: [Replaced(former(d), times=1), Validators("none", last_modified=False), _cut_once(d)],
        goal=False,
    ),
    Misbehaviour(
        "mislabelled",
        "Content-Encoding: gzip on the file as it is",
        True,
        lambda d: [Mislabelled()],
        goal=False,
    ),
    Misbehaviour("redirects", "five redirects, then the file", True, lambda d: [RedirectChain(5)], goal=False),
    Misbehaviour(
        "flipped-always", "one bit is wrong, always", False, lambda d: [FlippedBit(len(d) * 5 // 8)], goal=False
    ),
    Misbehaviour(
        "truncated-always", "ends early and says so, always", False, lambda d: [Truncated(_half(d))], goal=False
    ),
    Misbehaviour(
        "mute-always", "no request is ever answered", False, lambda d: [Delay(_FOREVER)], goal=False, slow=True
    ),
    Misbehaviour(
        "drip-always", "every answer drips, a byte per second", False, lambda d: [Drip(1, 1.0)], goal=False, slow=True
    ),
)

ALL = (*SURVIVABLE, *HOPELESS, *FURTHER)
