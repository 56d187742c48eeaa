"""Drawn digits: a dataset with exactly MNIST's layout, made on the spot without a download.

Every digit is a skeleton with handwriting put on it: two exemplars are blended, control points wobble, the whole is
bent, stretched, slanted and turned, then scaled into 20 x 20 pixels and centred by its centre of mass in 28 x 28, as
MNIST's digits were (http://yann.lecun.com/exdb/mnist/). Here the mass is that of the strokes, not of the ink: where
thick strokes overlap, the two differ by up to two pixels.

The bytes are the same on every platform, processor and numpy from 1.26 on, so their digests can be pinned: only integer
operations and single IEEE 754 operations (+ - * / sqrt, rounding, comparison) on elements are used. Sums, products of
matrices and transcendental functions are not, as their last bits depend on SIMD width, BLAS and the C library.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .pen import SIDE, THICKEST, THINNEST, level_of, stamp
from .randomness import Dice
from .skeletons import Skeleton, read_skeletons
from .strokes import Path, prepare, trace

SPLITS = {"train": (60_000, 1998), "test": (10_000, 1999)}
"""Number of images and seed of each split."""

_BATCH = 512
"""Images drawn at a time: their canvases (0.5 MiB) and the stamps (0.3 MiB) share a second-level cache."""

_ORDER, _SKELETON, _EXEMPLARS, _BLEND, _HABITS, _PEN, _WOBBLE = 0, 1, 2, 4, 6, 16, 20
"""Which columns of the dice decide what; the wobble takes two for each control point, and two more."""

_REACH = 0.15
"""How far a blend may go beyond either of its two exemplars."""

_TREMOR = 3.2
"""Deviation of the wobble between neighbouring control points, in hundredths of the digit's height."""

_SPREAD = np.array([[0.10], [0.18], [0.12], [0.07], [0.07], [0.06], [0.22], [0.04]], dtype=np.float32)
"""Deviations of the habits that `_bend` puts on a digit, in the order in which it names them."""

_SLANT = 0.2
"""Mean slant to the right: columns per row."""

_RADIUS, _RADIUS_SPREAD, _PRESSURE_SPREAD = 1.35, 0.4, 0.12
"""Mean and deviation of the pen's radius, in pixels; deviation of its relative change towards a stroke's end."""

_BOX, _CENTRE = 19.5, 13.9
"""Pixels between the half-ink edges of the longer side (20 to the last trace of ink); row and column of the middle."""


