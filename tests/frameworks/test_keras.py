"""Bit for bit what the real Keras returns, from the same file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.frameworks


@pytest.fixture
def keras_cache(mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' own cache with the published file; Keras hashes it and asks nobody."""
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    shutil.copy(mnist_dir / "mnist.npz", tmp_path / "keras" / "datasets")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def same(ours: Any, stock: Any) -> None:
    for our_split, stock_split in zip(ours, stock, strict=True):
        for our_array, stock_array in zip(our_split, stock_split, strict=True):
            assert type(our_array) is type(stock_array)
            assert our_array.flags.writeable == stock_array.flags.writeable
            np.testing.assert_array_equal(our_array, stock_array, strict=True)


@pytest.mark.parametrize("where", ["keras", "tensorflow"])
def test_load_is_what_the_stock_loader_returns(
    keras_cache: Path, mnist_dir: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    stock_module: Any = pytest.importorskip(where)
    datasets = stock_module.keras.datasets if where == "tensorflow" else stock_module.datasets
    import steadyset

    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    stock = datasets.mnist.load_data()
    same(steadyset.load("mnist"), stock)
    same(steadyset.datasets.mnist.load_data(path="mnist.npz"), stock)


def test_fetch_to_keras_lets_the_stock_loader_work_offline(
    mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras: Any = pytest.importorskip("keras")
    import steadyset

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    (path,) = steadyset.fetch("mnist", to="keras")
    monkeypatch.setattr("urllib.request.urlopen", _no_network)
    (x_train, _), _ = keras.datasets.mnist.load_data()
    assert x_train.shape == (60000, 28, 28)
    assert path == tmp_path / "empty" / "datasets" / "mnist.npz"


def _no_network(*_: object, **__: object) -> None:
    raise AssertionError("the stock loader asked the network")
