"""MNIST with the stock Keras signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pair = tuple[NDArray[Any], NDArray[Any]]


def load_data(path: str = "mnist.npz") -> tuple[Pair, Pair]:
    """Return MNIST as ``tf.keras.datasets.mnist.load_data()`` does.

    The data come from steadyset's store, mirrors and sources; see ``steadyset.load``.

    Args:
        path: a bare file name, accepted as the stock loader accepts it. The store finds files by their
            digest, so every name means the same data.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: x ``(60000, 28, 28)`` and ``(10000, 28, 28)`` ``uint8``
        from 0 to 255, y ``(60000,)`` and ``(10000,)`` ``uint8`` from 0 to 9.

    Raises:
        PathArgumentError: SS406, ``path`` holds a directory.
        FetchError, StoreError: as ``steadyset.load``.
    """
    from ..loading.api import load
    from .names import check_cache_name

    check_cache_name(path, dataset="mnist")
    splits = load("mnist")
    return (splits.train.x, splits.train.y), (splits.test.x, splits.test.y)
