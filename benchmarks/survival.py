"""Who brings the file, and who says so when it cannot: tools against a misbehaving HTTP server, in one run.

    python benchmarks/survival.py [--only TOOL|FAULT]... [--jobs N] [--limit SECONDS] [--write]

Each tool is called once per misbehaviour, in a fresh process and directory, with its best flags. Makes and
completes an environment of its own; a peer that cannot be installed is left out, with the reason.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import harness
from harness import MNIST
from survival_tools import TOOLS, Tool, environment

if TYPE_CHECKING:  # these import steadyset, which only the benchmark's environment is sure to have
    from survival_faults import Misbehaviour
    from survival_verdicts import Cell, Subject


def subject(folder: Path) -> Subject:
    """Return the real MNIST file, or the drawn digits where it is not at hand."""
    from survival_verdicts import Subject

    real = folder / "mnist.npz"
    if real.is_file():
        return Subject.of(real.name, real.read_bytes())
    from steadyset.practice import files

    return Subject.of(files.IDX["x_train"], files.content(files.IDX["x_train"]))


def chosen(only: Sequence[str]) -> tuple[list[Tool], list[Misbehaviour]]:
    """Return the tools and misbehaviours that were asked for; without a name of a kind, all of that kind."""
    from survival_faults import ALL

    tools, faults = {t.name for t in TOOLS}, {f.name for f in ALL}
    unknown = set(only) - tools - faults
    if unknown:
        sys.exit(f"no such tool or misbehaviour: {', '.join(unknown)}\nknown: {', '.join([*tools, *faults])}")
    return (
        [t for t in TOOLS if t.name in only or not tools & set(only)],
        [f for f in ALL if f.name in only or not faults & set(only)],
    )


def present(tools: Iterable[Tool]) -> tuple[list[Tool], list[str]]:
    """Return the tools that are here, and a line about each: its version and digest, or why it is left out."""
    here, lines = [], []
    for tool in tools:
        try:
            version = tool.available()
        except LookupError as reason:
            lines.append(f"{tool.name}: left out, {reason}")
        else:
            here.append(tool)
            lines.append(f"{tool.name} {version}, given {tool.digest or 'no digest: it takes none'}")
    return here, lines


def run(tools: Sequence[Tool], faults: Sequence[Misbehaviour], args: argparse.Namespace) -> list[Cell]:
    """Play every cell, those that are likely to wait for their limit first."""
    from survival_verdicts import play

    file = subject(args.mnist)
    cells: list[Cell] = []
    with ThreadPoolExecutor(args.jobs) as pool:
        pairs = sorted(((f, t) for f in faults for t in tools), key=lambda pair: not pair[0].slow)
        jobs = [pool.submit(play, fault, tool, file, args.limit) for fault, tool in pairs]
        for job in as_completed(jobs):
            cells.append(job.result())
            if args.verbose:
                print(json.dumps(cells[-1]._asdict()), file=sys.stderr, flush=True)
    return cells


def matrix(cells: Sequence[Cell], tools: Sequence[Tool], faults: Sequence[Misbehaviour]) -> str:
    """Return the verdicts as a Markdown table: what was sent over the file's size stands after each."""
    found = {(c.fault, c.tool): c for c in cells}
    lines = [f"| | {' | '.join(t.name for t in tools)} |", f"| --- |{' --- |' * len(tools)}"]
    for fault in faults:
        row = [found[fault.name, tool.name] for tool in tools]
        texts = " | ".join(f"{c.verdict} {c.sent:.2f}" for c in row)
        lines.append(f"| `{fault.name}`: {fault.what} | {texts} |")
    return "\n".join(lines)


def totals(cells: Sequence[Cell], tools: Sequence[Tool], faults: Sequence[Misbehaviour]) -> str:
    """Return how each tool fared in all, as a Markdown table."""
    from survival_verdicts import MEANINGS, Total

    lines = [f"| tool | survived | {' | '.join(MEANINGS)} |", f"| --- | --- |{' --- |' * len(MEANINGS)}"]
    for tool in tools:
        total = Total.of(tool, cells, faults)
        counts = " | ".join(str(total.counts[verdict]) for verdict in MEANINGS)
        lines.append(f"| {tool.name} | {total.survived} of {total.survivable} | {counts} |")
    return "\n".join(lines)


def report(cells: Sequence[Cell], tools: Sequence[Tool], faults: Sequence[Misbehaviour]) -> str:
    """Return everything that was found, as Markdown."""
    from survival_verdicts import MEANINGS

    said = [f"- **{verdict}**: {meaning}." for verdict, meaning in MEANINGS.items()]
    parts = ["\n".join([*said, "- The number after it: bytes that the servers sent, over the size of the file."])]
    for title, part in (
        ("can be survived with this one source", [f for f in faults if f.goal and f.survivable]),
        ("need a second source", [f for f in faults if f.goal and not f.survivable]),
        ("further ones, not counted in the goal", [f for f in faults if not f.goal]),
    ):
        if part:
            parts += [f"### {len(part)} {title}", matrix(cells, tools, part)]
    for title, part in (("goal", [f for f in faults if f.goal]), ("further", [f for f in faults if not f.goal])):
        if part:
            parts += [f"### Totals, {title}: {len(part)} misbehaviours", totals(cells, tools, part)]
    return "\n\n".join(parts)


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="TOOL|FAULT", help="repeatable")
    parser.add_argument("--jobs", type=int, default=12, help="cells at once; many of them wait (default: 12)")
    parser.add_argument("--limit", type=float, default=75.0, help="seconds after which a tool hangs (default: 75)")
    parser.add_argument("--mnist", type=Path, default=MNIST, help="directory with mnist.npz")
    parser.add_argument("--write", action="store_true", help="keep the tables in RESULTS.md")
    parser.add_argument("--verbose", action="store_true", help="a line of JSON per cell on stderr")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Play, print and, with ``--write``, keep the tables."""
    args = parsed()
    if not args.here:
        return subprocess.run([environment(), __file__, "--here", *sys.argv[1:]], check=False).returncode
    wanted, faults = chosen(args.only)
    tools, lines = present(wanted)
    print("\n".join(lines), file=sys.stderr, flush=True)
    begun = time.monotonic()
    cells = run(tools, faults, args)
    about = "\n".join(f"- {line}" for line in lines)
    body = f"{about}\n\n{report(cells, tools, faults)}"
    print(body)
    print(f"{len(cells)} cells in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if args.write:
        harness.write_section("Survival", "python benchmarks/survival.py --write", body)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
