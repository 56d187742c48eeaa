"""Which samples to show of a split, as grey pictures, and how often each label occurs."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

_LARGEST = 512
_MOST_LABELS = 1000
# ITU-R BT.601: how bright red, green and blue are.
_LUMA = np.array([0.299, 0.587, 0.114])


class Labelled(Protocol):
    """Samples and their labels, one entry of each along the first axis."""

    @property
    def x(self) -> NDArray[Any]:
        """The samples."""

    @property
    def y(self) -> NDArray[Any]:
        """The labels."""


def are_pictures(x: NDArray[Any]) -> bool:
    """Tell whether samples can be shown: ``(n, h, w)``, or ``(n, h, w, c)`` with 1, 3 or 4 channels."""
    if x.ndim not in (3, 4) or not x.size or x.dtype.kind not in "buif":
        return False
    return max(x.shape[1:3]) <= _LARGEST and (x.ndim == 3 or x.shape[3] in (1, 3, 4))


def as_grey(x: NDArray[Any]) -> NDArray[np.uint8]:
    """Return pictures as ``(n, h, w)`` ``uint8``; any dtype but that is stretched from least to greatest."""
    bright = x if x.ndim == 3 else x[..., 0] if x.shape[3] == 1 else x[..., :3] @ _LUMA
    if bright.dtype == np.uint8:
        return bright
    values = np.nan_to_num(bright.astype(np.float64))
    low, high = (0.0, 255.0) if x.dtype == np.uint8 else (values.min(), values.max())
    return np.rint((values - low) * (255 / ((high - low) or 1))).astype(np.uint8)


def labels_of(y: NDArray[Any]) -> NDArray[Any] | None:
    """Return labels as a vector of whole numbers, or None when they are something else."""
    flat = y.reshape(-1) if y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1) else None
    if flat is None or not flat.size or flat.dtype.kind not in "ui":
        return None
    return flat if flat.min() >= 0 and flat.max() < _MOST_LABELS else None


def label_counts(y: NDArray[Any]) -> list[int] | None:
    """Return how often each label from 0 on occurs, or None when these are no labels."""
    flat = labels_of(y)
    return None if flat is None else np.bincount(flat).tolist()


def first_of_each(split: Labelled, *, each: int = 1, most: int = 10) -> tuple[list[int], NDArray[np.intp]]:
    """Return the first samples of each label.

    Args:
        split: the split.
        each: how many samples per label.
        most: how many labels at most, from the least on.

    Returns:
        The labels, and the indices of their samples as ``(labels, each)``; labels with fewer samples
        are left out.
    """
    flat = labels_of(split.y)
    if flat is None or len(flat) != len(split.x):
        return [], np.empty((0, each), dtype=np.intp)
    found = {c: np.flatnonzero(flat == c)[:each] for c in range(int(flat.max()) + 1)}
    labels = [c for c, where in found.items() if len(where) == each][:most]
    return labels, np.array([found[c] for c in labels], dtype=np.intp).reshape(-1, each)


def as_text(array: NDArray[Any]) -> str:
    """Return shape and dtype as people write them: ``60000×28×28 uint8``."""
    return f"{'×'.join(str(n) for n in array.shape) or 'scalar'} {array.dtype}"
