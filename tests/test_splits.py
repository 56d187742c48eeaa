"""What loading returns: tuples with names, that can be pickled and shown."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from steadyset import Provenance, Split, Splits
from steadyset.show.samples import as_text


@pytest.fixture
def splits() -> Splits:
    x = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
    made = Splits(Split(x, np.array([0, 1, 0], np.uint8)), Split(x[:1], np.array([1], np.uint8)))
    made.provenance = Provenance("toy", "store", "npz", "https://example.org/", "nothing")
    made.label_names = ("no", "yes")
    return made


def test_nested_unpacking(splits: Splits) -> None:
    (x_train, y_train), (x_test, y_test) = splits
    assert x_train is splits.train.x
    assert y_train is splits[0][1]
    assert x_test is splits.test.x
    assert y_test is splits[1].y


def test_length(splits: Splits) -> None:
    assert len(splits) == len(splits.train) == 2
    assert isinstance(splits, tuple)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_everything_survives_a_copy(splits: Splits, duplicate: object) -> None:
    twin = duplicate(splits)  # type: ignore[operator]
    assert isinstance(twin, Splits)
    np.testing.assert_array_equal(twin.train.x, splits.train.x)
    assert twin.provenance == splits.provenance
    assert twin.label_names == splits.label_names


def test_without_provenance() -> None:
    empty = np.empty(0, np.uint8)
    made = Splits(Split(empty, empty), Split(empty, empty))
    assert made.provenance is None
    assert made.label_names == ()


def test_a_notebook_shows_a_contact_sheet(splits: Splits) -> None:
    html = splits._repr_html_()
    assert "<img" in html
    assert "toy" in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((2, 3), np.uint8), "2×3 uint8"),
        (np.zeros(4, np.float32), "4 float32"),
        (np.zeros((), np.int64), "scalar int64"),
    ],
)
def test_as_text(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], text: str) -> None:
    assert as_text(array) == text
