"""What is in a store: every file of it, what kind of thing it is, how large and how old. Only reads."""

from __future__ import annotations

import os
import re
import stat
from calendar import timegm
from collections.abc import Iterable, Iterator, Sequence
from time import strptime
from typing import Literal, NamedTuple

from .. import manifests
from ..manifests.records import Manifest
from .layout import Layout
from .objects import find
from .partials import read_journal
from .writing import coded

Kind = Literal["object", "array", "unfinished", "quarantined", "leftover", "other"]
"""What a file of a store is: a verified file, a decoded array, an unfinished download, something bad that
was moved aside, a file of ours that never got its good name, or nothing that steadyset knows."""

KINDS: tuple[Kind, ...] = ("object", "array", "unfinished", "quarantined", "leftover", "other")

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ARRAY = re.compile(r"([0-9a-f]{64})\.npy")
_SEAL = re.compile(r"([0-9a-f]{64})\.json")
# The names that ``partials`` and ``writing.token`` give: KEY.PID-HEX.part
_PARTIAL = re.compile(r"(.+)\.(\d+-[0-9a-f]{8})\.(?:part|claimed)")
_JOURNAL = re.compile(r"(.+)\.(\d+-[0-9a-f]{8})\.json(?:\.tmp)?")
_TMP = re.compile(r".+\.\d+-[0-9a-f]{8}\.tmp")
# The names that ``quarantine.set_aside`` gives: TIME-REASON-PID-HEX-NAME
_QUARANTINED = re.compile(r"(\d{8}T\d{6}Z)-[a-z0-9-]+?-\d+-[0-9a-f]{8}-(.+)")


class Item(NamedTuple):
    """One thing in a store.

    Attributes:
        kind: what it is.
        path: its file.
        companions: files that belong to it: a journal, a seal.
        size: bytes of all these files.
        since: Unix time in seconds when it was last written; of something quarantined, when it was moved.
        key: the digest it lies under, where it has one.
        name: what it is to a person: ``mnist.npz``, ``x_train``; empty when no manifest knows it.
        dataset: the dataset it belongs to, or nothing.
    """

    kind: Kind
    path: str
    companions: tuple[str, ...]
    size: int
    since: float
    key: str = ""
    name: str = ""
    dataset: str = ""


class Holding(NamedTuple):
    """What the stores hold of one dataset: all decoded arrays or not, and which recipes' files in full."""

    arrays: bool
    recipes: tuple[str, ...]

    @property
    def loads_offline(self) -> bool:
        """Whether it loads without contacting anybody."""
        return self.arrays or bool(self.recipes)


def census(layout: Layout) -> list[Item]:
    """Return everything in a store, by kind and then by path; the marks and locks are left out.

    Files that vanish meanwhile are left out. An absent store has nothing in it.

    Raises:
        StoreError: SS206, a directory of the store cannot be read.
    """
    known = _names()
    found = [*_objects(layout), *_arrays(layout), *_partials(layout), *_quarantine(layout)]
    named = [_named(item, known) for item in found]
    return sorted(named, key=lambda item: (KINDS.index(item.kind), item.dataset, item.name, item.path))


def totals(items: Iterable[Item]) -> dict[Kind, tuple[int, int]]:
    """Return for each kind how many there are and their bytes."""
    counted: dict[Kind, tuple[int, int]] = dict.fromkeys(KINDS, (0, 0))
    for item in items:
        count, size = counted[item.kind]
        counted[item.kind] = count + 1, size + item.size
    return counted


def holding(layouts: tuple[Layout, ...], manifest: Manifest) -> Holding:
    """Return what the stores hold of a dataset, judged by names and sizes: the digests are not read."""
    arrays = all(
        any(os.path.isfile(layout.array(spec.sha256)) for layout in layouts) for spec in manifest.arrays.values()
    )
    recipes = [r.name for r in manifest.recipes if r.files and all(find(layouts, f) for f in r.files)]
    return Holding(arrays, tuple(recipes))


