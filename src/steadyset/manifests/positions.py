"""Find the line of a value inside JSON text, so that a malformed manifest is refused with its line."""

from __future__ import annotations

import json
import re
from typing import Any

_BLANK = " \t\n\r"
_DECODER = json.JSONDecoder()
_TOKEN = re.compile(r'"(?P<key>[^"\\]*(?:\\.[^"\\]*)*)"(?P<colon>\s*:)?|[{}]')


def line_of(text: str, path: tuple[str | int, ...]) -> int:
    """Return the line (from 1) where the value at a path begins.

    Args:
        text: JSON text that parses.
        path: keys and indices from the root, as in ``("recipes", 0, "files")``. Where the path leaves
            the document, the line of the deepest value that exists is returned.
    """
    at = _skip(text, 0)
    for step in path:
        found = _member(text, at, step) if text[at] in "{[" else None
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _member(text: str, at: int, step: str | int) -> int | None:
    """Return where the member ``step`` of the object or array at ``at`` begins."""
    named = text[at] == "{"
    at, index = _skip(text, at + 1), 0
    while text[at] not in "}]":
        key: Any = index
        if named:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if key == step:
            return at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
        index += 1
    return None


def twin_key(text: str) -> tuple[int, str]:
    """Return the line and the name of the first key that stands twice in one object.

    JSON leaves open which of the two counts (RFC 8259, section 4), so neither should.

    Args:
        text: the beginning of JSON text that parses, with such a key.

    Raises:
        ValueError: no key stands twice.
    """
    open_objects: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            open_objects.append(set())
        elif token[0] == "}":
            open_objects.pop()
        elif token["colon"]:
            key = json.loads(f'"{token["key"]}"')
            if key in open_objects[-1]:
                return text.count("\n", 0, token.start()) + 1, key
            open_objects[-1].add(key)
    raise ValueError("no key stands twice")
