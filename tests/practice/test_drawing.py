"""The drawn digits have MNIST's layout and the same bytes everywhere, and are no two alike."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from steadyset.practice.drawing import draw, draw_some

Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]

PINNED = {
    "train": (
        "ff29663739b172e73d6a968b839b7dae8ed59d471a20a62a9495d114c7afed2c",
        "4c74e3ed58af449cf7355720a8c8972931a81305aa246fc1fa01018507227157",
    ),
    "test": (
        "74d00ff4d8c4a8358cb9a5d6fdc2203dd8573a25df7e0c1b0f6c1b1d8516ddb2",
        "586936e4e1da53bf4f1c4f376f16b456475d52fb14434ba3398872a058dd342a",
    ),
}
COUNTS = {"train": 60_000, "test": 10_000}
IN_A_NEW_PROCESS = """
import hashlib
from steadyset.practice.drawing import draw
print(*(hashlib.sha256(array.tobytes()).hexdigest() for array in draw("test")))
"""


def digest(array: NDArray[np.uint8]) -> str:
    return hashlib.sha256(array.tobytes(order="C")).hexdigest()


@pytest.fixture(scope="module")
def drawn() -> dict[str, Arrays]:
    return {split: draw(split) for split in COUNTS}


@pytest.mark.parametrize("split", COUNTS)
def test_layout_is_mnists(drawn: dict[str, Arrays], split: str) -> None:
    x, y = drawn[split]
    assert (x.shape, x.dtype) == ((COUNTS[split], 28, 28), np.dtype(np.uint8))
    assert (y.shape, y.dtype) == ((COUNTS[split],), np.dtype(np.uint8))
    assert x.flags.c_contiguous
    assert x.flags.writeable


@pytest.mark.parametrize("split", COUNTS)
def test_bytes_are_pinned(drawn: dict[str, Arrays], split: str) -> None:
    assert tuple(digest(array) for array in drawn[split]) == PINNED[split]


def test_a_new_process_draws_the_same() -> None:
    run = subprocess.run([sys.executable, "-c", IN_A_NEW_PROCESS], capture_output=True, text=True, check=True)
    assert tuple(run.stdout.split()) == PINNED["test"]


@pytest.mark.parametrize("split", COUNTS)
def test_classes_are_balanced_and_shuffled(drawn: dict[str, Arrays], split: str) -> None:
    _, y = drawn[split]
    assert np.bincount(y).tolist() == [COUNTS[split] // 10] * 10
    # A shuffled order repeats the previous label about one time in ten; a sorted or a cyclic one does not.
    assert 0.08 < np.count_nonzero(y[1:] == y[:-1]) / len(y) < 0.12


def test_no_image_is_drawn_twice(drawn: dict[str, Arrays]) -> None:
    images = [image.tobytes() for x, _ in drawn.values() for image in x]
    assert len(set(images)) == len(images)


@pytest.mark.parametrize("split", COUNTS)
def test_ink_lies_as_mnists_does(drawn: dict[str, Arrays], split: str) -> None:
    x, _ = drawn[split]
    ink = x.reshape(len(x), -1).sum(axis=1, dtype=np.int64)
    for axis in (1, 2):
        middle = x.sum(axis=axis, dtype=np.int64) @ np.arange(28) / ink
        # Strokes are centred, not ink: where thick ones overlap, the two differ.
        assert np.abs(middle - 13.9).max() < 3
        assert np.quantile(np.abs(middle - 13.9), 0.99) < 1.5
    for lit in ((x >= 128).any(axis=2), (x >= 128).any(axis=1)):
        assert (lit.sum(axis=1) <= 21).all()
    assert (x.max(axis=(1, 2)) >= 200).all()
    assert 25 < ink.mean() / 784 < 42  # MNIST: 33


def test_a_person_would_tell_the_digits_apart(drawn: dict[str, Arrays]) -> None:
    """The nearest class mean, the humblest of classifiers, names most of the digits it has not seen."""
    (x, y), (unseen, truth) = drawn["train"], drawn["test"]
    means = np.stack([x[y == digit].mean(axis=0).ravel() for digit in range(10)])
    scores = unseen.reshape(len(unseen), -1) @ means.T - (means * means).sum(axis=1) / 2
    assert (scores.argmax(axis=1) == truth).mean() > 0.7


@pytest.mark.parametrize("count", [0, 1, 7, 10, 1234])
def test_draw_some_draws_any_count(count: int) -> None:
    x, y = draw_some(count, seed=3)
    assert x.shape == (count, 28, 28)
    assert x.dtype == y.dtype == np.uint8
    counts = np.bincount(y, minlength=10)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("seed", [0, -1, 2**64 + 5])
def test_draw_some_is_a_function_of_its_seed(seed: int) -> None:
    (x, y), (again, labels), (other, _) = (draw_some(50, seed=s) for s in (seed, seed, seed + 1))
    assert np.array_equal(x, again)
    assert np.array_equal(y, labels)
    assert not np.array_equal(x, other)


def test_images_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = draw_some(300, seed=4)
    monkeypatch.setattr("steadyset.practice.drawing._BATCH", 7)
    assert np.array_equal(draw_some(300, seed=4)[0], x)


@pytest.mark.parametrize("split", ["validation", "", "TRAIN"])
def test_unknown_split_is_refused(split: str) -> None:
    with pytest.raises(ValueError, match="'train' and 'test'"):
        draw(split)


def test_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 digits"):
        draw_some(-1, seed=0)
