"""A file put together from any bytes in any order is the right one, or an error."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from network import sha256
from steadyset.errors import DataError, DigestError, NotTheFileError, TruncatedError
from steadyset.transport.assembly import Assembly, Gap
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Wanted

DATA = bytes(range(1, 36))  # four pieces of ten bytes, the last one of five
SIZE = len(DATA)


def wanted(*, pieces: bool = True, size: int | None = SIZE, digest: bool = True, most: int = 1 << 40) -> Wanted:
    parts = tuple(sha256(DATA[i : i + 10]) for i in range(0, SIZE, 10)) if pieces else ()
    return Wanted("f", size, sha256(DATA) if digest else None, 10, parts, most)


def holding(data: bytes, file: Wanted) -> Assembly:
    sink = MemorySink()
    sink.write_at(0, data)
    return Assembly(file, sink)


def damaged(*positions: int, size: int = SIZE) -> bytes:
    data = bytearray(DATA[:size])
    for position in positions:
        data[position] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("sink", "gap", "held"),
    [
        (b"", Gap(0, SIZE), 0),
        (DATA, None, SIZE),
        (DATA + b"more", None, SIZE),
        (DATA[:4], Gap(4, SIZE), 4),
        (DATA[:20], Gap(20, SIZE), 20),
        (DATA[:34], Gap(34, SIZE), 34),
        (damaged(0), Gap(0, 10), 25),
        (damaged(15), Gap(10, 20), 25),
        (damaged(34), Gap(30, SIZE), 30),
        (damaged(3, 25), Gap(0, 10), 15),
        (damaged(5, 15, size=27), Gap(0, 20), 7),
    ],
)
def test_what_a_copy_has_of_the_file_is_used_piece_by_piece(sink: bytes, gap: Gap | None, held: int) -> None:
    assembly = holding(sink, wanted())
    assert (assembly.gap(), assembly.held) == (gap, held)
    assert assembly.complete == (gap is None)


def test_gaps_are_filled_one_after_the_other() -> None:
    assembly = holding(damaged(3, 25), wanted())
    gaps = []
    while (gap := assembly.gap()) is not None:
        gaps.append(gap)
        assembly.feed(gap.start, DATA[gap.start : gap.end])
    assert gaps == [Gap(0, 10), Gap(20, 30)]
    assert assembly.finish() == sha256(DATA)


def test_a_bad_piece_is_missing_again_and_nothing_else() -> None:
    assembly = Assembly(wanted(), MemorySink())
    with pytest.raises(DigestError, match="bytes 10 to 19"):
        assembly.feed(0, damaged(12))
    assert (assembly.gap(), assembly.held) == (Gap(10, 20), 25)
    assembly.feed(10, DATA[10:20])
    assert assembly.finish() == sha256(DATA)


def test_a_proved_piece_is_not_overwritten() -> None:
    assembly = holding(DATA[:20], wanted())
    assembly.feed(0, bytes(20) + DATA[20:])
    assert assembly.finish() == sha256(DATA)


def test_bytes_after_a_hole_are_not_taken() -> None:
    assembly = Assembly(wanted(), MemorySink())
    assembly.feed(5, DATA[5:10])
    assert assembly.held == 0
    whole = Assembly(wanted(pieces=False), MemorySink())
    whole.feed(5, DATA[5:])
    assert whole.held == 0


def test_bytes_beyond_the_end_are_left_out() -> None:
    for pieces in (True, False):
        sink = MemorySink()
        assembly = Assembly(wanted(pieces=pieces), sink)
        assembly.feed(0, DATA + b"appended")
        assert assembly.finish() == sha256(DATA)
        assert sink.data == DATA


def test_a_piece_that_comes_in_turns_with_others_is_proved_too() -> None:
    assembly = Assembly(wanted(), MemorySink())
    for offset, size in ((0, 5), (10, 5), (5, 5), (15, 5), (20, 15)):
        assembly.feed(offset, DATA[offset : offset + size])
    assert assembly.finish() == sha256(DATA)


def test_without_pieces_what_passes_by_is_compared() -> None:
    assembly = holding(damaged(12, size=20), wanted(pieces=False))
    for start in range(0, SIZE, 5):
        assembly.feed(start, DATA[start : start + 5])
    assert assembly.finish() == sha256(DATA)


def test_without_pieces_equal_bytes_are_kept_when_the_answer_is_cut() -> None:
    assembly = holding(DATA[:20], wanted(pieces=False))
    assembly.feed(0, DATA[:7])
    assert assembly.gap() == Gap(20, SIZE)


def test_without_pieces_the_whole_is_proved_at_the_end() -> None:
    assembly = Assembly(wanted(pieces=False), MemorySink())
    assembly.feed(0, damaged(3))
    with pytest.raises(DigestError):
        assembly.finish()
    assembly.restart()
    assert assembly.gap() == Gap(0, SIZE)
    assembly.feed(0, DATA)
    assert assembly.finish() == sha256(DATA)


def test_restarting_loses_no_proved_piece() -> None:
    assembly = holding(DATA[:20], wanted())
    assembly.restart()
    assert assembly.held == 20


def test_an_incomplete_file_is_not_finished() -> None:
    for file in (wanted(), wanted(pieces=False), wanted(pieces=False, size=None)):
        with pytest.raises(TruncatedError, match="not complete"):
            holding(DATA[:20], file).finish()


def test_a_size_is_learnt_where_it_was_not_known() -> None:
    assembly = Assembly(wanted(pieces=False, size=None), MemorySink())
    assembly.feed(0, DATA)
    assert not assembly.complete
    assert assembly.gap() == Gap(SIZE, None)
    assembly.learn_size(SIZE)
    assert assembly.complete
    assert assembly.finish() == sha256(DATA)


def test_a_known_size_is_not_learnt_anew() -> None:
    assembly = Assembly(wanted(), MemorySink())
    assembly.learn_size(3)
    assert assembly.size == SIZE


def test_a_whole_file_of_unknown_size_is_known_by_its_digest() -> None:
    assert holding(DATA, wanted(pieces=False, size=None)).complete
    assert not holding(DATA[:-1], wanted(pieces=False, size=None)).complete


def test_an_empty_file_is_complete_at_once() -> None:
    empty = Wanted("f", 0, sha256(b""))
    assembly = Assembly(empty, MemorySink())
    assert assembly.complete
    assert assembly.finish() == sha256(b"")


def test_more_than_the_file_can_have_is_refused() -> None:
    assembly = Assembly(wanted(pieces=False, size=None, digest=False, most=20), MemorySink())
    assembly.feed(0, DATA[:20])
    with pytest.raises(NotTheFileError):
        assembly.feed(20, DATA[20:21])
    assert assembly.held == 20


class Fed(NamedTuple):
    """Bytes that some source sends from an offset, in chunks; some of them may be wrong."""

    offset: int
    length: int
    chunk: int
    wrong: frozenset[int]


FEEDS = st.lists(
    st.builds(
        Fed,
        st.integers(0, SIZE + 3),
        st.integers(0, SIZE + 10),
        st.integers(1, 13),
        st.frozensets(st.integers(0, SIZE + 9), max_size=2),
    ),
    max_size=12,
)


def sent(feed: Fed) -> Iterable[tuple[int, bytes]]:
    data = bytearray(DATA + b"0123456789")
    for position in feed.wrong:
        data[position] ^= 0x55
    for at in range(feed.offset, min(feed.offset + feed.length, len(data)), feed.chunk):
        yield at, bytes(data[at : min(at + feed.chunk, feed.offset + feed.length)])


def check(assembly: Assembly) -> None:
    """What is held is what is not in the gaps, and the first gap begins where bytes are missing."""
    gap = assembly.gap()
    assert assembly.complete == (gap is None)
    assert 0 <= assembly.held <= SIZE
    if gap is None:
        assert assembly.held == SIZE
        return
    assert gap.end is not None
    assert gap.start < gap.end <= SIZE
    assert gap.start <= assembly.held <= SIZE - (gap.end - gap.start)


@settings(max_examples=400, deadline=None)
@given(
    start=st.binary(max_size=SIZE + 5) | st.integers(0, SIZE).map(lambda size: DATA[:size]),
    feeds=FEEDS,
    pieces=st.booleans(),
    resumes=st.sets(st.integers(0, 11)),
)
def test_any_bytes_in_any_order_give_the_file_or_an_error(
    start: bytes, feeds: list[Fed], pieces: bool, resumes: set[int]
) -> None:
    sink = MemorySink()
    sink.write_at(0, start)
    file = wanted(pieces=pieces)
    assembly = Assembly(file, sink)
    for number, feed in enumerate(feeds):
        if number in resumes:  # a later process
            assembly = Assembly(file, sink)
        with contextlib.suppress(DigestError):
            for offset, data in sent(feed):
                assembly.feed(offset, data)
        check(assembly)
    if not assembly.complete:
        with pytest.raises(TruncatedError):
            assembly.finish()
        return
    try:
        digest = assembly.finish()
    except DataError:
        assert not pieces
        return
    assert digest == sha256(DATA)
    assert bytes(sink.data) == DATA


@settings(max_examples=200, deadline=None)
@given(start=st.binary(max_size=SIZE + 5), feeds=FEEDS, pieces=st.booleans())
def test_a_true_source_completes_whatever_was_there(start: bytes, feeds: list[Fed], pieces: bool) -> None:
    sink = MemorySink()
    sink.write_at(0, start)
    assembly = Assembly(wanted(pieces=pieces), sink)
    for feed in feeds:
        with contextlib.suppress(DigestError):
            for offset, data in sent(feed):
                assembly.feed(offset, data)
    for _ in range(10):
        gap = assembly.gap()
        if gap is None:
            break
        with contextlib.suppress(DigestError):
            assembly.feed(gap.start, DATA[gap.start : gap.end])
    if not pieces:
        assembly.feed(0, DATA)  # a whole answer replaces whatever was there
    assert assembly.finish() == hashlib.sha256(DATA).hexdigest()
