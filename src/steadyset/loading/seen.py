"""What was seen of a URL, recorded in the store beside its file: the next call compares and repairs with it."""

from __future__ import annotations

import json
import os
import re
import time
from typing import NamedTuple

import xxhash

from ..manifests.records import PIECE
from ..store.layout import Layout
from ..store.partials import Partial
from ..store.writing import write_file

_SCHEMA = "steadyset.seen/1"
_HEX64 = re.compile(r"[0-9a-f]{64}")


class Seen(NamedTuple):
    """What was seen of a URL when it was fetched: digest, size in bytes, validators, pieces and Unix time."""

    sha256: str
    size: int
    etag: str | None
    last_modified: str | None
    fetched: float
    piece_size: int
    pieces: tuple[str, ...]


def look(begun: Partial, digest: str, pieces: tuple[str, ...]) -> Seen:
    """Return what is known of a fetched file, with pieces of its own, so that it can be repaired later."""
    size, noted = begun.size(), begun.noted()
    etag, modified = (v if isinstance(v, str) else None for v in map(noted.get, ("etag", "last_modified")))
    return Seen(digest, size, etag, modified, time.time(), PIECE, pieces)


def remember(layout: Layout, key: str, seen: Seen) -> None:
    """Record what was seen under the key of its URL.

    Raises:
        StoreError: the store cannot be written.
    """
    body = json.dumps({"schema": _SCHEMA, **seen._asdict()}).encode()
    write_file(_path(layout, key), [body, b"\n", xxhash.xxh3_64_hexdigest(body).encode(), b"\n"])


def recall(layout: Layout, key: str) -> Seen | None:
    """Return what was recorded; None when there is nothing, or nothing that can be believed."""
    try:
        with open(_path(layout, key), "rb") as file:
            body, _, check = file.read().rstrip(b"\n").rpartition(b"\n")
        if xxhash.xxh3_64_hexdigest(body).encode() != check:
            return None
        raw = json.loads(body)
        if raw.pop("schema") != _SCHEMA:
            return None
        return _believed(Seen(**{**raw, "pieces": tuple(raw["pieces"])}))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _believed(seen: Seen) -> Seen | None:
    """Return a record whose parts are what they must be and fit each other."""
    texts = (seen.sha256, seen.etag or "", seen.last_modified or "", *seen.pieces)
    numbers = (seen.size, seen.piece_size)
    if not all(isinstance(t, str) for t in texts) or not all(type(n) is int for n in numbers):
        return None
    if not all(_HEX64.fullmatch(t) for t in (seen.sha256, *seen.pieces)) or seen.piece_size <= 0 or seen.size < 0:
        return None
    return seen if len(seen.pieces) in (0, -(-seen.size // seen.piece_size)) else None


def _path(layout: Layout, key: str) -> str:
    return os.path.join(layout.root, "seen", f"{key}.json")
