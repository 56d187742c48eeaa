from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny
from steadyset.errors import SteadysetError
from steadyset.loading.warm import load_with
from steadyset.practice import files
from steadyset.practice.origin import Origin
from steadyset.settings import Settings


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


def repacked(data: tiny.Tiny, how: str) -> bytes:
    out = io.BytesIO()
    if how == "savez":
        np.savez(out, **data.arrays)  # type: ignore[arg-type]
    elif how == "compressed":
        np.savez_compressed(out, **data.arrays)  # type: ignore[arg-type]
    elif how == "fortran":
        np.savez_compressed(out, **{n: np.asfortranarray(a) for n, a in data.arrays.items()})  # type: ignore[arg-type]
    else:
        np.savez_compressed(out, note=np.zeros(3), **data.arrays)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("how", ["savez", "compressed", "fortran", "with another member"])
@pytest.mark.parametrize("wire", ["directory", "http"])
def test_a_repacked_npz_is_accepted_and_said_so(data: tiny.Tiny, tmp_path: Path, how: str, wire: str) -> None:
    content = repacked(data, how)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "tiny.npz").write_bytes(content)
    with Origin({"tiny.npz": content}) as origin:
        mirror = origin.url if wire == "http" else str(tmp_path / "m")
        settings = Settings(str(tmp_path / "home"), (mirror,))
        first = load_with(settings, data.name)
        second = load_with(Settings(str(tmp_path / "home"), offline=True), data.name, verify="full")
    for splits in (first, second):
        np.testing.assert_array_equal(splits.train.x, data.arrays["x_train"], strict=True)
        np.testing.assert_array_equal(splits.test.y, data.arrays["y_test"], strict=True)
        assert splits.provenance is not None
        assert splits.provenance.equivalent
    assert first.provenance is not None
    assert "SS216" in [f.code for f in first.provenance.findings]


def test_regzipped_idx_files_are_accepted(data: tiny.Tiny, tmp_path: Path) -> None:
    for name, file in tiny.IDX.items():
        (tmp_path / file).write_bytes(gzip.compress(files.idx(data.arrays[name]), 1, mtime=99))
    splits = load_with(Settings(str(tmp_path / "home"), (str(tmp_path),)), data.name)
    np.testing.assert_array_equal(splits.train.x, data.arrays["x_train"])
    assert splits.provenance is not None
    assert splits.provenance.equivalent
    assert splits.provenance.recipe == "idx"


def spoilt(data: tiny.Tiny, how: str) -> dict[str, Any]:
    arrays = {n: a.copy() for n, a in data.arrays.items()}
    if how == "one pixel":
        arrays["x_test"][3, 4, 5] ^= 1
    elif how == "one label":
        arrays["y_train"][0] ^= 1
    elif how == "float":
        arrays["x_train"] = arrays["x_train"].astype(np.float32)
    elif how == "flat":
        arrays["x_train"] = arrays["x_train"].reshape(60, 784)
    elif how == "swapped":
        arrays["x_train"], arrays["x_test"] = arrays["x_test"], arrays["x_train"]
    else:
        del arrays["y_test"]
    return arrays


@pytest.mark.parametrize("how", ["one pixel", "one label", "float", "flat", "swapped", "missing"])
def test_anything_else_is_never_used(data: tiny.Tiny, tmp_path: Path, how: str) -> None:
    out = io.BytesIO()
    np.savez_compressed(out, **spoilt(data, how))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "tiny.npz").write_bytes(out.getvalue())
    with pytest.raises(SteadysetError):
        load_with(Settings(str(tmp_path / "home"), (str(tmp_path / "m"),)), data.name)
    assert not list((tmp_path / "home").rglob("*.npy"))
    assert not [p for p in (tmp_path / "home" / "objects").rglob("*") if p.is_file()]


def test_a_built_in_source_is_never_taken_for_an_equivalent(tmp_path: Path) -> None:
    with Origin({}) as origin:
        data = tiny.make(tmp_path / "m", sources={"tiny.npz": [f"{origin.url}/x.npz"]})
        origin.put("x.npz", repacked(data, "savez"))
        with pytest.raises(SteadysetError):
            load_with(Settings(str(tmp_path / "home")), data.name)


def test_a_zip_bomb_at_a_mirror_is_refused(data: tiny.Tiny, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tiny.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in data.arrays:
            archive.writestr(f"{name}.npy", bytes(50_000_000))
    assert (tmp_path / "tiny.npz").stat().st_size < 16 * len(data.files["tiny.npz"])
    with pytest.raises(SteadysetError):
        load_with(Settings(str(tmp_path / "home"), (str(tmp_path),)), data.name)


@pytest.mark.parametrize("first", [b"<html>sign in</html>", b"PK not a zip", b""])
def test_the_copy_of_a_second_mirror_is_tried(data: tiny.Tiny, tmp_path: Path, first: bytes) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "tiny.npz").write_bytes(first)
    (tmp_path / "b" / "tiny").mkdir(parents=True)
    (tmp_path / "b" / "tiny.npz").write_bytes(first)
    (tmp_path / "b" / "tiny" / "tiny.npz").write_bytes(repacked(data, "compressed"))
    mirrors = (str(tmp_path / "a"), str(tmp_path / "b"))
    splits = load_with(Settings(str(tmp_path / "home"), mirrors), data.name)
    np.testing.assert_array_equal(splits.train.x, data.arrays["x_train"])
    assert splits.provenance is not None
    assert splits.provenance.source == str(tmp_path / "b" / "tiny" / "tiny.npz")
