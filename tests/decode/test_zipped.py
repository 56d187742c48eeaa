"""The zip container: the directory is believed only where it agrees with the file."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
from typing import Any

import pytest

from steadyset.decode.zipped import Member, read_directory, read_member
from steadyset.errors import DamagedError, DataError, FormatError

CONTENT = {"x.npy": b"x" * 300, "y.npy": bytes(range(256)) * 5, "größe.npy": b""}
END = struct.Struct("<4s4H2LH")


def archive(
    content: dict[str, bytes] = CONTENT,
    *,
    method: int = zipfile.ZIP_DEFLATED,
    comment: bytes = b"",
    prefix: bytes = b"",
) -> bytearray:
    out = io.BytesIO()
    out.write(prefix)
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in content.items():
            file.writestr(name, data)
        file.comment = comment
    return bytearray(out.getvalue())


def unpacked(data: bytes | bytearray) -> dict[str, bytes]:
    view = memoryview(data)
    return {m.name: bytes(read_member(view, m, name="a.zip")) for m in read_directory(view, name="a.zip")}


def central(data: bytearray, index: int = 0) -> int:
    """Where the directory's entry number ``index`` begins."""
    at = END.unpack_from(data, data.rindex(b"PK\5\6"))[6]
    for _ in range(index):
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    return int(at)


def put(data: bytearray, at: int, layout: str, *values: Any) -> bytearray:
    struct.pack_into(layout, data, at, *values)
    return data


def refused(data: bytes | bytearray) -> DataError:
    with pytest.raises(DataError) as caught:
        unpacked(data)
    return caught.value


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_reads_what_was_written(method: int) -> None:
    assert unpacked(archive(method=method)) == CONTENT


def test_an_empty_archive_has_no_members() -> None:
    assert unpacked(archive({})) == {}


