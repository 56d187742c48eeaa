"""One entry of the catalogue as a page: in Markdown for the documentation, in plain text for the terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .catalogue import Entry
from .lines import quoted, unmarked
from .records import Remedy

_PLATFORMS = {"darwin": "macOS", "linux": "Linux", "win32": "Windows"}


class Part(NamedTuple):
    """One section of a page: what it holds is in the one field that is not empty."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    literal: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def parts(entry: Entry) -> list[Part]:
    """Return the sections of an entry's page in their order, without the empty ones."""
    every = [
        Part("What it means", paragraphs=(entry.means,)),
        Part("Why it happens", items=entry.causes),
        Part("How to fix it", remedies=entry.remedies),
        Part("How to check", commands=(entry.verify,)),
        Part("When it is fine to ignore", paragraphs=(entry.ignore,)),
        Part("Example", literal=tuple(entry.example.splitlines())),
        Part("References", links=entry.references),
        Part("Since", paragraphs=(entry.since,)),
    ]
    return [part for part in every if any(any(field) for field in part[1:])]


def page(entry: Entry) -> str:
    """Return an entry as a page of the documentation, in Markdown."""
    blocks = [f"# {entry.code} {entry.name}", f"{_markdown(entry.title)}."]
    for part in parts(entry):
        blocks += [f"## {part.heading}", *_markdown_blocks(part)]
    return "\n\n".join(blocks) + "\n"


def _markdown_blocks(part: Part) -> Iterator[str]:
    yield from map(_markdown, filter(None, part.paragraphs))
    if part.items:
        yield "\n".join(f"- {_markdown(item)}" for item in part.items)
    for number, remedy in enumerate(part.remedies, 1):
        yield _markdown_remedy(number, remedy)
    if part.commands:
        yield _console(part.commands)
    if part.literal:
        yield "\n".join(["```text", *part.literal, "```"])
    if part.links:
        yield "\n".join(f"- <{link}>" for link in part.links)


def _markdown_remedy(number: int, remedy: Remedy) -> str:
    text = f"{number}. {_label(remedy)}{_markdown(remedy.text)}"
    if not remedy.commands:
        return text
    return f"{text}\n\n{textwrap.indent(_console(remedy.commands), '   ')}"


def _label(remedy: Remedy) -> str:
    names = [_PLATFORMS.get(platform, platform) for platform in remedy.platforms]
    return f"({', '.join(names)}) " if names else ""


def _console(commands: Iterable[Sequence[str]]) -> str:
    return "\n".join(["```console", *(f"$ {quoted(argv, windows=False)}" for argv in commands), "```"])


def _markdown(text: str) -> str:
    """Return a text of the catalogue with what Markdown would read as markup escaped, outside of code."""
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"[\\*<]|\b_|_\b", r"\\\g<0>", piece) for piece in pieces[::2]]
    return "`".join(pieces)


def plain(entry: Entry, width: int = 79) -> str:
    """Return an entry as text for the terminal: wrapped, without markup.

    Commands, addresses and the example are never wrapped, so that they can be copied.

    Args:
        entry: an entry of the catalogue.
        width: the number of columns that prose may take.
    """
    lines = [f"{entry.code} {entry.name}", *_wrapped(f"{entry.title}.", width)]
    for part in parts(entry):
        lines += ["", part.heading, *_plain_lines(part, width)]
    return "\n".join(lines) + "\n"


def _plain_lines(part: Part, width: int) -> Iterator[str]:
    for paragraph in filter(None, part.paragraphs):
        yield from _wrapped(paragraph, width, "  ")
    for item in part.items:
        yield from _wrapped(item, width, "  - ")
    for number, remedy in enumerate(part.remedies, 1):
        yield from _wrapped(_label(remedy) + remedy.text, width, f"  {number}. ")
        yield from (f"       {quoted(argv)}" for argv in remedy.commands)
    yield from (f"    {quoted(argv)}" for argv in part.commands)
    yield from (f"    {line}" for line in part.literal)
    yield from (f"  {link}" for link in part.links)


def _wrapped(text: str, width: int, first: str = "") -> Sequence[str]:
    return textwrap.wrap(
        unmarked(text),
        max(width, 20),
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
