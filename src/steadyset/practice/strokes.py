"""From control points to the points the pen visits: Catmull-Rom curves, sampled for a whole batch at once.

Source of the basis: Catmull and Rom, "A class of local interpolating splines", 1974 (the uniform form, tension 1/2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .skeletons import Skeleton

DENSITY = 0.25
"""Pen points per hundredth of the digit's height: at least one per pixel of a 20-pixel digit."""


Pick = tuple[int, int, int, int]
Weight = tuple[float, float, float, float]


class Path(NamedTuple):
    """How the pen points of one skeleton follow from its control points.

    Attributes:
        exemplars: Control points of every exemplar, shape (exemplars, 2, controls), float32, in hundredths.
        picks: The four control points behind each pen point, shape (4, points), int64.
        weights: Their weights, shape (4, points, 1), float32; each column sums to 1.
        pen_down: 1 where the pen draws from a pen point to the next, 0 where it is lifted, shape (points - 1, 1),
            float32.
    """

    exemplars: NDArray[np.float32]
    picks: NDArray[np.int64]
    weights: NDArray[np.float32]
    pen_down: NDArray[np.float32]


def prepare(skeleton: Skeleton) -> Path:
    """Lay out the pen points of a skeleton, evenly along each stroke."""
    exemplars = np.array(skeleton.exemplars, dtype=np.float32)
    picks: list[Pick] = []
    weights: list[Weight] = []
    pen_down: list[int] = []
    for stroke in skeleton.strokes:
        for at in range(len(stroke) - 1):
            steps = _count_steps(exemplars[:, stroke[at + 1]] - exemplars[:, stroke[at]])
            last = at == len(stroke) - 2
            for step in range(steps + last):
                pick, weight = _blend(stroke, at, step / steps)
                picks.append(pick)
                weights.append(weight)
                pen_down.append(step < steps)
    return Path(
        exemplars.transpose(0, 2, 1).copy(),
        np.array(picks, dtype=np.int64).T.copy(),
        np.array(weights, dtype=np.float32).T.copy()[:, :, None],
        np.array(pen_down[:-1], dtype=np.float32)[:, None],
    )


def _count_steps(chords: NDArray[np.float32]) -> int:
    """Count the pen points of one segment: enough for the exemplar in which it is longest."""
    squares = chords[:, 0] * chords[:, 0] + chords[:, 1] * chords[:, 1]
    return max(1, int(np.ceil(np.sqrt(squares.max()) * np.float32(DENSITY))))


def _blend(stroke: list[int], at: int, t: float) -> tuple[Pick, Weight]:
    """Find which control points make the pen point at ``t`` of segment ``at``, and how much of each.

    Beyond either end of the stroke the missing neighbour is the end's own neighbour mirrored in it.
    """
    before = (-t + 2 * t * t - t * t * t) / 2
    here = (2 - 5 * t * t + 3 * t * t * t) / 2
    there = (t + 4 * t * t - 3 * t * t * t) / 2
    after = (-t * t + t * t * t) / 2
    first, last = max(at - 1, 0), min(at + 2, len(stroke) - 1)
    if at == 0:
        here, there, before = here + 2 * before, there - before, 0.0
    if at == len(stroke) - 2:
        here, there, after = here - after, there + 2 * after, 0.0
    return (stroke[first], stroke[at], stroke[at + 1], stroke[last]), (before, here, there, after)


def trace(path: Path, controls: NDArray[np.float32]) -> NDArray[np.float32]:
    """Follow the strokes of many images that share a skeleton.

    Args:
        path: The prepared skeleton.
        controls: One coordinate of the control points, shape (controls, n), float32.

    Returns:
        That coordinate of the pen points, shape (points, n), float32.
    """
    points: NDArray[np.float32] = controls[path.picks[0]] * path.weights[0]
    for pick, weight in zip(path.picks[1:], path.weights[1:], strict=True):
        points += controls[pick] * weight
    return points
