"""The faults an origin can be told to have; each says in one line what happens on the wire.

Every fault takes the same four keywords, so that it can be aimed:

* ``path``: a glob on the request's path, without the leading slash;
* ``after`` and ``times``: for each path, let the first ``after`` matching requests pass, then apply to at
  most ``times`` of those that follow (``None``: to all). Only request k is ``after=k - 1, times=1``;
* ``ranged``: apply only to requests with a Range field (``True``), to those without (``False``), or to both.

A fault is data. It changes what the origin believes it holds (``on_file``; what it then says of it is
consistent), what it says (``on_answer``), or how it says it (``on_wire``). Several apply in their order.
"""

from .base import Fault
from .delivering import (
    CutAfter,
    Delay,
    Drip,
    EndlessHeaders,
    Garbage,
    Interim,
    NoAnswer,
    RateLimit,
    StallAfter,
    StallHead,
    TinySegments,
    TruncatedHead,
)
from .framing import (
    Chunked,
    CloseAfterAnswer,
    Gzip,
    Mislabelled,
    RangeMultipart,
    RangeRefused,
    RangeShifted,
    RangeUnlabelled,
    WrongLength,
)
from .holding import Appended, FlippedBit, NoRanges, Replaced, Truncated, Validators
from .pages import lfs_pointer, portal_page, quota_page
from .saying import Empty, LfsPointer, Portal, Quota, Redirect, RedirectChain, Status

__all__ = [
    "Appended",
    "Chunked",
    "CloseAfterAnswer",
    "CutAfter",
    "Delay",
    "Drip",
    "Empty",
    "EndlessHeaders",
    "Fault",
    "FlippedBit",
    "Garbage",
    "Gzip",
    "Interim",
    "LfsPointer",
    "Mislabelled",
    "NoAnswer",
    "NoRanges",
    "Portal",
    "Quota",
    "RangeMultipart",
    "RangeRefused",
    "RangeShifted",
    "RangeUnlabelled",
    "RateLimit",
    "Redirect",
    "RedirectChain",
    "Replaced",
    "StallAfter",
    "StallHead",
    "Status",
    "TinySegments",
    "Truncated",
    "TruncatedHead",
    "Validators",
    "WrongLength",
    "lfs_pointer",
    "portal_page",
    "quota_page",
]
