"""``steadyset.datasets.mnist``: the stock signature and the stock result."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

import steadyset
from steadyset import datasets
from steadyset.errors import NotStoredError, PathArgumentError


def test_the_stock_signature() -> None:
    """As in ``keras/src/datasets/mnist.py``."""
    signature = inspect.signature(datasets.mnist.load_data)
    assert [(p.name, p.default) for p in signature.parameters.values()] == [("path", "mnist.npz")]


def test_no_other_dataset_yet() -> None:
    with pytest.raises(AttributeError, match="cifar10"):
        _ = datasets.cifar10


def test_a_directory_in_path_is_refused_before_anything_is_done(store: Path) -> None:
    with pytest.raises(PathArgumentError, match="SS406"):
        datasets.mnist.load_data(path="/data/mnist.npz")
    assert not store.exists()


def test_offline_with_nothing_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYSET_OFFLINE", "1")
    with pytest.raises(NotStoredError, match="SS108"):
        datasets.mnist.load_data()


def test_the_stock_result(mnist_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    monkeypatch.setenv("STEADYSET_OFFLINE", "1")
    result = datasets.mnist.load_data(path="another name.npz")
    assert type(result) is tuple
    assert [type(pair) for pair in result] == [tuple, tuple]
    with np.load(mnist_dir / "mnist.npz") as stock:
        (x_train, y_train), (x_test, y_test) = result
        for name, ours in (("x_train", x_train), ("y_train", y_train), ("x_test", x_test), ("y_test", y_test)):
            assert type(ours) is np.ndarray
            assert ours.flags.writeable
            assert ours.dtype == stock[name].dtype
            np.testing.assert_array_equal(ours, stock[name])
    np.testing.assert_array_equal(steadyset.load("mnist").test.y, y_test)
