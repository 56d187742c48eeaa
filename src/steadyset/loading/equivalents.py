"""Accept a re-packed copy: another file than the recorded one, with exactly the dataset's arrays.

Re-packed ``.npz`` files are common. Only mirrors, which the user named, are asked for them; what they
hold is decoded by readers that cannot run code, and used only when the SHA-256 of every array is right.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

from ..decode import Buffer
from ..decode.contract import check
from ..errors import DataError, FetchError, StoreError
from ..findings.records import Evidence, Finding
from ..findings.report import finding
from ..manifests.records import FileSpec, Manifest, Recipe
from ..transport.engine import Fetch
from ..transport.memory import MemorySink
from ..transport.records import Source, Wanted
from .decoding import Arrays, decode
from .session import Session, opened
from .sources import OPENERS, sources_of

# A re-packed copy may be stored without compression: MNIST's npz grows 4.8-fold.
_MOST_GROWTH = 16
_OTHER_FILE = frozenset({"SS203", "SS107"})


class Equivalent(NamedTuple):
    """Arrays of a contract, with the place and recipe they came from."""

    arrays: Arrays
    source: str
    recipe: str
    equivalent: bool
    findings: tuple[Finding, ...] = ()


def find_equivalent(session: Session, manifest: Manifest, recipe: Recipe) -> Equivalent | None:
    """Return the arrays of re-packed copies at the mirrors, or None when there are none.

    For each file the copies are tried in the order of the mirrors, until one holds exactly its arrays.
    """
    arrays: Arrays = {}
    used: list[str] = []
    for file in recipe.files:
        found = _of_file(session, manifest, recipe, file)
        if found is None:
            return None
        arrays |= found[0]
        used.append(found[1])
    return Equivalent(arrays, ", ".join(dict.fromkeys(used)), recipe.name, True, (_said(manifest, used),))


def _of_file(session: Session, manifest: Manifest, recipe: Recipe, file: FileSpec) -> tuple[Arrays, str] | None:
    """Return the arrays of one file from the first copy that holds exactly them, and where it was."""
    own = {name: origin for name, origin in recipe.arrays.items() if origin.file == file.name}
    part = recipe._replace(files=(file,), arrays=own)
    specs = {name: manifest.arrays[name] for name in own}
    for data, place in _copies(session, manifest, file):
        try:
            arrays = decode(manifest, part, {file.name: data})
            check(arrays, specs, strong=True)
        except DataError as error:
            error.evidence = (Evidence("copy", place), *error.evidence)
            session.failed(error)
            continue
        return {name: array if array.flags.owndata else array.copy() for name, array in arrays.items()}, place
    return None


def _said(manifest: Manifest, used: list[str]) -> Finding:
    return finding(
        "SS216",
        f"{manifest.name} was read from a copy with another digest; its arrays are exactly the dataset's",
        level="note",
        evidence=[("copy", place) for place in dict.fromkeys(used)],
        remedies=(),
    )


def _copies(session: Session, manifest: Manifest, file: FileSpec) -> Iterator[tuple[Buffer, str]]:
    """Yield what the store and the mirrors have in place of a file, with the place."""
    held = session.stored(file)
    if held is not None:
        with contextlib.suppress(StoreError), opened(held) as data:  # it cannot be read, or has gone
            yield bytes(data), held.source
    for source in sources_of(session.settings, manifest, file, "mirrors"):
        found = _remote(session, file, source) if source.is_remote else _local(file, source)
        if found is not None:
            yield found, source.label


def _local(file: FileSpec, source: Source) -> Buffer | None:
    try:
        size = os.path.getsize(source.url)
        if not 0 < size <= file.size * _MOST_GROWTH:
            return None
        with open(source.url, "rb") as opened_file:
            return opened_file.read()
    except (OSError, ValueError):
        return None


def _remote(session: Session, file: FileSpec, source: Source) -> Buffer | None:
    """Fetch what a mirror has in place of the file, if it answered with another file before."""
    tried = [a for a in session.attempts if a.source == source.label]
    if not any(a.code in _OTHER_FILE for a in tried):
        return None
    sink = MemorySink()
    wanted = Wanted(file.name, most_bytes=file.size * _MOST_GROWTH)
    fetch = Fetch(
        wanted, [source], sink, client=session.client, openers=OPENERS, limits=session.limits, listener=session.tell
    )
    try:
        fetch.run()
    except (FetchError, DataError):
        return None
    finally:
        session.attempts += fetch.attempts
        session.downloaded += fetch.fetched
    return sink.data
