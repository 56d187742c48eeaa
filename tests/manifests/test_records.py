"""The records of a manifest."""

from __future__ import annotations

import pytest

from steadyset import manifests
from steadyset.manifests.records import PIECE, ArraySpec


@pytest.mark.parametrize(("shape", "count"), [((), 1), ((3,), 3), ((60000, 28, 28), 47_040_000), ((5, 0), 0)])
def test_count(shape: tuple[int, ...], count: int) -> None:
    assert ArraySpec("x", shape, "uint8", "").count == count


def test_recipe_by_name() -> None:
    mnist = manifests.get("mnist")
    assert mnist.recipe("idx").decoder == "idx"
    with pytest.raises(KeyError, match="csv"):
        mnist.recipe("csv")


def test_records_cannot_be_changed() -> None:
    mnist = manifests.get("mnist")
    with pytest.raises(AttributeError):
        mnist.name = "other"  # type: ignore[misc]


def test_a_piece_is_one_mebibyte() -> None:
    assert PIECE == 1024 * 1024


@pytest.mark.parametrize("name", manifests.names())
def test_labels_have_names(name: str) -> None:
    manifest = manifests.get(name)
    for split in manifest.splits.values():
        labels = manifest.arrays[split.y]
        assert labels.label_counts is not None
        assert len(manifest.label_names) == len(labels.label_counts) == (labels.high or 0) + 1
        assert manifest.arrays[split.x].shape[0] == labels.count
