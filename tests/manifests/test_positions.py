"""The line of a value in JSON text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyset.manifests.positions import line_of, twin_key

TEXT = """\
{
 "a": [1,
  {"b\\"]": "}",
   "c": [[], {}, "x"]},
  null],

 "d" :
   {"e": -1.5e3}
}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("a",), 2),
        (("a", 0), 2),
        (("a", 1), 3),
        (("a", 1, 'b"]'), 3),
        (("a", 1, "c"), 4),
        (("a", 1, "c", 2), 4),
        (("a", 2), 5),
        (("d",), 8),
        (("d", "e"), 8),
        (("missing",), 1),
        (("a", 9), 2),
        (("a", 1, "missing"), 3),
        (("d", "e", "deeper", 3), 8),
    ],
)
def test_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


def test_one_line() -> None:
    assert line_of('  {"a":[0,{"b":1}]}', ("a", 1, "b")) == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.data())
def test_any_path_of_any_document(value: object, data: st.DataObject) -> None:
    path: list[str | int] = []
    at = value
    while isinstance(at, dict | list) and at and data.draw(st.booleans()):
        step = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else range(len(at))))
        path.append(step)
        at = at[step]
    # With every value on a line of its own, the value's line begins with its text.
    text = json.dumps(value, indent=1)
    begins = text.splitlines()[line_of(text, tuple(path)) - 1].strip()
    own = json.dumps(at, indent=1).splitlines()[0]
    expected = f"{json.dumps(path[-1])}: {own}" if path and isinstance(path[-1], str) else own
    assert begins.rstrip(",") == expected


def test_twins() -> None:
    assert twin_key('{"a": 1, "b": {"a": 2},\n\n "a": 3}') == (3, "a")
    assert twin_key('{"a": "a", "b": [{"x": 1}, {"x": 2, "\\u0078"\n: 3}]}') == (1, "x")


def test_no_twins() -> None:
    with pytest.raises(ValueError, match="no key"):
        twin_key('[{"a": 1}, {"a": {"a": "\\"a\\": \\\\"}}]')
