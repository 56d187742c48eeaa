"""A stamp is round, lies where the pen is, is as thick as it should be, and never leaves the canvas."""

from __future__ import annotations

import numpy as np
import pytest

from steadyset.practice.pen import LEVELS, THICKEST, THINNEST, level_of, stamp


def test_levels_span_the_thicknesses() -> None:
    radii = np.array([0.0, THINNEST, THICKEST, 9.0], dtype=np.float32)
    assert level_of(radii).tolist() == [0, 0, LEVELS - 1, LEVELS - 1]


@pytest.mark.parametrize("column", [8.0, 9.5, 14.25, 20.75])
@pytest.mark.parametrize("level", [0, 11, LEVELS - 1])
def test_a_dot_lies_where_the_pen_is(column: float, level: int) -> None:
    x, y = np.array([[column]], dtype=np.float32), np.array([[12.0]], dtype=np.float32)
    picture = stamp(x, y, np.array([[level]], dtype=np.int64))[0].astype(np.float64)
    middle = (picture.sum(axis=0) @ np.arange(28), picture.sum(axis=1) @ np.arange(28)) / picture.sum()
    assert np.abs(middle - (column, 12.0)).max() < 0.2
    radius = THINNEST + level * (THICKEST - THINNEST) / (LEVELS - 1)
    # A cone's skirt widens the disc: the ink of a soft disc is pi (r² + s²/3), for s = 0.7.
    assert picture.sum() / 255 == pytest.approx(np.pi * (radius**2 + 0.7**2 / 3), rel=0.15)


def test_ink_that_touches_itself_grows_no_darker() -> None:
    at = np.full((5, 1), 13.0, dtype=np.float32)
    level = np.full((5, 1), 7, dtype=np.int64)
    assert np.array_equal(stamp(at, at, level), stamp(at[:1], at[:1], level[:1]))


@pytest.mark.parametrize("corner", [(-50.0, -50.0), (99.0, 99.0), (99.0, -50.0), (-50.0, 99.0)])
def test_a_pen_off_the_canvas_spills_into_no_other_picture(corner: tuple[float, float]) -> None:
    x, y = (np.array([[14.0, at, 14.0]], dtype=np.float32) for at in corner)
    y[0, ::2] = 14.0
    pictures = stamp(x, y, np.full((1, 3), LEVELS - 1, dtype=np.int64))
    assert np.array_equal(pictures[0], pictures[2])
    assert pictures[1].any()
