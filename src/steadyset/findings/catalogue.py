"""The catalogue of failures: one entry per code, shared by exceptions, reports and pages.

The entries are data (``catalogue.json`` beside this file). A code is never reused and never
renumbered; its name states the problem, never the fix.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from itertools import takewhile
from typing import Any, NamedTuple

from .records import Remedy

PAGES = "https://steadyset.readthedocs.io/en/stable/codes/"
"""Where the pages of the codes are published; ``steadyset explain CODE`` prints them offline."""

FAMILIES = {
    "SS1": "Network path",
    "SS2": "Cache and files",
    "SS3": "Versions and installation",
    "SS4": "User code",
    "SS5": "The data itself",
    "SS9": "Our own bugs",
}
"""What the first digit of a code stands for."""


class Entry(NamedTuple):
    """What is known about one failure; ``example`` is what it looks like, ``since`` its first release.

    Texts mark code with backticks, and have no other markup.
    """

    code: str
    name: str
    category: str
    title: str
    means: str
    causes: tuple[str, ...]
    remedies: tuple[Remedy, ...]
    verify: tuple[str, ...]
    ignore: str
    references: tuple[str, ...]
    example: str = ""
    since: str = ""

    @property
    def url(self) -> str:
        """The address of this code's page."""
        return f"{PAGES}{self.code}.html"


def _remedy(raw: dict[str, Any]) -> Remedy:
    return Remedy(
        text=raw["text"],
        commands=tuple(tuple(argv) for argv in raw.get("commands", ())),
        safety=raw.get("safety", "shown-only"),
        platforms=tuple(raw.get("platforms", ())),
    )


def _entry(raw: dict[str, Any]) -> Entry:
    return Entry(
        code=raw["code"],
        name=raw["name"],
        category=raw["category"],
        title=raw["title"],
        means=raw.get("means", raw["title"] + "."),
        causes=tuple(raw.get("causes", ())),
        remedies=tuple(_remedy(r) for r in raw.get("remedies", ())),
        verify=tuple(raw.get("verify", ())),
        ignore=raw.get("ignore", ""),
        references=tuple(raw.get("references", ())),
        example=raw.get("example", ""),
        since=raw.get("since", ""),
    )


@cache
def entries() -> dict[str, Entry]:
    """Return every entry by its code, in the order of the codes."""
    text = resources.files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    found = [_entry(raw) for raw in json.loads(text)["codes"]]
    return {entry.code: entry for entry in sorted(found, key=lambda e: e.code)}


def entry(code: str) -> Entry:
    """Return the entry of a code.

    Args:
        code: a code such as ``"SS101"``, in any letter case, or the name of one (``"dns-failure"``).

    Raises:
        KeyError: no such code; the message names the nearest ones.
    """
    known = entries()
    wanted = code.strip()
    if wanted.upper() in known:
        return known[wanted.upper()]
    by_name = {e.name: e for e in known.values()}
    if wanted.lower() in by_name:
        return by_name[wanted.lower()]
    near = _nearest(wanted.upper(), known) or _nearest(wanted.lower(), by_name)
    raise KeyError(", ".join(near))


def _nearest(wanted: str, known: Iterable[str]) -> list[str]:
    """Return up to three similar words; of equally similar ones, those that begin alike come first."""

    def rank(word: str) -> tuple[float, int, str]:
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(word, wanted, strict=False))
        return -difflib.SequenceMatcher(None, wanted, word).ratio(), -len(list(alike)), word

    return [word for ratio, _, word in sorted(map(rank, known))[:3] if ratio <= -0.6]
