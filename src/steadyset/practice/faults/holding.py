"""Faults in what the origin believes it holds; what it says of it is consistent."""
# ruff: noqa: D102 - a fault's class says what its one method does

import dataclasses
from dataclasses import KW_ONLY, dataclass
from typing import Literal

from steadyset.practice.wire import File, Request, make_file

from .base import Fault


@dataclass(frozen=True, slots=True)
class NoRanges(Fault):
    """Answers a Range request with 200 and the whole file; Accept-Ranges is absent unless ``advertised``."""

    _: KW_ONLY
    advertised: bool = False

    def on_file(self, file: File, request: Request) -> File:
        return dataclasses.replace(file, takes_ranges=False, says_ranges=self.advertised)


@dataclass(frozen=True, slots=True)
class FlippedBit(Fault):
    """Sends the file with one bit at ``offset`` (from its end if negative) inverted, under the true ETag."""

    offset: int = 0
    bit: int = 0

    def on_file(self, file: File, request: Request) -> File:
        data = bytearray(file.data)
        if -len(data) <= self.offset < len(data):
            data[self.offset] ^= 1 << self.bit
        return dataclasses.replace(file, data=bytes(data))


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """Sends the first ``size`` bytes as if they were all: Content-Length agrees, the ETag is the true one."""

    size: int

    def on_file(self, file: File, request: Request) -> File:
        return dataclasses.replace(file, data=file.data[: self.size])


@dataclass(frozen=True, slots=True)
class Appended(Fault):
    """Sends the file followed by more bytes: Content-Length agrees, the ETag is the true one."""

    data: bytes

    def on_file(self, file: File, request: Request) -> File:
        return dataclasses.replace(file, data=file.data + self.data)


@dataclass(frozen=True, slots=True)
class Replaced(Fault):
    """Sends another file with its own ETag and a later date: with ``after=1`` it changes between attempts."""

    data: bytes

    def on_file(self, file: File, request: Request) -> File:
        return make_file(self.data, (file.modified or 0.0) + 60)


@dataclass(frozen=True, slots=True)
class Validators(Fault):
    """Sends a weak ETag, or a fresh one with each request, or none; and no Last-Modified if told so."""

    etag: Literal["strong", "weak", "fresh", "none"] = "strong"
    _: KW_ONLY
    last_modified: bool = True

    def on_file(self, file: File, request: Request) -> File:
        etag = {
            "strong": file.etag,
            "weak": f"W/{file.etag}",
            "fresh": f'"request-{request.number}"',
            "none": None,
        }
        modified = file.modified if self.last_modified else None
        return dataclasses.replace(file, etag=etag[self.etag], modified=modified)
