"""Gzip files unpacked: one member or many, every checksum checked, every damage named."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import mmap
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyset.decode.gunzip import gunzip, parse_gzip_header
from steadyset.errors import DamagedError, DataError, FormatError

SHARED = Path(__file__).resolve().parents[3] / "shared"
MNIST = SHARED / "data" / "mnist"
CONTENT = b"".join(struct.pack(">I", n * n) for n in range(300))


def member(content: bytes, *, flags: int = 0, fields: bytes = b"") -> bytes:
    """One gzip member by hand, with the optional fields of RFC 1952."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + struct.pack("<I", 848331386) + b"\0\x03" + fields
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    raw = zlib.compress(content)[2:-4]
    return head + raw + struct.pack("<II", zlib.crc32(content), len(content))


@settings(deadline=None, max_examples=100)
@given(contents=st.lists(st.binary(max_size=2000), min_size=1, max_size=4), level=st.integers(0, 9))
def test_members_are_joined(contents: list[bytes], level: int) -> None:
    data = b"".join(gzip.compress(content, level) for content in contents)
    assert gunzip(data, name="a.gz") == b"".join(contents)


@settings(deadline=None, max_examples=50)
@given(content=st.binary(max_size=300), times=st.integers(2, 4))
def test_the_same_member_twice_is_not_taken_for_one(content: bytes, times: int) -> None:
    # The trailer at the end of the file is then right for the first member alone.
    assert gunzip(gzip.compress(content, mtime=0) * times, name="a.gz") == content * times


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_reads_any_buffer(kind: Any) -> None:
    data = gzip.compress(CONTENT)
    assert gunzip(kind(data), name="a.gz") == CONTENT
    assert gunzip(kind(data * 2), name="a.gz") == CONTENT * 2


@pytest.mark.parametrize("tail", [b"", b"junk"])
def test_lets_go_of_a_mapped_file(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(CONTENT) + tail)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        assert gunzip(mapped, name="a.gz") == CONTENT
    except DamagedError as error:
        caught = error
        mapped.close()
        assert tail, caught
    else:
        mapped.close()


FIELDS = [
    (0, b"", None),
    (1, b"", None),
    (2, b"", None),
    (4, b"\x03\x00abc", None),
    (8, b"train-images.idx3-ubyte\0", "train-images.idx3-ubyte"),
    (16, b"a comment\0", None),
    (8, b"\0", ""),
    (8, "größe".encode("latin-1") + b"\0", "größe"),
    (31, b"\x02\x00\0\0name\0comment\0", "name"),
]


@pytest.mark.parametrize(("flags", "fields", "name"), FIELDS)
def test_reads_every_optional_field(flags: int, fields: bytes, name: str | None) -> None:
    data = member(CONTENT, flags=flags, fields=fields)
    header = parse_gzip_header(data, name="a.gz")
    assert header.name == name
    assert header.mtime == 848331386
    assert zlib.decompress(data[header.offset : -8], -15) == CONTENT
    assert gunzip(data, name="a.gz") == CONTENT
    assert gunzip(data * 2, name="a.gz") == CONTENT * 2


@pytest.mark.parametrize(("flags", "fields", "name"), FIELDS)
def test_a_cut_is_noticed_at_every_byte(flags: int, fields: bytes, name: str | None) -> None:
    data = member(CONTENT[:100], flags=flags, fields=fields)
    for length in range(2, len(data)):
        with pytest.raises(DamagedError, match="ends too early") as caught:
            gunzip(data[:length], name="a.gz")
        assert caught.value.code == "SS202"
        assert ("size now", f"{length:,} bytes") in caught.value.evidence


@pytest.mark.parametrize(("flags", "fields", "name"), FIELDS)
def test_a_header_that_is_cut_is_refused_by_itself(flags: int, fields: bytes, name: str | None) -> None:
    data = member(b"", flags=flags, fields=fields)
    for length in range(2, parse_gzip_header(data, name="a.gz").offset):
        with pytest.raises(DamagedError, match="inside the gzip header"):
            parse_gzip_header(data[:length], name="a.gz")


@pytest.mark.parametrize("length", [1, 2, 5, 9, 10, 17, 25])
def test_a_cut_second_member_is_noticed(length: int) -> None:
    data = gzip.compress(CONTENT) + gzip.compress(CONTENT)[:length]
    with pytest.raises(DamagedError):
        gunzip(data, name="a.gz")


@pytest.mark.parametrize("mask", [0x01, 0x40, 0xFF])
def test_no_flipped_byte_gives_other_content(mask: int) -> None:
    data = bytearray(member(CONTENT[:200], flags=8, fields=b"name\0") + member(CONTENT[200:], flags=2))
    refused = 0
    for at in range(len(data)):
        data[at] ^= mask
        try:
            assert gunzip(data, name="a.gz") == CONTENT, at
        except DataError:
            refused += 1
        data[at] ^= mask
    assert refused > len(data) * 0.8


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=60))
def test_noise_is_refused_with_a_code(noise: bytes) -> None:
    for data in (noise, b"\x1f\x8b" + noise, b"\x1f\x8b\x08\0\0\0\0\0\0\0" + noise):
        with pytest.raises(DataError):
            gunzip(data + b"\xff", name="a.gz")


