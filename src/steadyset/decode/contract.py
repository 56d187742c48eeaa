"""Hold decoded arrays against what the dataset's arrays must be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from ..errors import ContractError
from ..manifests.records import ArraySpec


def check(arrays: Mapping[str, NDArray[Any]], specs: Mapping[str, ArraySpec], *, strong: bool) -> None:
    """Refuse arrays that are not exactly the contract's.

    Args:
        arrays: what was decoded, by name.
        specs: the contract, by name.
        strong: always compare SHA-256, as for a file whose own digest is not the recorded one. Otherwise
            the contract's XXH3-128 is enough where it has one: the file's SHA-256 was proved before.

    Raises:
        ContractError: SS501, with what differs.
    """
    for name, spec in specs.items():
        if name not in arrays:
            raise ContractError(f"there is no array {name}", evidence=[("arrays", ", ".join(arrays) or "none")])
        _check_one(arrays[name], spec, strong=strong)


def _check_one(array: NDArray[Any], spec: ArraySpec, *, strong: bool) -> None:
    if array.shape != spec.shape or array.dtype != np.dtype(spec.dtype):
        raise ContractError(
            f"{spec.name} has another shape or dtype than the dataset's",
            evidence=[
                ("expected", f"{spec.shape} {spec.dtype}"),
                ("got", f"{array.shape} {array.dtype}"),
            ],
        )
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    if strong or spec.xxh3_128 is None:
        expected, got = spec.sha256, hashlib.sha256(data).hexdigest()
    else:
        expected, got = spec.xxh3_128, xxhash.xxh3_128_hexdigest(data)
    if got != expected:
        raise ContractError(
            f"{spec.name} does not hold the dataset's values",
            evidence=[("expected", expected), ("got", got), *_differences(array, spec)],
        )


def _differences(array: NDArray[Any], spec: ArraySpec) -> list[tuple[str, str]]:
    """Say in the field's terms how the values differ, where that can be told."""
    seen = []
    if array.size and spec.low is not None and spec.high is not None:
        low, high = array.min(), array.max()
        if low < spec.low or high > spec.high:
            seen.append(("values", f"{low} to {high} instead of {spec.low} to {spec.high}"))
    if spec.label_counts is not None and array.size and array.min() >= 0:
        counts = np.bincount(array.astype(np.int64)).tolist()
        if counts != list(spec.label_counts):
            seen.append(("label counts", f"{counts} instead of {list(spec.label_counts)}"))
    return seen
