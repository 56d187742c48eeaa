"""A dataset of a few kilobytes with MNIST's recipes, and the files and manifest that describe it."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from steadyset.practice import files

IDX = {"x_train": "tiny-x.idx.gz", "y_train": "tiny-y.idx.gz", "x_test": "tiny-tx.idx.gz", "y_test": "tiny-ty.idx.gz"}
PIECE = 4096


class Tiny(NamedTuple):
    """The dataset: its manifest's path, its arrays, and each file's bytes by name."""

    name: str
    arrays: dict[str, NDArray[np.uint8]]
    files: dict[str, bytes]

    def mirror(self, folder: Path, *names: str) -> Path:
        """Write files into a directory that can serve as a mirror."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in names or self.files:
            (folder / name).write_bytes(self.files[name])
        return folder


def make(folder: Path, *, pieces: bool = True, sources: dict[str, list[str]] | None = None, seed: int = 7) -> Tiny:
    """Write the manifest of a tiny dataset into a folder and return the dataset."""
    rng = np.random.default_rng(seed)
    arrays = {
        "x_train": rng.integers(0, 256, (60, 28, 28), dtype=np.uint8),
        "y_train": (np.arange(60) % 10).astype(np.uint8),
        "x_test": rng.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        "y_test": np.arange(10, dtype=np.uint8),
    }
    content = {"tiny.npz": files.npz(arrays, method=zipfile.ZIP_DEFLATED)}
    content |= {IDX[n]: gzip.compress(files.idx(a), 6, mtime=0) for n, a in arrays.items()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny.json"
    path.write_text(json.dumps(_manifest(arrays, content, pieces=pieces, sources=sources or {})), encoding="utf-8")
    return Tiny(str(path), arrays, content)


def _manifest(
    arrays: dict[str, NDArray[np.uint8]], content: dict[str, bytes], *, pieces: bool, sources: dict[str, list[str]]
) -> dict[str, Any]:
    def file(name: str) -> dict[str, Any]:
        data = content[name]
        parts = [data[i : i + PIECE] for i in range(0, len(data), PIECE)] if pieces else []
        return {
            "name": name,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": None,
            "piece_size": PIECE,
            "pieces": [hashlib.sha256(p).hexdigest() for p in parts],
            "sources": sources.get(name, []),
        }

    def array(name: str) -> dict[str, Any]:
        values = arrays[name]
        return {
            "shape": list(values.shape),
            "dtype": "uint8",
            "min": 0,
            "max": 255 if name.startswith("x") else 9,
            "label_counts": np.bincount(values).tolist() if name.startswith("y") else None,
            "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
            "xxh3_128": xxhash.xxh3_128_hexdigest(values.tobytes()),
        }

    described = {name: array(name) for name in arrays}
    for name in ("x_train", "x_test"):
        del described[name]["label_counts"]
    return {
        "schema": "steadyset.manifest/1",
        "name": "tiny",
        "title": "Tiny",
        "summary": "noise for tests",
        "licence": {"name": "CC0 1.0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
        "citation": "",
        "label_names": [str(i) for i in range(10)],
        "splits": {"train": {"x": "x_train", "y": "y_train"}, "test": {"x": "x_test", "y": "y_test"}},
        "arrays": described,
        "recipes": [
            {
                "name": "keras-npz",
                "decoder": "npz",
                "arrays": {n: {"file": "tiny.npz", "member": n} for n in arrays},
                "places": {"keras": "datasets/{file}"},
                "files": [file("tiny.npz")],
            },
            {
                "name": "idx",
                "decoder": "idx",
                "arrays": {n: {"file": IDX[n]} for n in arrays},
                "places": {"torchvision": "Tiny/raw/{file}"},
                "files": [file(n) for n in IDX.values()],
            },
        ],
    }
