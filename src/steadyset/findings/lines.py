"""Plain lines of text for one problem: what happened, what was seen, what to do, where to read more."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Sequence

from .records import Evidence, Remedy


def quoted(argv: Sequence[str], *, windows: bool = os.name == "nt") -> str:
    """Return a command as one line, quoted for the shell of this platform, so that ``>=`` survives.

    On Windows the quotes are double ones: cmd knows no others, and PowerShell takes both.
    ``subprocess.list2cmdline`` will not do, because it leaves ``numpy<2`` bare and the shell then
    reads from a file called ``2``. Elsewhere they are single ones, or double ones where that reads better.
    """
    return " ".join(map(_quoted_for_windows if windows else _quoted_for_sh, argv))


def _quoted_for_sh(word: str) -> str:
    if "'" in word and not re.search(r'["$`\\!]', word):
        return f'"{word}"'
    return shlex.quote(word)


def _quoted_for_windows(word: str) -> str:
    if re.fullmatch(r"[\w@%+=:,./\\-]+", word):
        return word
    return '"' + word.replace('"', '\\"') + '"'


def unmarked(text: str) -> str:
    """Return a text of the catalogue with plain quotes, or none, for the backticks that mark code."""
    return re.sub(r"`([^`]*)`", lambda code: code[1] if '"' in code[1] else f'"{code[1]}"', text)


def fits(remedy: Remedy, platform: str = sys.platform) -> bool:
    """Tell whether a remedy is for this platform; one that names none is for all."""
    return not remedy.platforms or platform in remedy.platforms


def remedy_lines(remedies: Iterable[Remedy], *, most: int = 3) -> list[str]:
    """Return the remedies for this platform as lines: the text after ``Do``, each command on its own."""
    lines = []
    for remedy in list(filter(fits, remedies))[:most]:
        lines.append(f"  Do      {unmarked(remedy.text)}")
        lines += [f"            {quoted(argv)}" for argv in remedy.commands]
    return lines


def evidence_lines(evidence: Iterable[Evidence]) -> list[str]:
    """Return the evidence as aligned lines, the label first."""
    rows = list(evidence)
    width = max((len(label) for label, _ in rows), default=0)
    margin = "\n" + " " * (width + 6)
    return [f"    {label:<{width}}  {value}".replace("\n", margin) for label, value in rows]


def error_lines(code: str, message: str, evidence: Iterable[Evidence], remedies: Iterable[Remedy]) -> list[str]:
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
