"""The datasets steadyset knows: manifests as data files beside this module, read when asked for."""

from __future__ import annotations

import os
from functools import cache

from ..errors import ManifestError, UnknownDatasetError
from .reading import parse
from .records import Manifest

_DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


def read(path: str | os.PathLike[str]) -> Manifest:
    """Read the manifest in a file.

    Raises:
        ManifestError: SS503, when it cannot be read or is malformed; the message has file and line.
    """
    where = os.fspath(path)
    try:
        with open(where, encoding="utf-8") as file:
            text = file.read()
    except (OSError, ValueError) as error:  # not UTF-8, or a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ManifestError(f"{where}:1: cannot be read: {reason}", evidence=[("file", where)]) from error
    return parse(text, path=where)


@cache
def names() -> tuple[str, ...]:
    """Return the names of the built-in datasets, sorted."""
    return tuple(sorted(f.removesuffix(".json") for f in os.listdir(_DATA) if f.endswith(".json")))


@cache
def _built_in(name: str) -> Manifest:
    return read(os.path.join(_DATA, f"{name}.json"))


def get(name: str) -> Manifest:
    """Return the manifest of a dataset.

    Args:
        name: a name as in ``names()``; ``-`` and ``_`` and letter case make no difference. Or the path
            of a manifest of your own: anything that ends in ``.json``.

    Raises:
        UnknownDatasetError: SS441; the message names the nearest known datasets.
        ManifestError: SS503.
    """
    if not isinstance(name, str):
        raise UnknownDatasetError(f"a dataset's name is text, not {type(name).__name__}")
    if name.endswith(".json"):
        return read(name)
    wanted = name.strip().lower()
    for known in (wanted, wanted.replace("_", "-"), wanted.replace("-", "_")):
        if known in names():
            return _built_in(known)
    for known in names():
        if wanted in _built_in(known).aliases:
            return _built_in(known)
    raise _unknown(name, wanted)


def _unknown(name: str, wanted: str) -> UnknownDatasetError:
    import difflib

    near = difflib.get_close_matches(wanted[:80], names(), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return UnknownDatasetError(
        f"there is no dataset called {name[:80]!r}{hint}", evidence=[("known", ", ".join(names()))]
    )
