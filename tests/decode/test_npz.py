"""Arrays out of .npz files: what NumPy wrote comes back bit for bit, and what is broken never does."""

from __future__ import annotations

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

from steadyset.decode.npz import read_npz, read_npz_members
from steadyset.errors import DamagedError, DataError, FormatError

SHARED = Path(__file__).resolve().parents[3] / "shared"
MNIST = SHARED / "data" / "mnist" / "mnist.npz"

Arrays = dict[str, npt.NDArray[Any]]


def saved(arrays: Arrays, *, compressed: bool = True) -> bytes:
    out = io.BytesIO()
    save: Any = np.savez_compressed if compressed else np.savez
    save(out, **arrays)
    return out.getvalue()


def same(got: Arrays, wanted: Arrays) -> bool:
    return list(got) == list(wanted) and all(
        got[k].dtype == wanted[k].dtype and got[k].shape == wanted[k].shape and got[k].tobytes() == wanted[k].tobytes()
        for k in wanted
    )


INNER = saved({"z": np.arange(3)}, compressed=False)
SMALL: Arrays = {
    "x": np.arange(24, dtype=">u2").reshape(4, 6),
    "y": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "inner": np.frombuffer(INNER, np.uint8),
    "scalar": np.array(7),
    "nothing": np.zeros((0, 5)),
}

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.byte_string_dtypes(min_len=1),
    hnp.unicode_string_dtypes(min_len=1),
    st.just(np.dtype([("a", "<i4"), ("ü", ">f8", (2,))])),
)


@st.composite
def arrays(draw: st.DrawFn) -> npt.NDArray[Any]:
    """Any dtype NumPy can save, any rank, either order, filled with raw bytes."""
    dtype = draw(DTYPES)
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    blank = np.zeros(shape, dtype)
    if dtype.kind not in "bU":  # not every byte is a truth value or a character
        seed = draw(st.integers(0, 2**32 - 1))
        blank = np.frombuffer(np.random.default_rng(seed).bytes(blank.nbytes), dtype).reshape(shape)
    return np.asfortranarray(blank) if draw(st.booleans()) and shape else blank


@pytest.mark.filterwarnings("ignore:Stored array in format")
@settings(deadline=None, max_examples=120)
@given(arrays=st.lists(arrays(), min_size=1, max_size=3), compressed=st.booleans())
def test_any_array_comes_back_bit_for_bit(arrays: list[npt.NDArray[Any]], compressed: bool) -> None:
    wanted = {f"array {i}": a for i, a in enumerate(arrays)}
    got = read_npz(saved(wanted, compressed=compressed), name="a.npz")
    assert same(got, wanted)
    for array in got.values():
        assert type(array) is np.ndarray
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.flags.aligned


def test_equals_numpy_on_a_file_of_many_kinds() -> None:
    data = saved(SMALL)
    with np.load(io.BytesIO(data)) as stock:
        wanted = {key: stock[key] for key in stock.files}
    assert same(read_npz(data, name="a.npz"), wanted)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_reads_any_buffer(kind: Any) -> None:
    assert same(read_npz(kind(saved(SMALL)), name="a.npz"), SMALL)


@pytest.mark.parametrize("broken", [False, True])
def test_lets_go_of_a_mapped_file(tmp_path: Path, broken: bool) -> None:
    data = bytearray(saved(SMALL))
    if broken:
        data[60] ^= 0xFF  # inside the first member
    path = tmp_path / "a.npz"
    path.write_bytes(data)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        got = read_npz(mapped, name="a.npz")
    except DamagedError as error:
        caught = error  # its traceback keeps every frame alive
        mapped.close()
        assert broken, caught
    else:
        mapped.close()
        assert same(got, SMALL)


def test_writing_into_an_array_changes_nothing_else() -> None:
    data = saved(SMALL, compressed=False)
    before = bytes(data)
    read_npz(data, name="a.npz")["x"][:] = 0
    assert data == before


def test_reads_only_the_members_asked_for() -> None:
    data = bytearray(saved(SMALL))
    at = data.index(b"y.npy") + 60
    data[at] ^= 0xFF
    assert same(read_npz(data, name="a.npz", members={"scalar", "x"}), {"x": SMALL["x"], "scalar": SMALL["scalar"]})
    with pytest.raises(DamagedError, match=r"y\.npy"):
        read_npz(data, name="a.npz", members=["y"])


def test_a_missing_member_is_named_with_those_present() -> None:
    with pytest.raises(FormatError, match="has no array x_train") as caught:
        read_npz(saved({"images": np.zeros(1), "labels": np.zeros(1)}), name="mnist.npz", members=["x_train"])
    assert caught.value.code == "SS204"
    assert ("arrays present", "images, labels") in caught.value.evidence


@pytest.mark.parametrize("array", [np.array([{}, 1], object), np.zeros(2, [("a", "i4"), ("b", "O")])])
def test_python_objects_are_refused_and_never_unpickled(array: npt.NDArray[Any]) -> None:
    data = saved({"x": array})
    with pytest.raises(FormatError, match="never unpickles") as caught:
        read_npz(data, name="imdb.npz")
    assert caught.value.code == "SS214"
    assert read_npz_members(data, name="imdb.npz")["x"].startswith(b"\x93NUMPY")


