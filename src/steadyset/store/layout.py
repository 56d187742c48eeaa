"""Where things are in a store, and whether this steadyset may use it.

A store is a directory::

    store.json                         which layout this is
    objects/ab/abcd…                   a verified file under its SHA-256, read-only
    arrays/ab/abcd….npy, abcd….json    a decoded array under the SHA-256 of its bytes, and its seal
    partials/<key>.<token>.part, .json an unfinished download and its journal
    quarantine/<time>-<why>-<name>     what was found to be bad, moved aside
    locks/<key>.lock                   one lock per object

Plain strings and ``os.path``, because the second load of a dataset passes through here.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from ..errors import StorePathError, StoreVersionError

VERSION = 1
_MARK = "steadyset.store/"


class Layout(NamedTuple):
    """The places inside one store."""

    root: str

    def object(self, sha256: str) -> str:
        """Return the path of a verified file."""
        return os.path.join(self.root, "objects", sha256[:2], sha256)

    def array(self, sha256: str) -> str:
        """Return the path of a decoded array."""
        return os.path.join(self.root, "arrays", sha256[:2], f"{sha256}.npy")

    def seal(self, sha256: str) -> str:
        """Return the path of the seal of a decoded array."""
        return os.path.join(self.root, "arrays", sha256[:2], f"{sha256}.json")

    @property
    def partials(self) -> str:
        """The directory of unfinished downloads."""
        return os.path.join(self.root, "partials")

    @property
    def quarantine(self) -> str:
        """The directory of what was moved aside."""
        return os.path.join(self.root, "quarantine")

    @property
    def locks(self) -> str:
        """The directory of locks."""
        return os.path.join(self.root, "locks")

    @property
    def sources(self) -> str:
        """The file that says which hosts failed not long ago."""
        return os.path.join(self.root, "sources.json")

    @property
    def mark(self) -> str:
        """The file that says which layout this is."""
        return os.path.join(self.root, "store.json")


def check(layout: Layout) -> None:
    """Refuse a place that cannot be a store of ours. An absent or empty place is fine.

    Raises:
        StorePathError: SS212, the place is a file, or lies below one.
        StoreVersionError: SS213, a newer steadyset wrote it.
    """
    try:
        with open(layout.mark, "rb") as file:
            found = _version(file.read(4096))
    except FileNotFoundError:
        _check_place(layout.root)
        return
    except NotADirectoryError as error:
        raise not_a_directory(layout.root) from error
    except OSError:
        return  # unreadable: the reader of the objects will say so
    if found is not None and found > VERSION:
        raise StoreVersionError(
            f"the store {layout.root} was written by a newer steadyset",
            evidence=[("store", layout.root), ("its layout", str(found)), ("known here", str(VERSION))],
        )


def _version(text: bytes) -> int | None:
    try:
        schema = json.loads(text)["schema"]
        return int(schema.removeprefix(_MARK))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _check_place(root: str) -> None:
    if os.path.lexists(root) and not os.path.isdir(root):
        raise not_a_directory(root)


def not_a_directory(root: str) -> StorePathError:
    """Return the error for a store's place that is no directory."""
    return StorePathError(f"the place of the store is not a directory: {root}", evidence=[("store", root)])


def mark_text() -> bytes:
    """Return what ``store.json`` holds."""
    return json.dumps({"schema": f"{_MARK}{VERSION}", "by": "steadyset"}).encode() + b"\n"
