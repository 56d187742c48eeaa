"""torchvision's own MNIST works on what ``fetch --to torchvision`` put in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.frameworks


def test_torchvision_reads_what_was_fetched(
    torchvision: Any, mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import steadyset

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    steadyset.fetch("mnist", to="torchvision")
    train = torchvision.datasets.MNIST(root="data", train=True, download=False)
    test = torchvision.datasets.MNIST(root="data", train=False, download=False)
    ours = steadyset.load("mnist")
    np.testing.assert_array_equal(train.data.numpy(), ours.train.x)
    np.testing.assert_array_equal(train.targets.numpy(), ours.train.y)
    np.testing.assert_array_equal(test.data.numpy(), ours.test.x)


def test_arrays_become_tensors_without_a_copy(mnist_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch: Any = pytest.importorskip("torch")
    import steadyset

    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    x = steadyset.load("mnist").train.x
    tensor = torch.from_numpy(x)
    tensor[0, 0, 0] = 7
    assert x[0, 0, 0] == 7
    assert steadyset.load("mnist").train.x[0, 0, 0] == 0
