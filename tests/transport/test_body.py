"""A body is counted, judged by its beginning, and expanded in small steps."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from steadyset.errors import ProtocolError
from steadyset.transport.body import counted, decoded, with_head


def cut(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise ConnectionResetError("cut")


def test_what_came_before_a_cut_is_not_lost() -> None:
    head, whole = with_head(cut(b"ab", b"cd"), 100)
    assert head == b"abcd"
    assert next(whole) == b"abcd"
    with pytest.raises(ConnectionResetError):
        next(whole)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_head_is_part_of_the_whole(size: int) -> None:
    head, whole = with_head(iter([b"ab", b"cd", b"ef"]), size)
    assert len(head) >= min(size, 6)
    assert b"".join(whole) == b"abcdef"


def test_a_body_expands_in_small_steps() -> None:
    packed = gzip.compress(bytes(64 << 20))
    steps = decoded(iter([packed]), {"content-encoding": "gzip"}, size=None, name="f")
    sizes = [len(step) for step in steps]
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 1 << 20


def test_a_broken_coding_is_told() -> None:
    broken = gzip.compress(bytes(range(256)) * 100)[:-8] + bytes(8)  # its checksum and length
    steps = decoded(iter([broken]), {"content-encoding": "gzip"}, size=None, name="f")
    with pytest.raises(ProtocolError):
        list(steps)


def test_every_chunk_is_counted() -> None:
    counts: list[int] = []
    assert list(counted([b"a", b"bcd"], counts.append)) == [b"a", b"bcd"]
    assert counts == [1, 3]
