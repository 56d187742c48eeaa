"""Pictures on a terminal: two rows of pixels per line, in half-blocks.

With colours each half of a cell has its own grey. Without, the character is chosen whose halves come
nearest to the two pixels. Where the encoding has no blocks, ASCII characters stand for shades.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Depth = Literal["none", "256", "truecolor"]
"""How many colours the terminal shows."""

Pixels = NDArray[Any]

_RAMP = " .:-=+*#%@"
# How much ink the upper and the lower half of each character has.
_GLYPHS = {
    " ": (0.0, 0.0), "░": (0.25, 0.25), "▒": (0.5, 0.5), "▓": (0.75, 0.75), "█": (1.0, 1.0),
    "▀": (1.0, 0.0), "▄": (0.0, 1.0),
}  # fmt: skip
_RESET = "\x1b[0m"
_GAP = 1
_WIDEST = 14
_NARROWEST = 10


def picture(pixels: Pixels, *, depth: Depth = "none", unicode: bool = True) -> list[str]:
    """Draw one grey picture.

    Args:
        pixels: ``(height, width)`` ``uint8``, 0 dark to 255 bright; bright is drawn as ink.
        depth: the colours that may be used.
        unicode: whether block characters may be used.

    Returns:
        ``ceil(height / 2)`` lines of ``width`` columns.
    """
    even = np.pad(pixels, ((0, pixels.shape[0] % 2), (0, 0)))
    pairs = zip(even[0::2], even[1::2], strict=True)
    if not unicode:
        return [_in_ascii(top, low) for top, low in pairs]
    if depth == "none":
        return [_in_blocks(top, low) for top, low in pairs]
    return [_in_colors(top, low, depth) for top, low in pairs]


def _in_ascii(top: Pixels, low: Pixels) -> str:
    mean = (top.astype(float) + low) / 2
    return "".join(_RAMP[int(v * (len(_RAMP) - 1) / 255 + 0.5)] for v in mean)


def _in_blocks(top: Pixels, low: Pixels) -> str:
    ink = np.stack([top, low], axis=-1)[:, None, :] / 255.0
    halves = np.array(list(_GLYPHS.values()))
    nearest = ((ink - halves) ** 2).sum(axis=-1).argmin(axis=-1)
    glyphs = list(_GLYPHS)
    return "".join(glyphs[i] for i in nearest)


def _in_colors(top: Pixels, low: Pixels, depth: Depth) -> str:
    parts, last = [], ""
    for upper, lower in zip(top.tolist(), low.tolist(), strict=True):
        code = f"\x1b[38;{_grey(upper, depth)};48;{_grey(lower, depth)}m"
        parts.append(f"{code if code != last else ''}▀")
        last = code
    return "".join(parts) + _RESET


def _grey(value: int, depth: Depth) -> str:
    """Return the parameters of SGR 38 and 48 for a grey (ECMA-48, 8.3.117; xterm's 256 colours).

    The 256 colours have 24 greys, 232 to 255, from 8 to 238 in steps of 10; black is 16, white 231.
    """
    if depth == "truecolor":
        return f"2;{value};{value};{value}"
    step = round((value - 8) / 10)
    return f"5;{16 if step < 0 else 231 if step > 23 else 232 + step}"


def gallery(
    images: Pixels,
    *,
    columns: int,
    depth: Depth = "none",
    unicode: bool = True,
    captions: Sequence[str] = (),
) -> list[str]:
    """Draw pictures side by side, in as few rows as leaves them legible.

    A margin that is blank in all of them is left out, and all are scaled alike.

    Args:
        images: ``(n, height, width)`` ``uint8``.
        columns: how many columns there are.
        depth: the colours that may be used.
        unicode: whether block characters may be used.
        captions: one short text per picture, written below it.

    Returns:
        Lines of at most ``columns`` columns; none when there is nothing to draw.
    """
    if not len(images) or not images.shape[1] * images.shape[2] or columns < 4:
        return []
    trimmed = trim(images)
    per_row, width = _fit(len(images), trimmed.shape[2], columns)
    height = max(1, round(trimmed.shape[1] * width / trimmed.shape[2]))
    tiles = [picture(resize(image, height, width), depth=depth, unicode=unicode) for image in trimmed]
    lines: list[str] = []
    for start in range(0, len(tiles), per_row):
        lines += map((" " * _GAP).join, zip(*tiles[start : start + per_row], strict=True))
        if captions:
            row = (c[:width].center(width) for c in captions[start : start + per_row])
            lines.append((" " * _GAP).join(row))
    return [line.rstrip() for line in lines]


def _fit(count: int, full: int, columns: int) -> tuple[int, int]:
    """Return how many pictures stand in a row, and how wide each is."""
    for rows in range(1, count + 1):
        per_row = -(-count // rows)
        width = (columns + _GAP) // per_row - _GAP
        if width >= min(_NARROWEST, full):
            break
    return per_row, max(1, min(width, full, _WIDEST))


def trim(images: Pixels) -> Pixels:
    """Return pictures without the margin that is blank, of one value, in all of them."""
    inked = (images != images[0, 0, 0]).any(axis=0)
    rows, cols = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(rows):
        return images
    return images[:, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Return a picture in another size, each pixel the mean of the area it covers.

    Args:
        pixels: ``(h, w)`` ``uint8``.
        height: rows wanted.
        width: columns wanted.

    Returns:
        ``(height, width)`` ``uint8``.
    """
    rows, cols = _shares(pixels.shape[0], height), _shares(pixels.shape[1], width)
    return np.clip(np.rint(rows @ pixels @ cols.T), 0, 255).astype(np.uint8)


def _shares(old: int, new: int) -> NDArray[np.float64]:
    """Return ``(new, old)``: how much of each old pixel goes into each new one; rows add up to 1."""
    edges = np.linspace(0, old, new + 1)
    start, end = np.arange(old), np.arange(1, old + 1)
    overlap = np.minimum(edges[1:, None], end) - np.maximum(edges[:-1, None], start)
    shares: NDArray[np.float64] = np.clip(overlap, 0, None) * (new / old)
    return shares
