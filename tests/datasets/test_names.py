"""``path=`` in the stock signatures: the name of a file, never a place."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from steadyset.datasets.names import check_cache_name
from steadyset.errors import PathArgumentError


@pytest.mark.parametrize("path", ["mnist.npz", "mine.npz", "meine Ziffern é.npz", ".hidden", Path("mnist.npz")])
def test_a_name(path: object) -> None:
    check_cache_name(path, dataset="mnist")


@pytest.mark.parametrize(
    ("path", "mirror"),
    [
        ("data/mnist.npz", "data"),
        ("/tmp/mnist.npz", "/tmp"),
        ("./mnist.npz", "."),
        ("data/", "data"),
        ("..", "."),
        (".", "."),
        ("", "."),
        (PurePosixPath("/media/stick/mnist.npz"), "/media/stick"),
    ],
)
def test_a_place(path: object, mirror: str) -> None:
    with pytest.raises(PathArgumentError) as caught:
        check_cache_name(path, dataset="mnist")
    error = caught.value
    assert error.code == "SS406"
    assert isinstance(error, ValueError)  # what Keras raises
    assert error.remedies[0].commands == (("steadyset", "load", "mnist", "--mirror", mirror),)


@pytest.mark.parametrize("path", ["C:\\Users\\me\\mnist.npz", "data\\mnist.npz", None, 3, b"mnist.npz"])
def test_a_place_elsewhere_or_nothing_like_a_name(path: object) -> None:
    with pytest.raises(PathArgumentError, match="is not the name of a file"):
        check_cache_name(path, dataset="mnist")
