"""Write docs/reference/command-line.md from what the commands say of themselves.

python tools/cli_pages.py            write the page
python tools/cli_pages.py --check    change nothing; exit 1 when the page on disk differs
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from steadyset.cli.app import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "command-line.md"
WIDTH = 80

INTRODUCTION = """\
# Command line

`steadyset` and `python -m steadyset` are the same. What follows is what `--help` prints; it is written
here by `make pages`, and a test fails when it is out of date. How a command ends is on its own page:
[exit codes](exit-codes.md)."""


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command with its full name and a context to ask it in, the group before its members."""
    yield from _below(app, click.Context(app, info_name="steadyset", terminal_width=WIDTH))


def _below(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        member = command.get_command(context, name)
        if member is not None and not member.hidden:
            yield from _below(member, click.Context(member, parent=context, info_name=name, terminal_width=WIDTH))


def page() -> str:
    """Return the page."""
    blocks = [INTRODUCTION]
    for name, command, context in commands():
        depth = "#" * min(2 + name.count(" "), 4) if " " in name else "##"
        said = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        blocks.append(f"{depth} {name}\n\n```text\n{said}\n```")
    return "\n\n".join(blocks) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run the script and return its exit code."""
    parser = argparse.ArgumentParser(description="Write docs/reference/command-line.md.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the page differs")
    check = parser.parse_args(arguments).check
    wanted = page()
    found = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    if not check:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(wanted, encoding="utf-8", newline="\n")
        return 0
    change = difflib.unified_diff(
        found.splitlines(), wanted.splitlines(), "on disk", "as it should be", lineterm="", n=0
    )
    lines = list(change)
    print(*lines, sep=os.linesep, end="" if not lines else "\n", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
