"""The real MNIST through a real server: both recipes, a re-packed copy, the facts of the contract."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from steadyset import manifests
from steadyset.loading.warm import load_with
from steadyset.practice.faults import CutAfter
from steadyset.practice.origin import Origin
from steadyset.settings import Settings
from steadyset.splits import Splits

DIGESTS = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
IDX = [f.name for f in manifests.get("mnist").recipe("idx").files]


def check(splits: Splits) -> None:
    (x_train, y_train), (x_test, y_test) = splits
    got = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    for name, array in got.items():
        assert hashlib.sha256(array.tobytes()).hexdigest() == DIGESTS[name]
        assert array.dtype == np.uint8
    assert x_train.shape == (60000, 28, 28)
    assert y_test.shape == (10000,)


@pytest.mark.parametrize("names", [["mnist.npz"], IDX], ids=["keras-npz", "idx"])
def test_both_recipes_through_a_server_that_cuts(mnist_dir: Path, tmp_path: Path, names: list[str]) -> None:
    files = {name: mnist_dir / name for name in names}
    with Origin(files, faults=[CutAfter(3_000_000, times=4)]) as origin:
        splits = load_with(Settings(str(tmp_path / "home"), (origin.url,)), "mnist", progress=False)
        total = sum(f.stat().st_size for f in files.values())
        assert origin.bytes_sent() < 1.1 * total
    check(splits)
    check(load_with(Settings(str(tmp_path / "home"), offline=True), "mnist", verify="full"))


def test_a_repacked_npz_is_an_equivalent_copy(mnist_dir: Path, tmp_path: Path) -> None:
    with np.load(mnist_dir / "mnist.npz") as stock:
        np.savez(tmp_path / "mnist.npz", **{n: stock[n] for n in reversed(stock.files)})
    splits = load_with(Settings(str(tmp_path / "home"), (str(tmp_path),)), "mnist", progress=False)
    check(splits)
    assert splits.provenance is not None
    assert splits.provenance.equivalent


def test_the_stock_signature_gives_the_stock_arrays(
    mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import steadyset

    monkeypatch.setenv("STEADYSET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    ours = steadyset.datasets.mnist.load_data("mnist.npz")
    assert type(ours) is tuple
    with np.load(mnist_dir / "mnist.npz") as stock:
        np.testing.assert_array_equal(ours[0][0], stock["x_train"], strict=True)
        np.testing.assert_array_equal(ours[1][1], stock["y_test"], strict=True)


def test_the_manifest_records_the_files_on_disk(mnist_dir: Path) -> None:
    for recipe in manifests.get("mnist").recipes:
        for file in recipe.files:
            data = (mnist_dir / file.name).read_bytes()
            assert len(data) == file.size
            assert hashlib.sha256(data).hexdigest() == file.sha256
            assert hashlib.md5(data, usedforsecurity=False).hexdigest() == file.md5
            pieces = [data[i : i + file.piece_size] for i in range(0, len(data), file.piece_size)]
            assert tuple(hashlib.sha256(p).hexdigest() for p in pieces) == file.pieces
