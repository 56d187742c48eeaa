"""Write the manifest of the drawn digits from what the generator draws; ``--check`` only compares."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from steadyset.practice import files

TARGET = Path(__file__).parent.parent / "src" / "steadyset" / "manifests" / "data" / "drawn-digits.json"
PIECE = 1 << 20


def array(name: str, values: NDArray[np.uint8]) -> dict[str, Any]:
    """Describe one array."""
    data = values.tobytes()
    record: dict[str, Any] = {
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "min": int(values.min()),
        "max": int(values.max()),
    }
    if name.startswith("y_"):
        record["label_counts"] = np.bincount(values).tolist()
    return record | {
        "sha256": hashlib.sha256(data).hexdigest(),
        "xxh3_128": xxhash.xxh3_128_hexdigest(data),
    }


def file(name: str) -> dict[str, Any]:
    """Describe one file."""
    data = files.content(name)
    pieces = [data[i : i + PIECE] for i in range(0, len(data), PIECE)]
    return {
        "name": name,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "piece_size": PIECE,
        "pieces": [hashlib.sha256(p).hexdigest() for p in pieces],
        "sources": [f"practice:{name}"],
    }


def manifest() -> dict[str, Any]:
    """Describe the dataset."""
    arrays = files.arrays()
    return {
        "$schema": "../manifest.schema.json",
        "schema": "steadyset.manifest/1",
        "name": "drawn-digits",
        "title": "Drawn digits (made here, not MNIST)",
        "summary": "70,000 grey images of 28×28 pixels in MNIST's layout, drawn by steadyset from stroke "
        "skeletons; no download. For practice and tests; they are not handwriting and not MNIST.",
        "licence": {
            "name": "CC0 1.0",
            "url": "https://creativecommons.org/publicdomain/zero/1.0/",
            "note": "made by the generator in steadyset.practice",
        },
        "citation": "",
        "homepage": "",
        "label_names": [str(i) for i in range(10)],
        "splits": {"train": {"x": "x_train", "y": "y_train"}, "test": {"x": "x_test", "y": "y_test"}},
        "arrays": {name: array(name, values) for name, values in arrays.items()},
        "recipes": [
            {"name": "drawn", "decoder": "drawn"},
            {
                "name": "keras-npz",
                "decoder": "npz",
                "arrays": {name: {"file": files.NPZ, "member": name} for name in arrays},
                "files": [file(files.NPZ)],
            },
            {
                "name": "idx",
                "decoder": "idx",
                "arrays": {name: {"file": files.IDX[name]} for name in arrays},
                "files": [file(name) for name in files.IDX.values()],
            },
        ],
    }


def main() -> int:
    """Write the manifest, or compare."""
    text = json.dumps(manifest(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
