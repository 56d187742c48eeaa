from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from steadyset import manifests
from steadyset.practice import files

ROOT = Path(__file__).resolve().parents[2]


def test_the_manifest_is_what_the_generator_draws() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "drawn_manifest.py"), "--check"], check=False)
    assert done.returncode == 0, "python tools/drawn_manifest.py writes it anew"


def test_the_npz_is_one_that_numpy_reads() -> None:
    with np.load(io.BytesIO(files.content(files.NPZ))) as archive:
        assert archive.files == ["x_test", "x_train", "y_train", "y_test"]
        np.testing.assert_array_equal(archive["x_train"], files.arrays()["x_train"], strict=True)


@pytest.mark.parametrize("name", ["y_train", "y_test", "x_test"])
def test_the_idx_files_are_gzip_with_mnist_s_header(name: str) -> None:
    array = files.arrays()[name]
    data = gzip.decompress(files.content(files.IDX[name]))
    head = 4 + 4 * array.ndim
    assert data[:4] == bytes([0, 0, 8, array.ndim])
    assert tuple(np.frombuffer(data[4:head], ">u4")) == array.shape
    assert data[head:] == array.tobytes()


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 200_000])
def test_stored_gzip_of_any_size_is_read_by_the_standard_library(size: int) -> None:
    data = np.arange(size, dtype=np.uint32).astype(np.uint8).tobytes()
    assert gzip.decompress(files.gzip_stored(data)) == data


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        files.content("mnist.npz")


def test_names_are_those_of_the_manifest() -> None:
    recorded = [f.name for r in manifests.get("drawn-digits").recipes for f in r.files]
    assert tuple(recorded) == files.names()
