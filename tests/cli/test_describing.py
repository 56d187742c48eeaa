from __future__ import annotations

import numpy as np

from steadyset.cli.console import Console
from steadyset.cli.describing import describe
from steadyset.manifests import get
from steadyset.settings import Settings
from steadyset.splits import Provenance, Split, Splits


def splits_of(x: np.ndarray, y: np.ndarray, names: tuple[str, ...] = ()) -> Splits:
    splits = Splits(Split(x, y), Split(x[:2], y[:2]))
    splits.provenance = Provenance("mnist", "store", "idx", "/m/f", "XXH3-128 of every array")
    splits.label_names = names
    return splits


def described(splits: Splits) -> str:
    return "\n".join(describe(get("mnist"), splits, Settings("/s"), Console("never").out))


def test_what_is_no_picture_is_not_drawn() -> None:
    text = described(splits_of(np.zeros((4, 7), np.float32), np.array([0, 1, 1, 0], np.uint8)))
    assert "train  x 4×7 float32  y 4 uint8" in text
    assert text.endswith("  test   1  1")


def test_what_has_no_labels_has_no_counts() -> None:
    text = described(splits_of(np.zeros((4, 9, 9), np.uint8), np.array([0.5, 1.5, 2.5, 3.5])))
    assert "label" not in text
    assert text.endswith("y 2 float64")


def test_many_labels_are_summed_up() -> None:
    text = described(splits_of(np.zeros((60, 5, 5), np.uint8), np.repeat(np.arange(30), 2)))
    assert "labels  30, between 2 and 2 samples of each in train" in text


def test_long_names_of_labels_stand_below_each_other() -> None:
    names = ("an aeroplane in flight", "an automobile on a road", "a bird that does not sing")
    text = described(splits_of(np.zeros((6, 9, 9), np.uint8), np.array([0, 1, 2, 0, 1, 2]), names))
    assert "  an aeroplane in flight         2     1" in text
