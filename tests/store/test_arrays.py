from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import xxhash

from steadyset.errors import StoreError
from steadyset.manifests.records import ArraySpec
from steadyset.store.arrays import Bad, Held, Verify, put, take
from steadyset.store.layout import Layout

VALUES = np.arange(6000, dtype=np.int32).reshape(10, 20, 30)
SPEC = ArraySpec("x", (10, 20, 30), "int32", hashlib.sha256(VALUES.tobytes()).hexdigest())
MODES: tuple[Verify, ...] = get_args(Verify)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(str(tmp_path / "st ore é"))
    put(layout, SPEC, VALUES, {"source": "here", "recipe": "r"})
    return layout


@pytest.mark.parametrize("mode", MODES)
def test_what_was_put_is_taken(layout: Layout, mode: Verify) -> None:
    held = take(layout, SPEC, mode)
    assert isinstance(held, Held)
    assert type(held.array) is np.ndarray
    assert held.array.dtype == np.int32
    np.testing.assert_array_equal(held.array, VALUES)
    assert held.seal.origin == {"source": "here", "recipe": "r"}


@pytest.mark.parametrize("mode", MODES)
def test_writing_to_an_array_never_reaches_the_store(layout: Layout, mode: Verify) -> None:
    first = take(layout, SPEC, mode)
    assert isinstance(first, Held)
    assert first.array.flags.writeable
    first.array[:] = -1
    second = take(layout, SPEC, "full")
    assert isinstance(second, Held)
    np.testing.assert_array_equal(second.array, VALUES)


def test_stored_files_are_read_only_npy_files(layout: Layout) -> None:
    path = layout.array(SPEC.sha256)
    assert not os.stat(path).st_mode & 0o222
    np.testing.assert_array_equal(np.load(path), VALUES)


def test_nothing_stored_is_none(tmp_path: Path) -> None:
    assert take(Layout(str(tmp_path / "absent")), SPEC, "fast") is None


def _overwrite(path: str, data: bytes) -> None:
    os.chmod(path, 0o600)
    Path(path).write_bytes(data)


@pytest.mark.parametrize("mode", ["fast", "full"])
@pytest.mark.parametrize("where", [0, 6, 60, 127, 128, 5000, -1])
def test_a_flipped_bit_is_noticed(layout: Layout, mode: Verify, where: int) -> None:
    path = layout.array(SPEC.sha256)
    data = bytearray(Path(path).read_bytes())
    data[where] ^= 4
    _overwrite(path, bytes(data))
    found = take(layout, SPEC, mode)
    assert isinstance(found, Bad)
    assert found.reason == "digest-mismatch"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [0, 1, 128, 24000])
def test_a_cut_file_is_noticed(layout: Layout, mode: Verify, size: int) -> None:
    path = layout.array(SPEC.sha256)
    _overwrite(path, Path(path).read_bytes()[:size])
    assert isinstance(take(layout, SPEC, mode), Bad)


@pytest.mark.parametrize("mode", MODES)
def test_an_absent_or_damaged_seal_is_noticed(layout: Layout, mode: Verify) -> None:
    path = layout.seal(SPEC.sha256)
    text = Path(path).read_bytes()
    for damaged in (b"", b"{}", text.replace(b'"offset": 128', b'"offset": 120'), text[:-3], b"\xff" * 50):
        assert damaged != text
        _overwrite(path, damaged)
        assert isinstance(take(layout, SPEC, mode), Bad), damaged
    os.unlink(path)
    assert isinstance(take(layout, SPEC, mode), Bad)


def test_a_seal_of_another_array_is_refused(layout: Layout) -> None:
    other = np.zeros(3, np.uint8)
    spec = ArraySpec("o", (3,), "uint8", hashlib.sha256(other.tobytes()).hexdigest())
    put(layout, spec, other, {})
    _overwrite(layout.seal(SPEC.sha256), Path(layout.seal(spec.sha256)).read_bytes())
    assert isinstance(take(layout, SPEC, "fast"), Bad)


def test_full_compares_with_the_contract_and_not_only_with_the_seal(layout: Layout) -> None:
    """Someone who changes an array and makes a fitting seal is found out by the SHA-256."""
    path, seal_path = layout.array(SPEC.sha256), layout.seal(SPEC.sha256)
    data = bytearray(Path(path).read_bytes())
    data[500] ^= 1
    _overwrite(path, bytes(data))
    body = json.loads(Path(seal_path).read_bytes().split(b"\n")[0])
    body["xxh3_128"] = xxhash.xxh3_128_hexdigest(bytes(data))
    text = json.dumps(body).encode()
    _overwrite(seal_path, text + b"\n" + xxhash.xxh3_64_hexdigest(text).encode() + b"\n")
    assert isinstance(take(layout, SPEC, "full"), Bad)


def test_stat_accepts_another_time_when_the_bytes_are_right(layout: Layout) -> None:
    os.utime(layout.array(SPEC.sha256), ns=(1, 1))
    assert isinstance(take(layout, SPEC, "stat"), Held)


def test_a_directory_in_place_of_the_file_is_bad(layout: Layout) -> None:
    path = layout.array(SPEC.sha256)
    os.unlink(path)
    os.mkdir(path)
    assert isinstance(take(layout, SPEC, "fast"), Bad)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((0, 28, 28), "uint8"), ((), "float64"), ((3,), "bool"), ((2, 0), "int64")]
)
def test_odd_shapes_survive(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    values = np.ones(shape, dtype)
    spec = ArraySpec("odd", shape, dtype, hashlib.sha256(values.tobytes()).hexdigest())
    layout = Layout(str(tmp_path))
    put(layout, spec, values, {})
    held = take(layout, spec, "full")
    assert isinstance(held, Held)
    np.testing.assert_array_equal(held.array, values)
    assert held.array.shape == shape


def test_a_store_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as caught:
        put(Layout(str(tmp_path / "file" / "store")), SPEC, VALUES, {})
    assert caught.value.code == "SS212"
