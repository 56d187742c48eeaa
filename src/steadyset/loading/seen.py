"""What was seen of a URL, recorded in the store beside its file: the next call compares and repairs with it."""

from __future__ import annotations

import json
import os
import time
from typing import NamedTuple

from ..manifests.records import PIECE
from ..store.layout import Layout
from ..store.partials import Partial
from ..store.writing import write_file

_SCHEMA = "steadyset.seen/1"


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
    write_file(_path(layout, key), [json.dumps({"schema": _SCHEMA, **seen._asdict()}).encode()])


def recall(layout: Layout, key: str) -> Seen | None:
    """Return what was recorded; None when there is nothing, or nothing that can be read."""
    try:
        with open(_path(layout, key), "rb") as file:
            raw = json.load(file)
        if raw.pop("schema") != _SCHEMA:
            return None
        return Seen(**{**raw, "pieces": tuple(raw["pieces"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(layout: Layout, key: str) -> str:
    return os.path.join(layout.root, "seen", f"{key}.json")
