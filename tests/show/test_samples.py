from __future__ import annotations

import numpy as np
import pytest

from steadyset.show.samples import are_pictures, as_grey, first_of_each, label_counts
from steadyset.splits import Split


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((5, 28, 28), "uint8", True),
        ((5, 28, 28), "float32", True),
        ((5, 32, 32, 3), "uint8", True),
        ((5, 32, 32, 1), "uint8", True),
        ((5, 32, 32, 2), "uint8", False),
        ((5, 13), "float64", False),
        ((5,), "int64", False),
        ((5, 28, 2000), "uint8", False),
        ((0, 28, 28), "uint8", False),
        ((5, 28, 28), "U3", False),
        ((5, 28, 28), "complex64", False),
    ],
)
def test_what_can_be_shown(shape: tuple[int, ...], dtype: str, expected: bool) -> None:
    assert are_pictures(np.zeros(shape, dtype)) is expected


def test_bytes_are_shown_as_they_are() -> None:
    x = np.array([[[3, 9]]], np.uint8)
    assert as_grey(x) is x
    assert as_grey(x[..., None]).tolist() == x.tolist()


def test_colours_become_their_brightness() -> None:
    x = np.array([[[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 0]]]], np.uint8)
    assert as_grey(x).tolist() == [[[255, 76, 150, 0]]]


@pytest.mark.parametrize("values", [[0.0, 0.5, 1.0], [-1.0, 0.0, 1.0], [10.0, 20.0, 30.0]])
def test_other_numbers_are_stretched(values: list[float]) -> None:
    assert as_grey(np.array([[values]])).tolist() == [[[0, 128, 255]]]


def test_what_is_no_number_is_black() -> None:
    assert as_grey(np.array([[[np.nan, 1.0]]])).tolist() == [[[0, 255]]]
    assert as_grey(np.full((1, 2, 2), 5.0)).tolist() == [[[0, 0], [0, 0]]]


@pytest.mark.parametrize(
    ("y", "counts"),
    [
        (np.array([0, 2, 2], np.uint8), [1, 0, 2]),
        (np.array([[1], [0]], np.int64), [1, 1]),
        (np.array([-1, 0]), None),
        (np.array([5000]), None),
        (np.array([0.5]), None),
        (np.array([], np.uint8), None),
        (np.zeros((2, 2), np.uint8), None),
        (np.array(["a"]), None),
    ],
)
def test_how_often_each_label_occurs(y: np.ndarray, counts: list[int] | None) -> None:
    assert label_counts(y) == counts


def test_the_first_samples_of_each_label() -> None:
    y = np.array([2, 0, 2, 0, 4, 0], np.uint8)
    split = Split(np.zeros((6, 3, 3), np.uint8), y)
    labels, where = first_of_each(split)
    assert (labels, where.tolist()) == ([0, 2, 4], [[1], [0], [4]])
    labels, where = first_of_each(split, each=2, most=1)
    assert (labels, where.tolist()) == ([0], [[1, 3]])


@pytest.mark.parametrize("y", [np.zeros(5, np.uint8), np.array([0.5] * 6)])
def test_labels_that_do_not_fit_give_no_samples(y: np.ndarray) -> None:
    assert first_of_each(Split(np.zeros((6, 3, 3), np.uint8), y))[0] == []
