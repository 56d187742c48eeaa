"""How far drawn digits carry: a small network trained on them alone, judged by the real MNIST test split.

    python benchmarks/drawn_digits.py [--mnist PATH] [--seeds 0 1 2] [--epochs N]

The network sees the 60,000 drawn training images only, each under a small random affine change (shift up to 2.8 pixels,
rotation up to 14 degrees, scale up to 15 %, shear up to 0.2). Real images are read for the final judgement alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadyset.practice.drawing import draw

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    print("drawn_digits.py needs PyTorch to train the network: pip install torch", file=sys.stderr)
    sys.exit(2)

MNIST = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist" / "mnist.npz"
BATCH = 100
Tensor = Any  # torch ships no types that every mypy run can see


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, default=MNIST, help="the real mnist.npz (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    if not options.mnist.is_file():
        parser.error(f"no file {options.mnist}: give the real mnist.npz with --mnist PATH")
    x, y = _drawn()
    with np.load(options.mnist, allow_pickle=False) as file:
        real_x, real_y = _images(file["x_test"]), torch.from_numpy(file["y_test"].astype(np.int64))
    accuracies = [_run(seed, options.epochs, (x, y), (real_x, real_y)) for seed in options.seeds]
    print(
        f"mean of {len(accuracies)} seeds: {100 * sum(accuracies) / len(accuracies):.2f} % of the real MNIST test split"
    )


def _drawn() -> tuple[Tensor, Tensor]:
    begun = time.perf_counter()
    x, y = draw("train")
    draw("test")
    print(f"both splits drawn in {time.perf_counter() - begun:.2f} s (70,000 images, numpy {np.__version__})")
    return _images(x), torch.from_numpy(y.astype(np.int64))


def _images(x: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(x)[:, None].float() / 255


def _run(seed: int, epochs: int, drawn: tuple[Tensor, Tensor], real: tuple[Tensor, Tensor]) -> float:
    begun = time.perf_counter()
    torch.manual_seed(seed)
    network = _network()
    _train(network, *drawn, epochs=epochs)
    accuracy = _judge(network, *real)
    seconds = time.perf_counter() - begun
    print(f"seed {seed}: {100 * accuracy:.2f} % after {epochs} epochs, {seconds:.0f} s", flush=True)
    return accuracy


def _network() -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(),
        nn.Dropout(0.4),
        nn.Linear(128, 10),
    )


def _train(network: Any, x: Tensor, y: Tensor, *, epochs: int) -> None:
    optimizer = torch.optim.Adam(network.parameters())
    steps = epochs * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(BATCH)[: len(x) // BATCH]:
            loss = functional.cross_entropy(network(_vary(x[batch])), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def _vary(images: Tensor) -> Tensor:
    """Put a small random affine change on each image of a batch."""
    count = len(images)
    angle, shear = _around(count) * 0.25, _around(count) * 0.2
    scale = 1 + _around(count, 2) * 0.15
    rows = torch.empty(count, 2, 3)
    rows[:, 0, 0] = torch.cos(angle) * scale[:, 0]
    rows[:, 0, 1] = (shear - torch.sin(angle)) * scale[:, 0]
    rows[:, 1, 0] = torch.sin(angle) * scale[:, 1]
    rows[:, 1, 1] = torch.cos(angle) * scale[:, 1]
    rows[:, :, 2] = _around(count, 2) * 0.1 * 2
    grid = functional.affine_grid(rows, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def _around(*shape: int) -> Tensor:
    return torch.rand(*shape) * 2 - 1


def _judge(network: Any, x: Tensor, y: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        right = sum(
            int((network(part).argmax(1) == of).sum()) for part, of in zip(x.split(1000), y.split(1000), strict=True)
        )
    return right / len(y)


if __name__ == "__main__":
    main()
