"""A contact sheet for notebooks: a few samples of each label, the shapes, and where it all came from."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .png import png
from .samples import Labelled, are_pictures, as_grey, as_text, first_of_each, label_counts

_EACH = 4
_GAP = 2
_SHOWN = 56
_CELL = "padding:2px 12px 2px 0;text-align:left"


class Sourced(Protocol):
    """Where a dataset came from; see ``steadyset.Provenance``."""

    @property
    def dataset(self) -> str:
        """The name of the dataset."""

    @property
    def source(self) -> str:
        """The place the bytes came from."""

    @property
    def origin(self) -> str:
        """Where the store had them from."""

    @property
    def recipe(self) -> str:
        """What was decoded."""

    @property
    def verified(self) -> str:
        """What was checked."""


class Loaded(Protocol):
    """A dataset as it is loaded; see ``steadyset.Splits``."""

    @property
    def train(self) -> Labelled:
        """The train split."""

    @property
    def test(self) -> Labelled:
        """The test split."""

    @property
    def provenance(self) -> Sourced | None:
        """Where it came from."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """What the labels mean."""


def splits_html(splits: Loaded) -> str:
    """Return a dataset as a piece of HTML that needs nothing else: no script, no style sheet, no request.

    The pictures are one PNG in a data URI, a column per label, from the train split. Arrays that are no
    pictures, or that have no labels, get the table alone.
    """
    title = escape(splits.provenance.dataset) if splits.provenance else "dataset"
    parts = [f"<strong>{title}</strong>", _pictures(splits), _table(splits), _provenance(splits.provenance)]
    return f'<div style="font-family:sans-serif;font-size:13px">{"".join(parts)}</div>'


def _table(splits: Loaded) -> str:
    rows = [("split", "x", "y", "labels")]
    for name, split in (("train", splits.train), ("test", splits.test)):
        counts = label_counts(split.y)
        rows.append((name, as_text(split.x), as_text(split.y), _spread(counts)))
    return _html_table(rows, head="th")


def _spread(counts: list[int] | None) -> str:
    if not counts:
        return ""
    held = [count for count in counts if count]
    return f"{len(held)}, {min(held)} to {max(held)} of each"


def _provenance(provenance: Sourced | None) -> str:
    if provenance is None:
        return ""
    origin = provenance.origin if provenance.source == "store" else ""
    facts = (
        ("from", provenance.source),
        ("origin", origin),
        ("recipe", provenance.recipe),
        ("verified", provenance.verified),
    )
    return _html_table([fact for fact in facts if fact[1]])


def _html_table(rows: Iterable[tuple[str, ...]], head: str = "td") -> str:
    lines = []
    for number, row in enumerate(rows):
        tag = head if number == 0 else "td"
        cells = "".join(f'<{tag} style="{_CELL}">{escape(cell)}</{tag}>' for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return f'<table style="border-collapse:collapse;margin:4px 0">{"".join(lines)}</table>'


def _pictures(splits: Loaded) -> str:
    x = splits.train.x
    if not are_pictures(x):
        return ""
    labels, where = first_of_each(splits.train, each=_EACH)
    if not labels:
        labels, where = first_of_each(splits.train)
    if not labels:
        return ""
    shown = as_grey(x[where.reshape(-1)]).reshape(*where.shape, *x.shape[1:3])
    mosaic = montage(shown)
    data = base64.b64encode(png(mosaic)).decode("ascii")
    width = min(900, mosaic.shape[1] * max(1, _SHOWN // x.shape[2]))
    names = [splits.label_names[c] if c < len(splits.label_names) else str(c) for c in labels]
    alt = escape(f"the first samples of {', '.join(names)}, a column each", quote=True)
    return (
        f'<div><img alt="{alt}" title="{alt}" width="{width}" style="image-rendering:pixelated;margin:4px 0" '
        f'src="data:image/png;base64,{data}"></div>'
    )


def montage(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return pictures as one, a column per label.

    Args:
        images: ``(labels, each, height, width)`` ``uint8``.

    Returns:
        ``(each * (height + gap) - gap, labels * (width + gap) - gap)`` ``uint8``; the gaps are mid-grey.
    """
    labels, each, height, width = images.shape
    framed = np.full((labels, each, height + _GAP, width + _GAP), 128, dtype=np.uint8)
    framed[:, :, :height, :width] = images
    whole = framed.transpose(1, 2, 0, 3).reshape(each * (height + _GAP), labels * (width + _GAP))
    return whole[:-_GAP, :-_GAP]
