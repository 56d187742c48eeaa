"""Plain lines of text for one problem: what happened, what was seen, what to do, where to read more."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Sequence

from .records import Evidence, Remedy


def quoted(argv: Sequence[str]) -> str:
    """Return a command as one line, quoted for the shell of this platform, so that ``>=`` survives."""
    return subprocess.list2cmdline(argv) if os.name == "nt" else shlex.join(argv)


def remedy_lines(remedies: Iterable[Remedy], *, most: int = 3) -> list[str]:
    """Return the remedies as lines: the text after ``Do``, each command on a line of its own."""
    lines = []
    for remedy in list(remedies)[:most]:
        lines.append(f"  Do      {remedy.text}")
        lines += [f"            {quoted(argv)}" for argv in remedy.commands]
    return lines


def evidence_lines(evidence: Iterable[Evidence]) -> list[str]:
    """Return the evidence as aligned lines, the label first."""
    rows = list(evidence)
    width = max((len(label) for label, _ in rows), default=0)
    return [f"    {label:<{width}}  {value}" for label, value in rows]


def error_lines(
    code: str, message: str, evidence: Iterable[Evidence], remedies: Iterable[Remedy]
) -> list[str]:
    """Return what an exception prints.

    Returns:
        The lines, first the code and what happened, then the evidence, the remedies and where to read more.
    """
    return [
        f"[{code}] {message}",
        *evidence_lines(evidence),
        *remedy_lines(remedies),
        f"  More    steadyset explain {code}",
    ]
