"""Single .npy files: read as NumPy reads them, refused where NumPy would unpickle or overlook."""

from __future__ import annotations

import io
import mmap
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from steadyset.decode.npy import npy_header, parse_npy_header, read_npy
from steadyset.errors import ArgumentError, DamagedError, DataError, FormatError


def saved(array: npt.NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def written(header: str, *, version: int = 1, content: bytes = b"") -> bytes:
    """A .npy file with any text for a header."""
    text = header.encode("utf-8" if version == 3 else "latin-1")
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


IMAGES = np.arange(24, dtype=">u2").reshape(2, 3, 4)
DTYPES = st.one_of(
    hnp.scalar_dtypes(),
    hnp.byte_string_dtypes(min_len=1),
    hnp.unicode_string_dtypes(min_len=1),
    st.just(np.dtype([("a", "<i4"), ("ü", ">f8", (2,))])),
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)


@settings(deadline=None, max_examples=120)
@given(dtype=DTYPES, shape=SHAPES, fortran=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_any_array_comes_back_as_numpy_reads_it(
    dtype: np.dtype[Any], shape: tuple[int, ...], fortran: bool, seed: int
) -> None:
    blank = np.zeros(shape, dtype)
    if dtype.kind not in "bU":
        blank = np.frombuffer(np.random.default_rng(seed).bytes(blank.nbytes), dtype).reshape(shape)
    data = saved(np.asfortranarray(blank) if fortran and shape else blank)
    for source in (data, bytearray(data)):
        got = read_npy(source, name="a.npy")
        stock = np.load(io.BytesIO(data))
        assert (got.dtype, got.shape, got.tobytes()) == (stock.dtype, stock.shape, stock.tobytes())
        assert got.flags.c_contiguous
        assert got.flags.writeable
        assert got.flags.aligned


@settings(deadline=None, max_examples=150)
@given(dtype=DTYPES, shape=SHAPES)
def test_the_header_is_the_one_numpy_writes(dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, dtype)
    header = npy_header(dtype, shape)
    assert header + array.tobytes() == saved(array)
    assert len(header) % 64 == 0
    parsed = parse_npy_header(header)
    assert parsed == (array.dtype, False, shape, len(header))


def test_the_header_takes_numpy_s_own_integers() -> None:
    assert npy_header("u1", tuple(np.array([60000, 28, 28]))) == npy_header(np.uint8, [60000, 28, 28])


@pytest.mark.parametrize("dtype", ["O", [("ключ", "i4")], [(f"field{n}", "i4") for n in range(9000)]])
def test_a_header_that_cannot_be_written_is_refused(dtype: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        npy_header(dtype, (1,))
    assert caught.value.code == "SS443"


def test_fields_with_gaps_between_them_keep_their_places() -> None:
    dtype = np.dtype({"names": ["a", "b"], "formats": ["<u2", "u1"], "offsets": [3, 6], "itemsize": 8})
    array = np.zeros(3, dtype)
    array["a"], array["b"] = [1, 2, 3], [4, 5, 6]
    got = read_npy(saved(array), name="a.npy")
    assert got.dtype == np.load(io.BytesIO(saved(array))).dtype
    assert got["a"].tolist() == [1, 2, 3]
    assert got["b"].tolist() == [4, 5, 6]


def test_a_zero_width_string_and_its_shape_survive() -> None:
    data = written("{'descr': '|S0', 'fortran_order': False, 'shape': (3,), }\n")
    got = read_npy(data, name="a.npy")
    stock = np.load(io.BytesIO(data))
    assert (got.dtype, got.shape) == (stock.dtype, stock.shape) == (np.dtype("S0"), (3,))


@pytest.mark.parametrize("version", [2, 3])
def test_reads_the_later_versions(version: int) -> None:
    data = written(
        "{'descr': [('größe', '<i4')], 'fortran_order': False, 'shape': (2,)}\n",
        version=version,
        content=b"\1\0\0\0" * 2,
    )
    got = read_npy(data, name="a.npy")
    assert got["größe"].tolist() == [1, 1]


def test_reads_the_long_integers_of_python_2() -> None:
    data = written("{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 3L), }\n", content=b"abcdef")
    assert read_npy(data, name="a.npy").shape == (2, 3)


def test_an_unaligned_array_is_copied_to_an_aligned_place() -> None:
    data = bytearray(written("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", content=struct.pack("<d", 7)))
    got = read_npy(data, name="a.npy")
    assert got.flags.aligned
    assert got.tolist() == [7.0]


def test_takes_a_bytearray_over_without_a_copy() -> None:
    data = bytearray(saved(IMAGES))
    read_npy(data, name="a.npy")[:] = 0
    assert data[-IMAGES.nbytes :] == b"\0" * IMAGES.nbytes


@pytest.mark.parametrize("broken", [False, True])
def test_lets_go_of_a_mapped_file(tmp_path: Path, broken: bool) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(saved(IMAGES) + b"x" * broken)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        got = read_npy(mapped, name="a.npy")
    except DamagedError as error:
        caught = error
        mapped.close()
        assert broken, caught
    else:
        mapped.close()
        assert np.array_equal(got, IMAGES)


@pytest.mark.parametrize(
    "descr", ["'|O'", "'O'", "[('a', '<i4'), ('b', '|O')]", "[('a', [('b', '|O', (2,))])]", "'|O8'"]
)
def test_python_objects_are_refused(descr: str) -> None:
    data = written(f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}", content=b"\x80\x04N.")
    with pytest.raises(FormatError, match="never unpickles") as caught:
        read_npy(data, name="imdb.npy")
    assert caught.value.code == "SS214"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{",
        "[]",
        "{'descr': '<u1', 'shape': (1,)}",
        "{'descr': '<u1', 'fortran_order': False, 'shape': (1,), 'extra': 1}",
        "{'descr': '<u1', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<u1', 'fortran_order': False, 'shape': [1]}",
        "{'descr': '<u1', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<u1', 'fortran_order': False, 'shape': (True,)}",
        "{'descr': '<u1', 'fortran_order': False, 'shape': (1.0,)}",
        "{'descr': '<q9', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': 7, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '<i4'), ('a', '<i4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<u1', 'fortran_order': False, 'shape': (" + "1," * 65 + ")}",
        "{'descr': '<u1', 'fortran_order': False, 'shape': (0, 99999999999999999999999)}",
        "__import__('os').getcwd()",
        "{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (1,)}",
        "(" * 5000,
        "-" * 9000 + "1",
        "[" * 150 + "]" * 150,
        "{'descr': '<u1\0', 'fortran_order': False, 'shape': (1,)}",
        "{{}: 1}",
        "'\\ud800'",
    ],
)
@pytest.mark.parametrize("version", [1, 3])
def test_a_header_that_makes_no_sense_is_refused(header: str, version: int) -> None:
    with pytest.raises(DamagedError) as caught:
        read_npy(written(header, version=version, content=b"\0"), name="a.npy")
    assert caught.value.code == "SS201"


@pytest.mark.parametrize("shape", ["(-1,)", "(-1, -1)", "(True,)"])
def test_a_shape_of_other_than_counts_is_not_calculated_with(shape: str) -> None:
    data = written(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}", content=b"x")
    with pytest.raises(DamagedError, match="header cannot be read"):
        read_npy(data, name="a.npy")


@pytest.mark.parametrize("version", [2, 3])
def test_a_header_too_long_to_be_read_safely_is_refused(version: int) -> None:
    with pytest.raises(FormatError, match="too long") as caught:
        read_npy(written(" " * 10_001, version=version), name="a.npy")
    assert caught.value.code == "SS214"


@pytest.mark.parametrize("version", [0, 4, 255])
def test_an_unknown_version_is_refused(version: int) -> None:
    with pytest.raises(FormatError, match="unknown version") as caught:
        read_npy(written("{}", version=version), name="a.npy")
    assert caught.value.code == "SS204"


def test_a_cut_is_noticed_at_every_byte() -> None:
    data = saved(IMAGES)
    for length in range(1, len(data)):
        with pytest.raises(DamagedError, match="ends too early") as caught:
            read_npy(data[:length], name="a.npy")
        assert caught.value.code == "SS202"
    assert f"at byte {len(data) - 1} of {len(data)}" in caught.value.message


def test_bytes_after_the_end_are_counted() -> None:
    with pytest.raises(DamagedError, match="2 bytes follow its end") as caught:
        read_npy(saved(IMAGES) + b"\r\n", name="a.npy")
    assert caught.value.code == "SS201"


@settings(deadline=None, max_examples=150)
@given(at=st.integers(0, 127), value=st.integers(0, 255))
def test_a_changed_header_gives_an_array_of_the_same_size_or_a_code(at: int, value: int) -> None:
    data = bytearray(saved(IMAGES))
    data[at] = value
    try:
        array = read_npy(data, name="a.npy")
    except DataError:
        return
    assert array.nbytes == IMAGES.nbytes


@settings(deadline=None, max_examples=150)
@given(noise=st.binary(max_size=200))
def test_noise_is_refused_with_a_code(noise: bytes) -> None:
    for data in (noise, b"\x93NUMPY\1\0" + noise):
        with pytest.raises(DataError):
            read_npy(data, name="a.npy")


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "SS202", "is empty"),
        (b"<html>", "SS204", r"is an HTML page, not a \.npy file"),
        (b"\x80\x02]q\x01.", "SS204", "is a Python pickle"),
        (b"\x1f\x8b\x08\0", "SS205", "still compressed"),
        (b"PK\x03\x04" + b"\0" * 30, "SS204", "is a zip archive"),
    ],
)
def test_says_what_a_wrong_file_is(data: bytes, code: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_npy(data, name="a.npy")
    assert caught.value.code == code
