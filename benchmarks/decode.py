"""How long decoding takes: NumPy and the standard library beside steadyset, on the real MNIST files.

    python benchmarks/decode.py [--mnist DIR] [--runs N]

Both ways run in turn in one process, from the page cache, each including the reading of the file; the
medians are shown.
"""

from __future__ import annotations

import argparse
import gzip
import mmap
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from steadyset.decode.idx import read_idx
from steadyset.decode.npz import read_npz

HERE = Path(__file__).resolve().parents[2]
Way = Callable[[Path], Any]


def stock_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def our_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    return read_npz(_mapped(path), name=path.name)


def stock_idx(path: Path) -> npt.NDArray[Any]:
    """What torchvision and most tutorials do."""
    with gzip.open(path) as file:
        content = file.read()
    rank = content[3]
    shape = np.frombuffer(content, ">i4", rank, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def our_idx(path: Path) -> npt.NDArray[Any]:
    return read_idx(_mapped(path), name=path.name)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def measured(path: Path, ways: tuple[Way, Way], runs: int) -> tuple[float, float]:
    """Return the median milliseconds of both ways, run in turn."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs + 1):
        for way, times in zip(ways, taken, strict=True):
            start = time.perf_counter()
            way(path)
            times.append(1000 * (time.perf_counter() - start))
    first, second = (statistics.median(times[1:]) for times in taken)  # the first round warms up
    return first, second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, default=HERE / "shared" / "data" / "mnist")
    parser.add_argument("--runs", type=int, default=15)
    args = parser.parse_args()
    files: list[tuple[str, Way, Way]] = [("mnist.npz", stock_npz, our_npz)]
    files += [(path.name, stock_idx, our_idx) for path in sorted(args.mnist.glob("*-idx?-ubyte.gz"))]
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, median of {args.runs} runs, ms\n")
    print(f"{'file':<28}{'stock':>9}{'steadyset':>11}{'ratio':>8}")
    for name, stock, ours in files:
        before, after = measured(args.mnist / name, (stock, ours), args.runs)
        print(f"{name:<28}{before:>9.2f}{after:>11.2f}{after / before:>8.2f}")


if __name__ == "__main__":
    main()
