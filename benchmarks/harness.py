"""What the benchmarks share: timing in turn, whole processes, and the table of results."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
MNIST = ROOT.parent / "shared" / "data" / "mnist"
# Some machines set these; they slow the start of numpy, or of every module, and are no part of a user's machine.
_NOT_OURS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")


class Row(NamedTuple):
    """One line of the table: what was measured, ours, the peer's (ms or MB), their ratio and the goal."""

    what: str
    ours: str
    peer: str
    ratio: str
    goal: str


def in_turn(ours: Callable[[], object], peer: Callable[[], object], runs: int) -> tuple[list[float], list[float]]:
    """Time two calls in turn, after one warm-up of each; return seconds."""
    ours(), peer()
    a, b = [], []
    for _ in range(runs):
        a.append(timed(ours))
        b.append(timed(peer))
    return a, b


def timed(call: Callable[[], object]) -> float:
    """Return the seconds of one call; what it returns is let go after the clock is read."""
    begun = time.perf_counter()
    kept = call()
    seconds = time.perf_counter() - begun
    del kept
    return seconds


def process(code: str, env: Mapping[str, str] | None = None, python: str = sys.executable) -> Callable[[], None]:
    """Return a call that runs code in a new interpreter and waits for its end."""
    merged = {k: v for k, v in os.environ.items() if k not in _NOT_OURS} | dict(env or {})

    def run() -> None:
        subprocess.run([python, "-c", code], env=merged, check=True)

    return run


def pair_ratio(ours: Sequence[float], peer: Sequence[float]) -> float:
    """Return the median of the ratios ours / peer, pair by pair: it holds when the machine's speed drifts."""
    return statistics.median(a / b for a, b in zip(ours, peer, strict=True))


def ms(seconds: Sequence[float]) -> str:
    """Return a median in ms."""
    return f"{statistics.median(seconds) * 1e3:.1f} ms"


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    head = ["| what | ours | peer | ratio | goal |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def machine() -> str:
    """Return in one line what the numbers were measured on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{platform.system()}, {os.cpu_count()} cores of {name}, Python {platform.python_version()}"


def write_section(title: str, command: str, body: str) -> None:
    """Replace one section of RESULTS.md, or add it."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results\n"
    section = f"## {title}\n\n`{command}` on {machine()}, {time.strftime('%Y-%m-%d')}\n\n{body}\n"
    parts = text.split("\n## ")
    kept = [p for p in parts[1:] if not p.startswith(title + "\n")]
    rest = "".join(f"\n## {p.rstrip()}\n" for p in kept)
    RESULTS.write_text(f"{parts[0].rstrip()}\n\n{section}{rest}", encoding="utf-8")
