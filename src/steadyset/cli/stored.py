"""What is in a store, as lines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..findings.records import Finding
from ..findings.report import finding
from .console import Channel, clean
from .tables import size, table

if TYPE_CHECKING:
    from ..store.census import Item, Kind
    from ..store.pruning import Kept, Plan

_WORDS: dict[Kind, str] = {
    "object": "verified files",
    "array": "decoded arrays",
    "unfinished": "unfinished downloads",
    "quarantined": "quarantined files",
    "leftover": "leftovers",
    "other": "not ours",
}


def item_lines(items: Sequence[Item], channel: Channel, *, verbose: int = 0) -> list[str]:
    """Return one line per item, below a line for its kind."""
    lines: list[str] = []
    for kind, word in _WORDS.items():
        chosen = [item for item in items if item.kind == kind]
        if not chosen:
            continue
        total = size(sum(item.size for item in chosen))
        lines += [f"{channel.paint(word, 'bold')}  {total}", *_rows(chosen, channel)]
        lines += [f"    {clean(item.path)}" for item in chosen if verbose]
    return lines


def size_lines(counted: dict[Kind, tuple[int, int]], channel: Channel) -> list[str]:
    """Return one line per kind, and the total."""
    rows = [[_WORDS[kind], size(total), str(count)] for kind, (count, total) in counted.items() if count]
    whole = sum(total for _, total in counted.values())
    return table([["what", "bytes", "files"], *rows, ["total", size(whole), str(_count(counted))]], channel)


def _count(counted: dict[Kind, tuple[int, int]]) -> int:
    return sum(count for count, _ in counted.values())


def plan_lines(decided: Plan, channel: Channel, *, verbose: int = 0) -> list[str]:
    """Return what would be removed, and what stays and why."""
    lines = item_lines(decided.remove, channel, verbose=verbose)
    for kept in decided.keep:
        lines.append(f"{channel.mark('note')} stays: {_label(kept.item)}, {size(kept.item.size)} ({kept.why})")
    return lines


def failed_findings(failed: Iterable[Kept]) -> tuple[Finding, ...]:
    """Return what could not be removed as findings."""
    return tuple(
        finding("SS206", f"{_label(kept.item)} could not be removed", evidence=[("path", kept.item.path)])
        for kept in failed
    )


def _rows(items: Sequence[Item], channel: Channel) -> list[str]:
    return table([[_label(item), size(item.size), _age(item)] for item in items], channel)


def _label(item: Item) -> str:
    name = clean(item.name or item.key[:16] or item.path)
    return f"{name} ({item.dataset})" if item.dataset else name


def _age(item: Item) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(item.since))
