"""Give room back: decide what of a store can go, and remove it.

Verified files are never removed, nor anything that steadyset does not know, nor what another process is
writing: an unfinished download goes only while its lock is held by us.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .. import manifests
from .census import Item
from .layout import Layout
from .locking import hold
from .objects import find
from .writing import discard

_DAY = 86400.0
UNFINISHED_DAYS = 7
QUARANTINED_DAYS = 30
# A file that is being written changes; one of ours that did not for an hour was left by a process that died.
_LEFTOVER_SECONDS = 3600.0


class Kept(NamedTuple):
    """Something that could have gone and stays, and why."""

    item: Item
    why: str


class Plan(NamedTuple):
    """What would be removed, and what stays that was asked for."""

    remove: tuple[Item, ...]
    keep: tuple[Kept, ...]

    @property
    def size(self) -> int:
        """Bytes that would be freed."""
        return sum(item.size for item in self.remove)


class Pruned(NamedTuple):
    """What was removed, what stays and why, and what could not be removed."""

    removed: tuple[Item, ...]
    kept: tuple[Kept, ...]
    failed: tuple[Kept, ...]

    @property
    def size(self) -> int:
        """Bytes that were freed."""
        return sum(item.size for item in self.removed)


def plan(
    layout: Layout,
    items: Iterable[Item],
    *,
    arrays: bool = False,
    everything: bool = False,
    now: float | None = None,
) -> Plan:
    """Decide what can go.

    Args:
        layout: the store.
        items: its census.
        arrays: decoded arrays too; those that would have to be fetched again stay, unless ``everything``.
        everything: unfinished downloads and quarantined files whatever their age.
        now: Unix time in seconds; left out, the present.
    """
    moment = time.time() if now is None else now
    remake = _can_be_made_again(layout) if arrays and not everything else frozenset()
    remove: list[Item] = []
    keep: list[Kept] = []
    for item in items:
        age = moment - item.since
        if item.kind == "array" and arrays:
            stays = "" if everything or item.key in remake else "its files are not stored: it would be fetched again"
        elif item.kind == "unfinished":
            young = age < UNFINISHED_DAYS * _DAY and not everything
            stays = f"younger than {UNFINISHED_DAYS} days" if young else _in_use(layout, item)
        elif item.kind == "quarantined":
            young = age < QUARANTINED_DAYS * _DAY and not everything
            stays = f"younger than {QUARANTINED_DAYS} days" if young else ""
        elif item.kind == "leftover":
            stays = "younger than an hour" if age < _LEFTOVER_SECONDS else ""
        else:
            continue
        if stays:
            keep.append(Kept(item, stays))
        else:
            remove.append(item)
    return Plan(tuple(remove), tuple(keep))


def _can_be_made_again(layout: Layout) -> frozenset[str]:
    """Return the digests of the arrays whose recipe needs no file, or has all its files in this store."""
    found: set[str] = set()
    for name in manifests.names():
        manifest = manifests.get(name)
        if any(all(find((layout,), file) for file in recipe.files) for recipe in manifest.recipes):
            found.update(spec.sha256 for spec in manifest.arrays.values())
    return frozenset(found)


_BUSY = "a running process holds its lock"


def _in_use(layout: Layout, item: Item) -> str:
    """Tell why an unfinished download must stay; a lock that was never made is held by nobody."""
    if not os.path.exists(os.path.join(layout.locks, f"{item.key}.lock")):
        return ""
    with hold(layout, item.key, patience=0.0) as held:
        return "" if held else _BUSY


def carry_out(layout: Layout, decided: Plan) -> Pruned:
    """Remove what was decided. What cannot be removed stays and is told."""
    removed: list[Item] = []
    kept: list[Kept] = list(decided.keep)
    failed: list[Kept] = []
    for item in decided.remove:
        problem = _remove_unfinished(layout, item) if item.kind == "unfinished" else _remove(item)
        if not problem:
            removed.append(item)
        elif problem == _BUSY:
            kept.append(Kept(item, problem))
        else:
            failed.append(Kept(item, problem))
    return Pruned(tuple(removed), tuple(kept), tuple(failed))


def _remove_unfinished(layout: Layout, item: Item) -> str:
    try:
        with hold(layout, item.key, patience=0.0) as held:
            return _remove(item) if held else _BUSY
    except OSError as error:
        return f"cannot be locked: {error.strerror or error}"


def _remove(item: Item) -> str:
    """Remove the files of an item, its own first: what belongs to it is worth nothing alone."""
    for path in (item.path, *item.companions):
        discard(path)
    return _remaining((item.path, *item.companions))


def _remaining(paths: Sequence[str]) -> str:
    left = [path for path in paths if os.path.lexists(path)]
    return f"cannot be removed: {left[0]}" if left else ""
