"""The sink in memory does what a partial in the store does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyset.store.layout import Layout
from steadyset.store.partials import Partial
from steadyset.transport.memory import MemorySink
from steadyset.transport.records import Sink


@pytest.fixture(params=["memory", "partial"])
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    if request.param == "memory":
        yield MemorySink()
        return
    with Partial(Layout(str(tmp_path)), "ab" * 32, "file") as partial:
        yield partial


def test_bytes_written_at_an_offset_are_read_there(sink: Sink) -> None:
    sink.write_at(3, b"abc")
    sink.write_at(0, memoryview(b"xy"))
    assert sink.read_at(0, 100) == b"xy\0abc"
    assert sink.read_at(4, 1) == b"b"
    assert sink.read_at(6, 5) == b""
    assert sink.size() == 6


def test_it_is_cut_to_a_size(sink: Sink) -> None:
    sink.write_at(0, b"abcdef")
    sink.resize(2)
    assert (sink.size(), sink.read_at(0, 10)) == (2, b"ab")


def test_it_remembers_what_the_source_said(sink: Sink) -> None:
    sink.note(etag='"1"', size=4)
    sink.note(etag=None, url="http://h/f")
    noted = sink.noted()
    assert (noted["etag"], noted["size"], noted["url"]) == (None, 4, "http://h/f")
    noted["size"] = 5
    assert sink.noted()["size"] == 4


@given(st.lists(st.tuples(st.integers(0, 40), st.binary(max_size=20))))
def test_it_is_like_a_file(writes: list[tuple[int, bytes]]) -> None:
    memory, model = MemorySink(), bytearray()
    for offset, data in writes:
        memory.write_at(offset, data)
        if data:
            model.extend(bytes(max(0, offset + len(data) - len(model))))
            model[offset : offset + len(data)] = data
    assert memory.read_at(0, 1000) == bytes(model)
