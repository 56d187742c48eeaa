"""Curves pass through their control points, evenly enough for the pen, and lift between strokes."""

from __future__ import annotations

import numpy as np
import pytest

from steadyset.practice.skeletons import Skeleton, read_skeletons
from steadyset.practice.strokes import prepare, trace

STRAIGHT = Skeleton(1, 100, [[0, 1, 2], [2, 3]], [[(0, 0), (0, 50), (0, 100), (40, 100)]])


def test_a_straight_skeleton_stays_straight() -> None:
    path = prepare(STRAIGHT)
    x, y = (trace(path, np.ascontiguousarray(axis[:, None])) for axis in path.exemplars[0])
    corner = int(np.flatnonzero(path.pen_down[:, 0] == 0)[0])
    assert np.allclose(x[: corner + 1], 0)
    assert np.allclose(y[corner + 1 :], 100)
    assert (np.diff(y[: corner + 1, 0]) > 0).all()


@pytest.mark.parametrize("skeleton", read_skeletons(), ids=lambda skeleton: f"{skeleton.digit}-{skeleton.share}")
def test_curves_pass_their_control_points(skeleton: Skeleton) -> None:
    path = prepare(skeleton)
    assert np.allclose(path.weights.sum(axis=0), 1)
    assert len(path.pen_down) == path.picks.shape[1] - 1
    assert int((path.pen_down == 0).sum()) == len(skeleton.strokes) - 1
    x, y = (trace(path, np.ascontiguousarray(path.exemplars[:, axis].T)) for axis in (0, 1))
    for number, exemplar in enumerate(skeleton.exemplars):
        near = [np.hypot(x[:, number] - px, y[:, number] - py).min() for px, py in exemplar]
        assert max(near) < 1e-3
    steps = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0)) * path.pen_down
    assert steps.max() < 8  # 1.6 pixels of a 20-pixel digit, less than the thinnest stamp covers
