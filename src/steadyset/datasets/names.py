"""What ``path=`` may be in the stock signatures: a name inside the cache, never a directory."""

from __future__ import annotations

import os

from ..errors import PathArgumentError
from ..findings.records import Remedy

_SEPARATORS = frozenset("/\\")
_NO_NAMES = ("", ".", "..")


def check_cache_name(path: object, *, dataset: str) -> None:
    """Refuse a ``path`` that is no bare file name.

    From Keras 3.6 on the stock loader raises ``ValueError`` for it; before, it joined the path to its
    cache, which is rarely what was meant (``keras/src/utils/file_utils.py``, ``get_file``).

    Raises:
        PathArgumentError: SS406.
    """
    if isinstance(path, os.PathLike):
        path = os.fspath(path)
    if isinstance(path, str) and path not in _NO_NAMES and not _SEPARATORS.intersection(path):
        return
    folder = os.path.dirname(path) or "." if isinstance(path, str) else "DIR"
    raise PathArgumentError(
        f"path={path!r} is not the name of a file in the cache",
        evidence=[("path", repr(path)), ("default", f"{dataset}.npz")],
        remedies=[
            Remedy(
                "Leave path= out. A file of your own is used when its directory is a mirror:",
                (("steadyset", "load", dataset, "--mirror", folder),),
            ),
            Remedy("In Python, name the directory in STEADYSET_MIRRORS before the call."),
        ],
    )
