"""Record what a command prints as a picture of a terminal, for the README.

    python tools/record.py docs/_static/demo.svg steadyset demo
    python tools/record.py --keep 1,2,8 docs/_static/demo.svg steadyset demo

The command is run for real, with an empty store; what it prints is drawn as it is, apart from the path
of that store, which is shown as ``~/.cache/steadyset``. With ``--keep`` only some of its blocks are
drawn, which empty lines divide, and ``⋮`` stands for the others.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH = 82
SHOWN_STORE = "~/.cache/steadyset"
THEME = TerminalTheme(
    (0, 0, 0),  # as the pictures have it
    (228, 228, 231),
    [
        (39, 39, 42),
        (248, 113, 113),
        (134, 239, 172),
        (253, 224, 71),
        (147, 197, 253),
        (240, 171, 252),
        (103, 232, 249),
        (228, 228, 231),
    ],
    [
        (113, 113, 122),
        (252, 165, 165),
        (187, 247, 208),
        (254, 240, 138),
        (191, 219, 254),
        (245, 208, 254),
        (165, 243, 252),
        (255, 255, 255),
    ],
)
# Rich's own frame loads a font from the network, which a README must not.
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace"
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: @FONT@; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: @FONT@; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("@FONT@", FONT)


def run(command: Sequence[str]) -> str:
    """Run a command and return what it printed, with its colours.

    Raises:
        SystemExit: the command failed.
    """
    with tempfile.TemporaryDirectory() as home:
        scripts = str(Path(sys.executable).parent)
        environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("STEADYSET_")},
            "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]),
            "STEADYSET_HOME": str(Path(home) / "steadyset"),
            "FORCE_COLOR": "1",
            "COLORTERM": "",
            "COLUMNS": str(WIDTH),
            "TERM": "xterm-256color",
            "PYTHONUTF8": "1",
        }
        environ.pop("NO_COLOR", None)
        done = subprocess.run(
            list(command), env=environ, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
        return done.stdout.replace(environ["STEADYSET_HOME"], SHOWN_STORE)


def kept(printed: str, blocks: set[int]) -> str:
    """Return a text with only some of its blocks, counted from 1; all of it when none are named."""
    if not blocks:
        return printed
    found = printed.strip("\n").split("\n\n")
    shown = [block if number in blocks else "⋮" for number, block in enumerate(found, 1)]
    return "\n\n".join(b for i, b in enumerate(shown) if b != "⋮" or shown[i - 1] != "⋮")


def picture(command: Sequence[str], printed: str) -> str:
    """Return the SVG of a terminal in which a command printed a text."""
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    console.print(Text.assemble(("$ ", "bold green"), (" ".join(command), "bold")))
    for line in printed.rstrip().splitlines():
        console.print(Text.from_ansi(line), no_wrap=True, overflow="ignore", crop=True, soft_wrap=False)
    return console.export_svg(title="steadyset", theme=THEME, code_format=FRAME, unique_id="demo")


def main(arguments: list[str] | None = None) -> int:
    """Run the script and return its exit code."""
    parser = argparse.ArgumentParser(description="Record a command's output as a picture of a terminal.")
    parser.add_argument("target", type=Path, help="the SVG file to write")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the command")
    parser.add_argument("--keep", default="", help="the numbers of the blocks to draw, with commas")
    options = parser.parse_args(arguments)
    command = options.command or ["steadyset", "demo"]
    blocks = {int(number) for number in options.keep.split(",") if number}
    text = picture(command, kept(run(command), blocks))
    options.target.parent.mkdir(parents=True, exist_ok=True)
    options.target.write_text(text, encoding="utf-8", newline="\n")
    print(f"{options.target}: {len(text) // 1024} KiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
