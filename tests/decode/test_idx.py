"""IDX files, raw and gzipped: what was written comes back, and what is cut or swollen is refused."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import mmap
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from steadyset.decode.idx import TYPES, read_idx
from steadyset.errors import DamagedError, DataError, FormatError

SHARED = Path(__file__).resolve().parents[3] / "shared"
MNIST = SHARED / "data" / "mnist"
CODES = {np.dtype(text).newbyteorder("="): code for code, text in TYPES.items()}


def idx(array: npt.NDArray[Any]) -> bytes:
    """Write an IDX file as its description has it, independently of the reader."""
    head = struct.pack(">HBB", 0, CODES[array.dtype], array.ndim)
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(array.dtype.newbyteorder(">")).tobytes()


ARRAYS = st.sampled_from(list(CODES)).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=5))
)
IMAGES = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)


@settings(deadline=None, max_examples=120)
@given(array=ARRAYS, zipped=st.booleans())
def test_any_array_comes_back_bit_for_bit(array: npt.NDArray[Any], zipped: bool) -> None:
    got = read_idx(gzip.compress(idx(array)) if zipped else idx(array), name="a-idx")
    assert got.dtype == array.dtype
    assert got.dtype.isnative
    assert got.shape == array.shape
    assert got.tobytes() == array.tobytes()
    assert got.flags.c_contiguous
    assert got.flags.writeable


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_reads_any_buffer_and_shares_nothing_with_it(kind: Any, zipped: bool) -> None:
    data = bytearray(gzip.compress(idx(IMAGES)) if zipped else idx(IMAGES))
    got = read_idx(kind(data), name="a-idx")
    before = bytes(data)
    got[:] = 0
    assert data == before


@pytest.mark.parametrize("broken", [False, True])
def test_lets_go_of_a_mapped_file(tmp_path: Path, broken: bool) -> None:
    path = tmp_path / "a-idx"
    path.write_bytes(idx(IMAGES) + b"x" * broken)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        got = read_idx(mapped, name="a-idx")
    except DamagedError as error:
        caught = error
        mapped.close()
        assert broken, caught
    else:
        mapped.close()
        assert np.array_equal(got, IMAGES)


def test_the_highest_rank_is_32() -> None:
    assert read_idx(idx(np.ones((1,) * 32, np.uint8)), name="a-idx").ndim == 32
    head = b"\0\0\x08\x21" + struct.pack(">33I", *[1] * 33)
    with pytest.raises(FormatError):
        read_idx(head + b"\1", name="a-idx")


def test_rank_0_is_refused() -> None:
    with pytest.raises(FormatError, match="is not an IDX file") as caught:
        read_idx(b"\0\0\x08\x00\x07", name="a-idx")
    assert caught.value.code == "SS204"


@pytest.mark.parametrize("length", range(4, 76))
def test_cut_anywhere_it_says_where(length: int) -> None:
    with pytest.raises(DamagedError, match="ends too early") as caught:
        read_idx(idx(IMAGES)[:length], name="a-idx")
    assert caught.value.code == "SS202"
    evidence = dict(caught.value.evidence)
    assert evidence["size now"] == f"{length} bytes"
    if length >= 16:
        assert evidence["size expected"] == "76 bytes"
        assert f"at byte {length} of 76" in caught.value.message


@pytest.mark.parametrize("length", range(4))
def test_cut_before_it_says_what_it_is_it_is_refused(length: int) -> None:
    with pytest.raises(DataError):
        read_idx(idx(IMAGES)[:length], name="a-idx")


@pytest.mark.parametrize("length", [0, 1, 10, 17, 18, 40, 75])
def test_a_cut_inside_an_intact_gzip_file_is_noticed(length: int) -> None:
    with pytest.raises(DataError) as caught:
        read_idx(gzip.compress(idx(IMAGES)[:length]), name="a-idx.gz")
    assert "the content of a-idx.gz" in caught.value.message


@pytest.mark.parametrize("extra", [1, 5000])
def test_bytes_after_the_end_are_counted(extra: int) -> None:
    with pytest.raises(DamagedError, match=f"{extra:,} bytes? follow") as caught:
        read_idx(idx(IMAGES) + b"\0" * extra, name="a-idx")
    assert caught.value.code == "SS201"


@pytest.mark.parametrize("shape", [(0xFFFFFFFF,) * 3, (0x80000000, 1, 1), (60000, 28, 2**31)])
def test_absurd_dimensions_allocate_nothing(shape: tuple[int, ...]) -> None:
    with pytest.raises(DamagedError, match="ends too early"):
        read_idx(b"\0\0\x0e\x03" + struct.pack(">3I", *shape) + b"\0" * 64, name="a-idx")


def test_a_dimension_of_zero_beside_an_absurd_one_is_empty() -> None:
    data = b"\0\0\x08\x02" + struct.pack(">2I", 0, 0xFFFFFFFF)
    assert read_idx(data, name="a-idx").shape == (0, 0xFFFFFFFF)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x_test.npy", b"content")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "SS202", "is empty"),
        (gzip.compress(gzip.compress(idx(IMAGES))), "SS205", "compressed twice"),
        (bz2.compress(idx(IMAGES)), "SS205", "still compressed: it is a bzip2 file"),
        (_zip(), "SS204", "is a zip archive, not an IDX file"),
        (gzip.compress(b"<html>"), "SS204", "the content of .* is an HTML page"),
        (
            b"<!DOCTYPE html><title>Google Drive - Quota exceeded</title>",
            "SS204",
            "is a Google Drive quota page",
        ),
        (gzip.compress(b""), "SS202", "the content of .* is empty"),
        (b"\x93NUMPY\x01\0", "SS204", r"is a \.npy file"),
        (b"\0\0\x0a\x01\0\0\0\0", "SS204", "is not an IDX file"),
        (b"\0" * 16, "SS201", "nothing but zero bytes"),
    ],
)
def test_says_what_a_wrong_file_is(data: bytes, code: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_idx(data, name="train-labels-idx1-ubyte.gz")
    assert caught.value.code == code


def test_a_bomb_is_refused() -> None:
    data = gzip.compress(idx(np.zeros(9_000_000, np.uint8)))
    with pytest.raises(FormatError, match="more than") as caught:
        read_idx(data, name="a-idx.gz", most_bytes=8_000_000)
    assert caught.value.code == "SS214"


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_no_flipped_byte_of_a_gzip_file_gives_a_wrong_array(mask: int) -> None:
    data = bytearray(gzip.compress(idx(IMAGES), mtime=0))
    refused = 0
    for at in range(len(data)):
        data[at] ^= mask
        try:
            assert np.array_equal(read_idx(data, name="a-idx.gz"), IMAGES), at
        except DataError:
            refused += 1
        data[at] ^= mask
    assert refused > len(data) * 0.8


@settings(deadline=None, max_examples=200)
@given(noise=st.binary(max_size=80), code=st.sampled_from([*TYPES, 0x0A]), rank=st.integers(0, 255))
def test_noise_gives_an_array_of_just_its_size_or_a_code(noise: bytes, code: int, rank: int) -> None:
    data = bytes([0, 0, code, rank]) + noise
    try:
        array = read_idx(data, name="a-idx")
    except DataError:
        return
    assert 4 + 4 * array.ndim + array.nbytes == len(data)


@pytest.mark.skipif(not MNIST.exists(), reason="the real MNIST is not here (../shared/data/mnist)")
class TestRealMnist:
    @pytest.mark.parametrize(
        ("file", "key"),
        [
            ("train-images-idx3-ubyte.gz", "x_train"),
            ("train-labels-idx1-ubyte.gz", "y_train"),
            ("t10k-images-idx3-ubyte.gz", "x_test"),
            ("t10k-labels-idx1-ubyte.gz", "y_test"),
        ],
    )
    def test_every_file_has_its_recorded_digest(self, file: str, key: str) -> None:
        fact = json.loads((SHARED / "facts" / "mnist.json").read_text())["arrays"][key]
        array = read_idx((MNIST / file).read_bytes(), name=file)
        assert array.shape == tuple(fact["shape"])
        assert array.dtype == fact["dtype"]
        assert hashlib.sha256(np.ascontiguousarray(array).data).hexdigest() == fact["sha256_of_c_order_bytes"]

    @pytest.mark.parametrize("length", [2, 10, 33, 100, 500_000, 1_048_576, 1_648_869, 1_648_876])
    def test_cut_anywhere_it_says_so(self, length: int) -> None:
        data = (MNIST / "t10k-images-idx3-ubyte.gz").read_bytes()
        with pytest.raises(DamagedError, match="ends too early") as caught:
            read_idx(data[:length], name="t10k-images-idx3-ubyte.gz")
        assert caught.value.code == "SS202"
