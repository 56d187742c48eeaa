"""Every skeleton is complete: shares add up, strokes refer to points that all its exemplars have."""

from __future__ import annotations

import pytest

from steadyset.practice.randomness import COLUMNS
from steadyset.practice.skeletons import Skeleton, read_skeletons

SKELETONS = read_skeletons()


@pytest.mark.parametrize("digit", range(10))
def test_shares_of_a_digit_add_up(digit: int) -> None:
    assert sum(skeleton.share for skeleton in SKELETONS if skeleton.digit == digit) == 100


@pytest.mark.parametrize("skeleton", SKELETONS, ids=lambda skeleton: f"{skeleton.digit}-{skeleton.share}")
def test_strokes_and_exemplars_agree(skeleton: Skeleton) -> None:
    used = {index for stroke in skeleton.strokes for index in stroke}
    assert all(len(stroke) >= 2 for stroke in skeleton.strokes)
    for exemplar in skeleton.exemplars:
        assert used == set(range(len(exemplar)))
        assert all(-20 <= x <= 110 and -5 <= y <= 110 for x, y in exemplar)
    # The wobble draws two columns a control point and two more, from column 20 on.
    assert 20 + 2 * (len(used) + 1) <= COLUMNS
