"""From the files of a recipe to the arrays of the contract: which decoder reads which recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from ..decode import Buffer
from ..errors import FormatError
from ..manifests.records import Manifest, Recipe

Arrays = dict[str, NDArray[Any]]
_SLACK = 1 << 20


def decode(manifest: Manifest, recipe: Recipe, contents: Mapping[str, Buffer]) -> Arrays:
    """Decode the files of a recipe.

    Args:
        manifest: the dataset; its contract bounds how much may be unpacked.
        recipe: which decoder, and where each array is.
        contents: the bytes of each file, by the file's name.

    Raises:
        DataError: SS201 to SS205, SS214, a file is damaged or is something else.
    """
    return _DECODERS[recipe.decoder](manifest, recipe, contents)


def _most(manifest: Manifest) -> int:
    import numpy as np

    return _SLACK + sum(s.count * np.dtype(s.dtype).itemsize for s in manifest.arrays.values())


def _npz(manifest: Manifest, recipe: Recipe, contents: Mapping[str, Buffer]) -> Arrays:
    from ..decode.npz import read_npz

    arrays: Arrays = {}
    for file, data in contents.items():
        members = {o.member or name: name for name, o in recipe.arrays.items() if o.file == file}
        found = read_npz(data, name=file, members=list(members), most_bytes=_most(manifest))
        arrays |= {members[member]: array for member, array in found.items()}
    return arrays


def _idx(manifest: Manifest, recipe: Recipe, contents: Mapping[str, Buffer]) -> Arrays:
    from ..decode.idx import read_idx

    most = _most(manifest)
    return {
        name: read_idx(contents[origin.file], name=origin.file, most_bytes=most)
        for name, origin in recipe.arrays.items()
    }


def _drawn(manifest: Manifest, recipe: Recipe, contents: Mapping[str, Buffer]) -> Arrays:
    from ..practice.drawing import draw

    arrays: Arrays = {}
    for split, spec in manifest.splits.items():
        if split not in ("train", "test"):
            raise FormatError(f"there are no drawn digits for the split {split!r}")
        arrays[spec.x], arrays[spec.y] = draw(split)
    return arrays


_DECODERS: dict[str, Callable[[Manifest, Recipe, Mapping[str, Buffer]], Arrays]] = {
    "npz": _npz,
    "idx": _idx,
    "drawn": _drawn,
}
