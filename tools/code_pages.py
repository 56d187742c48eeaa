"""Write the documentation page of every code from the catalogue, or check that the pages are up to date.

Usage::

    python tools/code_pages.py            write docs/codes/SSxxx.md and docs/codes/index.md
    python tools/code_pages.py --check    change nothing; exit 1 when a page on disk differs
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from steadyset.findings.catalogue import FAMILIES, Entry, entries
from steadyset.findings.page import page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "codes"

INTRODUCTION = """\
# Codes

Every failure that steadyset knows has a code, and one page that the error, the reports and the command
line all refer to. `steadyset explain CODE` prints a page without any network. A code is never reused and
never renumbered."""


def _table(family: Iterable[Entry]) -> str:
    rows = [f"| [{e.code}]({e.code}.md) | {e.name} | {e.title} |" for e in family]
    return "\n".join(["| Code | Name | What happened |", "| --- | --- | --- |", *rows])


def index() -> str:
    """Return the overview: one table per family, and a hidden table of contents for Sphinx."""
    known = entries().values()
    blocks = [INTRODUCTION]
    for prefix, title in FAMILIES.items():
        family = [entry for entry in known if entry.code.startswith(prefix)]
        blocks += [f"## {prefix}xx {title}", _table(family)]
    blocks.append("\n".join(["```{toctree}", ":hidden:", "", *(e.code for e in known), "```"]))
    return "\n\n".join(blocks) + "\n"


def pages() -> dict[str, str]:
    """Return the text of every generated page by its file name."""
    return {"index.md": index()} | {f"{entry.code}.md": page(entry) for entry in entries().values()}


def differing(folder: Path = FOLDER) -> list[str]:
    """Return the names of the pages that are missing, differ, or belong to no code."""
    wanted = pages()
    stale = {path.name for path in folder.glob("SS*.md")} - set(wanted)
    bad = [
        name
        for name, text in wanted.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
    return sorted([*bad, *stale])


def write(folder: Path = FOLDER) -> None:
    """Write every page; other files in the folder are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the script and return its exit code."""
    parser = argparse.ArgumentParser(description="Write the page of every code into docs/codes.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a page differs")
    if not parser.parse_args(arguments).check:
        write()
    wrong = differing()
    for name in wrong:
        print(f"docs/codes/{name} is not what the catalogue says", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
