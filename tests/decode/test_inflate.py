"""Raw deflate streams: the size asked for, or an error."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import steadyset.decode.inflate as module
from steadyset.decode.inflate import MOST_RATIO, crc32, inflate


def deflated(content: bytes, level: int = 6) -> memoryview:
    return memoryview(zlib.compress(content, level)[2:-4])


@settings(deadline=None, max_examples=60)
@given(content=st.binary(max_size=5000), level=st.integers(0, 9))
def test_unpacks_to_exactly_the_content(content: bytes, level: int) -> None:
    unpacked = inflate(deflated(content, level), len(content))
    assert isinstance(unpacked, bytearray)
    assert unpacked == content
    assert crc32(unpacked) == zlib.crc32(content)


@pytest.mark.parametrize("size", [0, 99, 101, 10_000])
def test_another_size_is_an_error(size: int) -> None:
    with pytest.raises(zlib.error):
        inflate(deflated(random.Random(1).randbytes(100)), size)


def test_nothing_packed_is_still_looked_at() -> None:
    assert inflate(deflated(b""), 0) == b""
    for broken in (b"", b"\xff\xff", b"not deflate"):
        with pytest.raises(zlib.error):
            inflate(memoryview(broken), 0)


@pytest.mark.parametrize("size", [MOST_RATIO * 50 + 1, 1 << 32, 1 << 40, (1 << 32) + 100])
def test_a_size_that_the_stream_cannot_hold_allocates_nothing(size: int) -> None:
    with pytest.raises(zlib.error, match="cannot unpack"):
        inflate(memoryview(bytes(50)), size)


def test_the_highest_ratio_is_let_through() -> None:
    content = bytes(3_000_000)
    packed = deflated(content, 9)
    assert len(content) > packed.nbytes * (MOST_RATIO - 30)
    assert inflate(packed, len(content)) == content


def test_sizes_beyond_32_bits_go_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_AT_ONCE", 10)
    monkeypatch.delattr("deflate.deflate_decompress")
    content = random.Random(2).randbytes(1000)
    assert inflate(deflated(content), 1000) == content
    for size in (999, 1001):
        with pytest.raises(zlib.error):
            inflate(deflated(content), size)
    with pytest.raises(zlib.error):
        inflate(deflated(content)[:-5], 1000)
    with pytest.raises(zlib.error):  # all of the content is there, only the mark of its end is not
        inflate(deflated(b"ab" * 500)[:-1], 1000)