def test_more_than_is_allowed_is_refused_before_it_is_unpacked() -> None:
    data = saved({"x": np.zeros(50_000_000, np.uint8)})
    assert len(data) < 60_000
    with pytest.raises(FormatError, match="more than is allowed") as caught:
        read_npz(data, name="a.npz", most_bytes=40_000_000)
    assert caught.value.code == "SS214"
    assert ("limit", "40,000,000 bytes") in caught.value.evidence


def test_the_limit_counts_the_wanted_members_only() -> None:
    data = saved({"x": np.zeros(5_000_000, np.uint8), "y": np.zeros(9, np.uint8)})
    assert read_npz(data, name="a.npz", members=["y"], most_bytes=1_000)["y"].shape == (9,)


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "SS202", "is empty"),
        (b"\0" * 999, "SS201", "nothing but zero bytes"),
        (b"<html><title>Sign in</title>", "SS204", "is a login page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "SS204",
            "is a Git LFS pointer",
        ),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0", "SS205", "still compressed: it is a gzip file"),
        (b"\x93NUMPY\x01\x00", "SS204", r"is a \.npy file, not an \.npz file"),
        (b"\0\0\x08\x01\0\0\0\0", "SS204", "is an IDX file"),
        (b"\xde\xad\xbe\xef", "SS204", r"mnist\.npz is not an \.npz file"),
        (b"PK\x05\x06" + b"\0" * 18, "SS204", "without arrays"),
    ],
)
def test_says_what_a_wrong_file_is(data: bytes, code: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_npz(data, name="mnist.npz")
    assert caught.value.code == code


def test_a_zip_without_arrays_is_no_npz() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FormatError, match="without arrays"):
        read_npz(out.getvalue(), name="a.npz")


@pytest.mark.parametrize("compressed", [False, True])
def test_no_truncation_gives_a_wrong_array(compressed: bool) -> None:
    data = saved(SMALL, compressed=compressed)
    for length in range(len(data)):
        with pytest.raises(DataError) as caught:
            read_npz(data[:length], name="a.npz")
        # Cut where an archive stored inside ends, the file has an end record, which must not be believed.
        believable = not compressed and data[:length].endswith(INNER)
        assert caught.value.code == ("SS201" if believable else "SS202")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_no_flipped_byte_gives_a_wrong_array(compressed: bool, mask: int) -> None:
    data = bytearray(saved(SMALL, compressed=compressed))
    codes = []
    for at in range(len(data)):
        data[at] ^= mask
        try:
            assert same(read_npz(data, name="a.npz"), SMALL), at
        except DataError as error:
            codes.append(error.code)
        data[at] ^= mask
    assert len(codes) > len(data) // 2
    assert set(codes) <= {"SS201", "SS202", "SS204", "SS214"}


@settings(deadline=None, max_examples=150)
@given(
    data=st.binary(max_size=200),
    parts=st.lists(st.sampled_from([b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"])),
    zeros=st.integers(0, 80),
)
def test_noise_is_refused_with_a_code(data: bytes, parts: list[bytes], zeros: int) -> None:
    with pytest.raises(DataError) as caught:
        read_npz(b"".join(part + data for part in parts) + data + b"\0" * zeros, name="a.npz")
    assert caught.value.code.startswith("SS2")


def test_a_header_that_lies_about_the_shape_allocates_nothing() -> None:
    out = io.BytesIO()
    np.save(out, np.zeros(3))
    npy = out.getvalue().replace(b"(3,)", b"(9999999999999,)").replace(b" " * 13 + b"\n", b"\n")
    npy = npy[:8] + struct.pack("<H", npy.index(b"\n") - 9) + npy[10:]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x.npy", npy)
    with pytest.raises(DamagedError, match="ends too early"):
        read_npz(archive.getvalue(), name="a.npz")


@pytest.mark.skipif(not MNIST.exists(), reason="the real mnist.npz is not here (../shared/data/mnist)")
class TestRealMnist:
    facts = json.loads((SHARED / "facts" / "mnist.json").read_text()) if MNIST.exists() else {}

    def test_every_array_has_its_recorded_digest(self) -> None:
        got = read_npz(MNIST.read_bytes(), name="mnist.npz")
        assert list(got) == ["x_test", "x_train", "y_train", "y_test"]
        for key, fact in self.facts["arrays"].items():
            assert got[key].shape == tuple(fact["shape"])
            assert got[key].dtype == fact["dtype"]
            assert hashlib.sha256(got[key].data).hexdigest() == fact["sha256_of_c_order_bytes"]

    @pytest.mark.parametrize("length", [1, 29, 30, 40, 1_048_576, 11_490_000, 11_490_433])
    def test_cut_anywhere_it_says_so(self, length: int) -> None:
        with pytest.raises(DamagedError, match="ends too early") as caught:
            read_npz(MNIST.read_bytes()[:length], name="mnist.npz")
        assert caught.value.code == "SS202"
        assert caught.value.evidence[0].label == "size now"

    def test_says_how_far_it_got(self) -> None:
        with pytest.raises(DamagedError) as caught:
            read_npz(MNIST.read_bytes()[:5_000_000], name="mnist.npz")
        evidence = dict(caught.value.evidence)
        assert evidence["whole members"] == "x_test.npy"
        assert evidence["cut inside"].startswith("x_train.npy, at byte 3,365,")

    def test_a_changed_byte_is_found_and_its_member_named(self) -> None:
        data = bytearray(MNIST.read_bytes())
        data[5_000_000] ^= 0x10
        with pytest.raises(DamagedError, match=r"x_train\.npy") as caught:
            read_npz(data, name="mnist.npz")
        assert caught.value.code == "SS201"
