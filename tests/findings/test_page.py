"""The pages of the codes: every one renders, and those on disk are up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from steadyset.findings.catalogue import Entry, entries, entry
from steadyset.findings.lines import quoted
from steadyset.findings.page import page, parts, plain
from steadyset.findings.records import Remedy

TOOL = Path(__file__).parents[2] / "tools" / "code_pages.py"
HEADINGS = [
    "What it means",
    "Why it happens",
    "How to fix it",
    "How to check",
    "When it is fine to ignore",
    "Example",
    "References",
    "Since",
]

each = pytest.mark.parametrize("known", entries().values(), ids=lambda e: e.code)


def bare(**changes: Any) -> Entry:
    empty = Entry("SS999", "a-name", "other", "A title", "", (), (), (), "", ())
    return empty._replace(**changes)


@each
def test_every_code_renders_in_markdown(known: Entry) -> None:
    lines = page(known).splitlines()
    assert lines[0] == f"# {known.code} {known.name}"
    found = [line[3:] for line in lines if line.startswith("## ")]
    assert found == [part.heading for part in parts(known)]
    assert found == [heading for heading in HEADINGS if heading in found]
    assert page(known).count("```") % 2 == 0


@each
def test_every_code_renders_for_the_terminal(known: Entry) -> None:
    text = plain(known)
    assert text.startswith(f"{known.code} {known.name}\n")
    assert not re.search(r"^#|```|\\[*<_]", text, re.MULTILINE)
    for remedy in known.remedies:
        assert all(quoted(argv) in text for argv in remedy.commands)
    assert all(link in text for link in known.references)
    assert all(line in text for line in known.example.splitlines())


@each
@pytest.mark.parametrize("width", [40, 79])
def test_prose_keeps_to_the_width(known: Entry, width: int) -> None:
    whole = {quoted(argv) for remedy in known.remedies for argv in remedy.commands}
    whole |= {quoted(known.verify), *known.references, *known.example.splitlines()}
    prose = [line for line in plain(known, width).splitlines() if line.strip() not in whole]
    assert [line for line in prose if len(line) > width and len(line.split()) > 2] == []


def test_empty_sections_are_left_out() -> None:
    assert parts(bare()) == []
    assert page(bare()) == "# SS999 a-name\n\nA title.\n"
    assert plain(bare()) == "SS999 a-name\nA title.\n"


def test_sections_stand_in_their_order() -> None:
    text = page(entry("SS121"))
    places = [text.index(f"## {heading}") for heading in HEADINGS if f"## {heading}" in text]
    assert places == sorted(places)


def test_markup_in_prose_is_escaped_outside_of_code() -> None:
    text = page(bare(means="Use <b> and *this* in `a*b<c` with SOME_NAME and __all__."))
    assert "Use \\<b> and \\*this\\* in `a*b<c` with SOME_NAME and \\__all_\\_." in text


def test_a_remedy_shows_its_platforms_and_quoted_commands() -> None:
    known = bare(remedies=(Remedy("Do it.", (("pip", "install", "numpy<2"),), "unsafe", ("darwin",)),))
    assert "1. (macOS) Do it.\n\n   ```console\n   $ pip install 'numpy<2'\n   ```" in page(known)
    assert "  1. (macOS) Do it.\n       pip install " in plain(known)


def test_code_is_quoted_in_the_terminal() -> None:
    text = plain(bare(means='Write `x.T`, or `print("x")`.'))
    assert '  Write "x.T", or print("x").' in text


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_pages_on_disk_are_up_to_date() -> None:
    done = run_tool("--check")
    assert done.returncode == 0, f"run tools/code_pages.py\n{done.stderr}"


def test_a_page_that_differs_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "codes"
    tool = tmp_path / "tools" / "code_pages.py"
    tool.parent.mkdir()
    tool.write_text(TOOL.read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, str(tool)], check=True, timeout=60)
    (folder / "SS101.md").write_text("# old\n", encoding="utf-8")
    (folder / "SS000.md").write_text("# of no code\n", encoding="utf-8")
    (folder / "index.md").unlink()
    done = subprocess.run(
        [sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stderr.splitlines()] == [
        "docs/codes/SS000.md",
        "docs/codes/SS101.md",
        "docs/codes/index.md",
    ]
    assert (folder / "SS101.md").read_text(encoding="utf-8") == "# old\n"


def test_the_index_lists_every_code_once_in_its_table() -> None:
    index = (TOOL.parents[1] / "docs" / "codes" / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[(SS\d{3})\]", index, re.MULTILINE) == list(entries())
    toctree = index.split("```{toctree}\n:hidden:\n\n")[1].split("\n```")[0]
    assert toctree.split() == list(entries())