def _names() -> dict[str, tuple[str, str]]:
    """Return the name and dataset of every digest of the built-in manifests."""
    found: dict[str, tuple[str, str]] = {}
    for name in manifests.names():
        manifest = manifests.get(name)
        for spec in manifest.arrays.values():
            found.setdefault(spec.sha256, (spec.name, manifest.name))
        for recipe in manifest.recipes:
            for file in recipe.files:
                found.setdefault(file.sha256, (file.name, manifest.name))
    return found


def _named(item: Item, known: dict[str, tuple[str, str]]) -> Item:
    name, dataset = known.get(item.key, (item.name, ""))
    return item._replace(name=name, dataset=dataset)


def _objects(layout: Layout) -> Iterator[Item]:
    for path in _shelved(os.path.join(layout.root, "objects")):
        base = os.path.basename(path)
        kind: Kind = "object" if _DIGEST.fullmatch(base) else _leftover_or_other(base)
        yield from _item(kind, path, key=base if kind == "object" else "")


def _arrays(layout: Layout) -> Iterator[Item]:
    paths = set(_shelved(os.path.join(layout.root, "arrays")))
    for path in sorted(paths):
        base = os.path.basename(path)
        if array := _ARRAY.fullmatch(base):
            seal = layout.seal(array[1])
            yield from _item("array", path, companions=[seal] if seal in paths else [], key=array[1])
        elif seal_name := _SEAL.fullmatch(base):
            if layout.array(seal_name[1]) not in paths:
                yield from _item("leftover", path, key=seal_name[1])
        else:
            yield from _item(_leftover_or_other(base), path)


def _partials(layout: Layout) -> Iterator[Item]:
    names = _listed(layout.partials)
    stems = {(m[1], m[2]): n for n in names if (m := _PARTIAL.fullmatch(n))}
    for (key, token), name in stems.items():
        journal = os.path.join(layout.partials, f"{key}.{token}.json")
        beside = [path for path in (journal, f"{journal}.tmp") if os.path.basename(path) in names]
        said = read_journal(journal).get("name")
        yield from _item(
            "unfinished",
            os.path.join(layout.partials, name),
            companions=beside,
            key=key,
            name=str(said or ""),
        )
    for name in sorted(names - set(stems.values())):
        journal_name = _JOURNAL.fullmatch(name)
        if journal_name and (journal_name[1], journal_name[2]) in stems:
            continue
        kind: Kind = "leftover" if journal_name or _TMP.fullmatch(name) else "other"
        yield from _item(kind, os.path.join(layout.partials, name), key=journal_name[1] if journal_name else "")


def _quarantine(layout: Layout) -> Iterator[Item]:
    for name in sorted(_listed(layout.quarantine)):
        parts = _QUARANTINED.fullmatch(name)
        path = os.path.join(layout.quarantine, name)
        if parts is None:
            yield from _item("other", path)
            continue
        digest = _DIGEST.match(parts[2])
        yield from _item("quarantined", path, key=digest[0] if digest else "", name=parts[2], since=_moment(parts[1]))


def _moment(stamp: str) -> float | None:
    """Return the Unix time of a stamp in a name; the file's own time is that of its writing."""
    try:
        return float(timegm(strptime(stamp, "%Y%m%dT%H%M%SZ")))
    except ValueError:
        return None


def _leftover_or_other(name: str) -> Kind:
    return "leftover" if _TMP.fullmatch(name) else "other"


def _item(
    kind: Kind,
    path: str,
    *,
    companions: Sequence[str] = (),
    key: str = "",
    name: str = "",
    since: float | None = None,
) -> Iterator[Item]:
    """Yield the item of a file, or nothing when the file is gone or is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return
    if stat.S_ISDIR(found.st_mode):
        return
    extra = sum(_size(companion) for companion in companions)
    yield Item(
        kind,
        path,
        tuple(companions),
        found.st_size + extra,
        found.st_mtime if since is None else since,
        key,
        name,
    )


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _shelved(root: str) -> list[str]:
    """Return the files below the two-letter directories of a root."""
    shelves = [os.path.join(root, name) for name in sorted(_listed(root))]
    return [os.path.join(shelf, name) for shelf in shelves if os.path.isdir(shelf) for name in sorted(_listed(shelf))]


def _listed(directory: str) -> set[str]:
    with coded(directory, "read"):
        try:
            return set(os.listdir(directory))
        except FileNotFoundError:
            return set()