class _Pipe(io.BytesIO):
    """An output that cannot seek, so that sizes follow the data (data descriptors)."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


@pytest.mark.parametrize("force_zip64", [False, True])
def test_reads_data_descriptors_and_zip64(force_zip64: bool) -> None:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in CONTENT.items():
            with file.open(name, "w", force_zip64=force_zip64) as member:
                member.write(content)
    data = pipe.getvalue()
    assert data[6] & 8  # general purpose bit 3
    assert unpacked(data) == CONTENT


def with_zip64_end(data: bytearray) -> bytearray:
    """Give an archive the wide end record, with nothing but pointers to it in the narrow one."""
    at = data.rindex(b"PK\5\6")
    *_, count, size, offset, _ = END.unpack_from(data, at)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = END.pack(b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:at] + wide + locator + end


def with_wide_entry(data: bytearray) -> bytearray:
    """Move the first member's sizes and offset into the directory's zip64 extra field."""
    at = central(data)
    packed, size = struct.unpack_from("<2L", data, at + 20)
    (name_length,) = struct.unpack_from("<H", data, at + 28)
    offset = struct.unpack_from("<L", data, at + 42)[0]
    put(data, at + 20, "<2L", 0xFFFFFFFF, 0xFFFFFFFF)
    put(data, at + 42, "<L", 0xFFFFFFFF)
    extra = struct.pack("<HHH", 0xCAFE, 2, 7) + struct.pack("<HH3Q", 1, 24, size, packed, offset)
    extra += struct.pack("<HHQ", 0xBEEF, 8, 7)
    put(data, at + 30, "<H", len(extra))
    data[at + 46 + name_length : at + 46 + name_length] = extra
    end = data.rindex(b"PK\5\6")
    return put(data, end + 12, "<L", END.unpack_from(data, end)[5] + len(extra))


def test_reads_zip64_directories() -> None:
    assert unpacked(with_zip64_end(archive())) == CONTENT
    assert unpacked(with_wide_entry(archive())) == CONTENT
    assert unpacked(with_zip64_end(with_wide_entry(archive()))) == CONTENT


def test_a_zip64_locator_without_its_record_is_refused() -> None:
    data = with_zip64_end(archive())
    data[data.rindex(b"PK\6\6")] ^= 1
    assert refused(data).code == "SS201"


def test_a_zip64_field_that_is_too_short_is_refused() -> None:
    data = with_wide_entry(archive())
    at = data.rindex(struct.pack("<HH", 1, 24))
    assert refused(put(data, at, "<HH", 1, 8)).code == "SS201"


@pytest.mark.parametrize("prefix", [b"#!/bin/sh\nexec unzip\n", b"MZ" + bytes(500), b"x" * 70_000])
def test_bytes_before_the_archive_are_allowed(prefix: bytes) -> None:
    assert unpacked(prefix + archive()) == CONTENT  # offsets counted from where the archive begins
    assert unpacked(archive(prefix=prefix)) == CONTENT  # or from where the file begins


def test_half_a_download_before_the_whole_is_refused() -> None:
    data = archive()
    error = refused(data[:200] + data)
    assert (type(error), error.code) == (DamagedError, "SS201")


def test_comments_and_bytes_after_the_end_do_no_harm() -> None:
    assert unpacked(archive(comment=b"PK\5\6 is how an end record begins")) == CONTENT
    assert unpacked(archive(comment=b"c" * 0xFFFF)) == CONTENT
    assert unpacked(archive() + b"\r\n") == CONTENT


def test_many_bytes_after_the_end_are_counted() -> None:
    error = refused(archive() + b"j" * 70_000)
    assert error.code == "SS201"
    assert "70,000 bytes follow its end" in error.message


def test_a_comment_that_is_cut_gives_the_same_members_or_a_code() -> None:
    data = archive(comment=b"a long comment")
    whole = len(data) - len(b"a long comment")
    for length in range(len(data)):
        if length < whole:
            assert refused(data[:length]).code == "SS202"
        else:
            assert unpacked(data[:length]) == CONTENT


def test_the_real_end_record_is_found_behind_a_false_one() -> None:
    false = END.pack(b"PK\5\6", 0, 0, 1, 1, 46, 0, 0)
    assert unpacked(archive({"a": false * 3}, method=zipfile.ZIP_STORED)) == {"a": false * 3}


def test_doubled_names_are_refused() -> None:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as file:
        warnings.simplefilter("ignore")
        file.writestr("x.npy", b"one")
        file.writestr("x.npy", b"two")
    error = refused(out.getvalue())
    assert error.code == "SS214"
    assert "same name" in error.message


def test_overlapping_members_are_refused() -> None:
    data = archive()
    packed = struct.unpack_from("<L", data, central(data) + 20)[0]
    error = refused(put(data, central(data) + 20, "<L", packed + 1))
    assert error.code == "SS214"
    assert "overlap" in error.message


def test_two_members_in_one_place_are_refused() -> None:
    data = archive({"x.npy": b"a", "y.npy": b"b"})
    data[central(data, 1) + 46] = ord("x")
    assert refused(put(data, central(data, 1) + 42, "<L", 0)).code in {"SS201", "SS214"}


def test_a_member_beyond_the_directory_is_refused() -> None:
    data = archive({"x.npy": b"abc"}, method=zipfile.ZIP_STORED)
    assert refused(put(data, central(data) + 20, "<2L", 4, 4)).code == "SS201"


def test_too_many_members_are_refused_unread() -> None:
    data = bytearray(46 * 10_001) + END.pack(b"PK\5\6", 0, 0, 10_001, 10_001, 46 * 10_001, 0, 0)
    data[:4] = b"PK\1\2"
    error = refused(data)
    assert error.code == "SS214"
    assert ("members", "10,001") in error.evidence


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        (10, "<H", 2),
        (10, "<H", 4),
        (12, "<L", 40),
        (12, "<L", 1 << 31),
        (16, "<L", 0),
        (16, "<L", 1 << 31),
        (4, "<H", 1),
    ],
    ids=["fewer", "more", "small", "huge", "start", "beyond", "disk"],
)
def test_an_end_record_that_lies_is_refused(offset: int, layout: str, value: int) -> None:
    data = archive()
    error = refused(put(data, data.rindex(b"PK\5\6") + offset, layout, value))
    assert error.code == "SS201"
    assert "directory of members is" in error.message


@pytest.mark.parametrize(
    ("offset", "layout", "value", "code", "says"),
    [
        (8, "<H", 1, "SS204", "password"),
        (10, "<H", 12, "SS204", "not read here"),
        (10, "<H", 77, "SS204", "not read here"),
        (10, "<H", 0, "SS201", "contradict"),
        (16, "<L", 1, "SS201", r"checksum of x\.npy"),
        (24, "<L", 299, "SS201", r"x\.npy does not unpack"),
        (24, "<L", 301, "SS201", r"x\.npy does not unpack"),
        (24, "<L", 0xFFFFFFFE, "SS201", r"x\.npy does not unpack"),
        (42, "<L", 1, "SS201", "not where the directory says"),
        (42, "<L", 0xFFFFFFFE, "SS201", "not where the directory says"),
        (46, "<B", ord("z"), "SS201", "another member than"),
        (28, "<H", 60_000, "SS201", "directory of members is broken"),
    ],
)
def test_an_entry_that_lies_is_refused(offset: int, layout: str, value: int, code: str, says: str) -> None:
    data = archive()
    error = refused(put(data, central(data) + offset, layout, value))
    assert error.code == code
    assert re.search(says, error.message)


def test_a_name_read_in_two_encodings_is_refused() -> None:
    data = archive()
    at = central(data, 2) + 8
    put(data, at, "<H", struct.unpack_from("<H", data, at)[0] ^ 0x0800)
    assert refused(data).code == "SS201"


def test_the_directory_names_sizes_and_methods() -> None:
    x, _, empty = read_directory(memoryview(archive()), name="a.zip")
    assert isinstance(x, Member)
    assert (x.name, x.size, x.method) == ("x.npy", 300, 8)
    assert x.packed < 300
    assert (empty.name, empty.size) == ("größe.npy", 0)


class TestUnfinished:
    """What a file without its end still tells."""

    def test_the_member_that_is_cut_and_those_that_are_whole(self) -> None:
        data = archive(method=zipfile.ZIP_STORED)
        cut = data.index(b"y.npy") + 5 + 100
        error = refused(data[:cut])
        evidence = dict(error.evidence)
        assert error.code == "SS202"
        assert evidence["size now"] == f"{cut:,} bytes"
        assert evidence["cut inside"] == "y.npy, at byte 100 of 1,280"
        assert evidence["whole members"] == "x.npy"

    def test_space_that_was_reserved_and_never_written(self) -> None:
        data = archive(method=zipfile.ZIP_STORED)
        cut = data.index(b"y.npy") + 5 + 100
        evidence = dict(refused(data[:cut] + bytes(len(data) - cut)).evidence)
        assert evidence["zero bytes at the end"] == f"{len(data) - cut:,}"
        assert evidence["cut inside"].startswith("y.npy, at byte 100")

    def test_sizes_that_would_have_followed_are_not_guessed(self) -> None:
        pipe = _Pipe()
        with zipfile.ZipFile(pipe, "w") as file:
            file.writestr("x.npy", b"x" * 300)
        error = refused(pipe.getvalue()[:200])
        assert error.code == "SS202"
        assert [label for label, _ in error.evidence] == ["size now"]

    @pytest.mark.parametrize("wanted", ["a zip archive", "an .npz file"])
    def test_what_is_no_archive_at_all_is_named(self, wanted: str) -> None:
        with pytest.raises(FormatError, match=f"is an HTML page, not {wanted}"):
            read_directory(memoryview(b"<html>"), name="a.zip", wanted=wanted)
