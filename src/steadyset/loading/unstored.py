"""Go on without the store, or with one that lacks something: when, with which bytes, and what is said."""

from __future__ import annotations

import contextlib

from ..errors import SteadysetError
from ..findings.records import Finding
from ..findings.report import finding
from ..store.layout import Layout
from ..store.partials import facts_of, largest
from ..transport.memory import MemorySink

NO_LOCKS = "no locks: processes that ask at the same time may each fetch the file"
NO_MAPS = "no memory maps: arrays are read into memory each time"


def concerns(layout: Layout, error: SteadysetError) -> bool:
    """Whether an error is about a place in this store, and not about a mirror's directory or another's file."""
    return any(e.label == "path" and e.value.startswith(layout.root) for e in error.evidence)


def memory_sink(layout: Layout, key: str, *, seed: str | None, most: int | None) -> MemorySink:
    """Return a sink in memory that begins with what an unfinished download of a key holds, or a damaged copy.

    Args:
        layout: the store that cannot be written; it may still be read.
        key: what is fetched.
        seed: a damaged copy, or None.
        most: the size of the file in bytes, where known.
    """
    sink = MemorySink()
    begun = largest(layout, key)
    for path in (begun, seed):
        if path is None or sink.size():
            continue
        with contextlib.suppress(OSError), open(path, "rb") as file:
            sink.write_at(0, file.read(-1 if most is None else most))
        if path == begun and sink.size():
            sink.note(**facts_of(path))
    return sink


def limited(layout: Layout, what: str) -> Finding:
    """Return the note that a store's file system lacks something: ``NO_LOCKS`` or ``NO_MAPS``."""
    return finding(
        "SS218",
        f"the file system of the store has {what}",
        level="note",
        evidence=[("store", layout.root)],
        remedies=(),
    )