def test_zero_padding_after_the_end_is_ignored() -> None:
    assert gunzip(gzip.compress(CONTENT) + b"\0" * 512, name="a.gz") == CONTENT


@pytest.mark.parametrize("tail", [b"x", b"\0\0x", b"<html>", b"\x1f", b"\0" * 100 + b"x"])
def test_other_bytes_after_the_end_are_counted(tail: bytes) -> None:
    with pytest.raises(DamagedError, match=f"{len(tail)} bytes? follow its end") as caught:
        gunzip(gzip.compress(CONTENT) + tail, name="a.gz")
    assert caught.value.code == "SS201"


def test_a_wrong_checksum_and_a_wrong_length_are_told_apart() -> None:
    data = gzip.compress(CONTENT)
    crc, size = struct.unpack("<II", data[-8:])
    with pytest.raises(DamagedError, match="checksum is wrong") as caught:
        gunzip(data[:-8] + struct.pack("<II", crc ^ 1, size), name="a.gz")
    assert ("recorded", f"{crc ^ 1:08x}") in caught.value.evidence
    assert ("computed", f"{crc:08x}") in caught.value.evidence
    with pytest.raises(DamagedError, match="length is wrong"):
        gunzip(data[:-8] + struct.pack("<II", crc, size + 1), name="a.gz")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x1f\x8b\x07" + b"\0" * 20, "unknown compression method 7"),
        (b"\x1f\x8b\x08\xe0" + b"\0" * 20, "reserved flags"),
        (member(b"x", flags=2).replace(b"\x03", b"\x04", 1), "a wrong checksum"),
        (b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"n" * (1 << 18), "a name without end"),
    ],
)
def test_a_header_against_the_rules_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(DamagedError, match=says) as caught:
        gunzip(data, name="a.gz")
    assert caught.value.code == "SS201"


@pytest.mark.parametrize("honest", [True, False])
def test_a_bomb_is_refused(honest: bool) -> None:
    data = gzip.compress(b"\0" * 30_000_000)
    if not honest:
        data = data[:-4] + struct.pack("<I", 10)
    with pytest.raises(FormatError, match="more than 1,000,000 bytes") as caught:
        gunzip(data, name="a.gz", most_bytes=1_000_000)
    assert caught.value.code == "SS214"


def test_the_limit_counts_all_members() -> None:
    data = gzip.compress(CONTENT) * 3
    assert len(gunzip(data, name="a.gz", most_bytes=3 * len(CONTENT))) == 3 * len(CONTENT)
    with pytest.raises(FormatError, match="more than"):
        gunzip(data, name="a.gz", most_bytes=3 * len(CONTENT) - 1)


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "SS202", "is empty"),
        (b"<!", "SS204", r"is a text file, not a gzip file"),
        (b"<html>", "SS204", r"is an HTML page, not a gzip file"),
        (b"BZh91AY&SY", "SS205", "is a bzip2 file"),
        (b"\0\0\x08\x01\0\0\0\0", "SS204", "is an IDX file"),
    ],
)
def test_says_what_a_wrong_file_is(data: bytes, code: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        gunzip(data, name="train-images-idx3-ubyte.gz")
    assert caught.value.code == code


def test_agrees_with_the_standard_library_on_a_large_file() -> None:
    content = CONTENT * 3000
    out = io.BytesIO()
    with gzip.GzipFile("big", "wb", fileobj=out) as file:
        file.write(content)
    assert gunzip(out.getvalue(), name="a.gz") == content
    assert gunzip(out.getvalue() + b"\0", name="a.gz") == content  # the slow way, in several pieces


@pytest.mark.skipif(not MNIST.exists(), reason="the real MNIST is not here (../shared/data/mnist)")
@pytest.mark.parametrize("file", ["t10k-images", "t10k-labels", "train-labels"])
def test_the_real_files_have_their_recorded_headers_and_digests(file: str) -> None:
    facts = json.loads((SHARED / "facts" / "mnist.json").read_text())["files"]
    path = next(MNIST.glob(f"{file}*.gz"))
    fact = facts[path.name]
    header = parse_gzip_header(path.read_bytes(), name=path.name)
    assert header.name == fact["gzip_header"]["name"]
    assert header.mtime == fact["gzip_header"]["mtime_unix"]
    unpacked = gunzip(path.read_bytes(), name=path.name)
    assert hashlib.sha256(unpacked).hexdigest() == fact["uncompressed"]["sha256"]
