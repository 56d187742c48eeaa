"""What a dataset is, in records: files, recipes, arrays and their contract.

Everything here is a tuple read from a manifest (see ``docs/reference/manifests.md`` and
``manifest.schema.json``); nothing here touches the disk or the network.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

PIECE = 1 << 20
"""Size of a piece in bytes: 1 MiB, so that a damaged or lying source costs that much at most."""


class ArraySpec(NamedTuple):
    """The contract of one array: what it must be, whatever it was decoded from.

    ``sha256`` and ``xxh3_128`` are hex digests of the array's bytes in C order. ``low`` and ``high``
    bound its values; ``label_counts[i]`` is how often the value ``i`` occurs.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    sha256: str
    xxh3_128: str | None = None
    low: int | None = None
    high: int | None = None
    label_counts: tuple[int, ...] | None = None

    @property
    def count(self) -> int:  # type: ignore[override]  # nobody looks for a value in a record
        """Number of elements."""
        return prod(self.shape)


class FileSpec(NamedTuple):
    """One published file: its name, size in bytes, digests and where it can be had.

    ``pieces`` holds the SHA-256 of each run of ``piece_size`` bytes, where known.
    """

    name: str
    size: int
    sha256: str
    md5: str | None = None
    piece_size: int = PIECE
    pieces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Origin(NamedTuple):
    """Where in a recipe's files an array is: a file, and a member of it when it is an archive."""

    file: str
    member: str | None = None


class Recipe(NamedTuple):
    """One way to obtain a dataset: a set of files with a decoder.

    ``arrays`` says for each array of the contract where it is. ``places`` says where another
    library keeps these files, relative to that library's own root, with ``{file}`` for the name.
    """

    name: str
    decoder: str
    files: tuple[FileSpec, ...]
    arrays: dict[str, Origin]
    places: dict[str, str]


class SplitSpec(NamedTuple):
    """One split: the names of the arrays with its samples and its labels."""

    x: str
    y: str


class Licence(NamedTuple):
    """Under which terms the data may be used, and who says so."""

    name: str
    url: str
    note: str = ""


class Manifest(NamedTuple):
    """A dataset: its description, its contract and the recipes that obtain it."""

    name: str
    title: str
    summary: str
    licence: Licence
    citation: str
    homepage: str
    label_names: tuple[str, ...]
    splits: dict[str, SplitSpec]
    arrays: dict[str, ArraySpec]
    recipes: tuple[Recipe, ...]
    aliases: tuple[str, ...] = ()

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of that name; ``KeyError`` when there is none."""
        for recipe in self.recipes:
            if recipe.name == name:
                return recipe
        raise KeyError(name)