def draw(split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw one split of the drawn digits, in about a second for 60,000 images.

    Ten balanced classes (6,000 or 1,000 images each) come in a shuffled order. The result is a function of the split's
    name alone, bit for bit.

    Args:
        split: ``"train"`` for 60,000 images or ``"test"`` for 10,000.

    Returns:
        Images, shape (count, 28, 28), uint8, 0 is paper and 255 is ink; labels, shape (count,), uint8 in 0..9.

    Raises:
        ValueError: The split is neither ``"train"`` nor ``"test"``.
    """
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}: the drawn digits have {' and '.join(map(repr, SPLITS))}")
    count, seed = SPLITS[split]
    return draw_some(count, seed=seed)


def draw_some(count: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw any number of digits.

    The classes are balanced to within one image and come in a shuffled order. The result is a function of ``count``
    and ``seed`` alone, bit for bit.

    Args:
        count: How many images, 0 or more.
        seed: Any integer; only its low 64 bits matter.

    Returns:
        Images, shape (count, 28, 28), uint8, 0 is paper and 255 is ink; labels, shape (count,), uint8 in 0..9.

    Raises:
        ValueError: The count is negative.
    """
    if count < 0:
        raise ValueError(f"cannot draw {count} digits: the count must be 0 or more")
    numbers = np.arange(count, dtype=np.uint64)
    dice = Dice(seed, numbers)
    y = (np.argsort(dice.words(_ORDER)[0], kind="stable") % 10).astype(np.uint8)
    x = np.empty((count, SIDE, SIDE), dtype=np.uint8)
    for skeleton, members in _assign(y, dice.choose(_SKELETON, 100)):
        path = prepare(skeleton)
        for start in range(0, len(members), _BATCH):
            batch = members[start : start + _BATCH]
            x[batch] = _write(path, Dice(seed, numbers[batch]))
    return x, y


def _assign(y: NDArray[np.uint8], percent: NDArray[np.int64]) -> Iterator[tuple[Skeleton, NDArray[np.intp]]]:
    """Tell which images are drawn from which skeleton, by the shares of the label's skeletons."""
    low = [0] * 10
    for skeleton in read_skeletons():
        start = low[skeleton.digit]
        stop = low[skeleton.digit] = start + skeleton.share
        yield skeleton, np.flatnonzero((y == skeleton.digit) & (percent >= start) & (percent < stop))


def _write(path: Path, dice: Dice) -> NDArray[np.uint8]:
    """Write a batch of digits that share a skeleton: shape (n, 28, 28), uint8."""
    x, y = _bend(*_place_controls(path, dice), dice)
    x, y = trace(path, x), trace(path, y)
    size, pressure = dice.bell(_PEN, 2)
    radius = np.float32(_RADIUS) + np.float32(_RADIUS_SPREAD) * size
    radius = np.minimum(np.maximum(radius, np.float32(THINNEST)), np.float32(THICKEST))
    x, y = _fit(x, y, radius, path.pen_down)
    along = np.arange(len(x), dtype=np.float32) * np.float32(2 / (len(x) - 1)) - np.float32(1)
    change = np.float32(1) + np.float32(_PRESSURE_SPREAD) * pressure * along[:, None]
    return stamp(x, y, level_of(radius * change))


def _place_controls(path: Path, dice: Dice) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Blend two exemplars, by shares that change along the way, and let the hand tremble: x and y, (controls, n)."""
    exemplars, _, controls = path.exemplars.shape
    one = path.exemplars[dice.choose(_EXEMPLARS, exemplars)]
    two = path.exemplars[dice.choose(_EXEMPLARS + 1, exemplars)]
    start, stop = dice.uniform(_BLEND, 2) * np.float32(1 + 2 * _REACH) - np.float32(_REACH)
    along = np.arange(controls, dtype=np.float32) / np.float32(controls - 1)
    share = start[:, None] + (stop - start)[:, None] * along
    blend = (one + (two - one) * share[:, None, :]).transpose(1, 2, 0)
    # Neighbours share a jump: independent wobble makes polygons, not handwriting.
    jumps = dice.bell(_WOBBLE, 2 * (controls + 1)).reshape(2, controls + 1, -1)
    x, y = blend + (jumps[:, 1:] + jumps[:, :-1]) * np.float32(_TREMOR)
    return x, y


def _bend(
    x: NDArray[np.float32], y: NDArray[np.float32], dice: Dice
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Put the habits of a hand on a batch of digits: x and y, shape (controls, n), now about -1 to 1.

    Args:
        x: Columns of the control points, in hundredths, shape (controls, n).
        y: Their rows.
        dice: Decides how far to go, image by image.
    """
    balance, width, taper, bow, sag, climb, slant, turn = dice.bell(_HABITS, len(_SPREAD)) * _SPREAD
    one = np.float32(1)
    u = x * np.float32(0.02) - np.float32(0.6)
    v = y * np.float32(0.02) - one
    v = v + balance * (one - v * v)
    u = u * (one + width) * (one + taper * v)
    u = u + bow * (v * v)
    v = v + sag * (u * u) + climb * u
    u = u - (np.float32(_SLANT) + slant) * v
    # The rational points of the circle: a rotation without sine and cosine.
    cosine = (one - turn * turn) / (one + turn * turn)
    sine = (turn + turn) / (one + turn * turn)
    return cosine * u - sine * v, sine * u + cosine * v


def _fit(
    x: NDArray[np.float32], y: NDArray[np.float32], radius: NDArray[np.float32], pen_down: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scale the pen points into MNIST's box and put their centre of mass in the middle: x and y, in pixels."""
    longer = np.maximum(x.max(axis=0) - x.min(axis=0), y.max(axis=0) - y.min(axis=0))
    scale = (np.float32(_BOX) - np.float32(2) * radius) / np.maximum(longer, np.float32(0.1))
    x, y = x * scale, y * scale
    across, down = x[1:] - x[:-1], y[1:] - y[:-1]
    length = np.sqrt(across * across + down * down) * pen_down
    mass = _add_up(length)
    middle = np.float32(_CENTRE)
    return x - _add_up(length * x[1:]) / mass + middle, y - _add_up(length * y[1:]) / mass + middle


def _add_up(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add rows in order; ``np.sum`` would choose an order of its own."""
    total: NDArray[np.float32] = np.zeros_like(rows[0])
    for row in rows:
        total += row
    return total
