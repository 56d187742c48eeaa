"""One cell of the survival benchmark: run a tool against a server that misbehaves, and judge what it left."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from survival_faults import Misbehaviour
from survival_tools import Call, Task, Tool

from steadyset.practice.origin import Origin

Verdict = Literal["right", "failed", "bad left", "WRONG", "hung"]
MEANINGS: dict[Verdict, str] = {
    "right": "says that it succeeded, and the right bytes are at the target",
    "failed": "says that it failed, and no bad file is under the good name",
    "bad left": "says that it failed, and left a bad file under the good name",
    "WRONG": "says that it succeeded, and other bytes, or none, are at the target",
    "hung": "had not ended after the limit",
}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_HIDDEN = (*_PROXIES, "KERAS_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENBLAS_CORETYPE", "PYTHONDONTWRITEBYTECODE")
_PIECE = 1 << 20


class Subject(NamedTuple):
    """The file that every tool is to bring."""

    name: str
    data: bytes
    sha256: str
    md5: str
    pieces: tuple[str, ...]

    @classmethod
    def of(cls, name: str, data: bytes) -> Subject:
        """Return a file with its digests."""
        pieces = (data[at : at + _PIECE] for at in range(0, len(data), _PIECE))
        digests = tuple(hashlib.sha256(piece).hexdigest() for piece in pieces)
        return cls(name, data, hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest(), digests)


class Cell(NamedTuple):
    """What became of one tool under one misbehaviour.

    ``sent`` is what the servers sent, over the size of the file; ``said`` the last line the tool wrote.
    """

    fault: str
    tool: str
    verdict: Verdict
    sent: float
    seconds: float
    said: str


def judge(code: int | None, target: Path, sha256: str) -> Verdict:
    """Return the verdict from an exit code (None: it was ended by us) and from what lies at the target."""
    if code is None:
        return "hung"
    there = target.is_file()
    right = there and hashlib.sha256(target.read_bytes()).hexdigest() == sha256
    if code == 0:
        return "right" if right else "WRONG"
    return "bad left" if os.path.lexists(target) and not right else "failed"


def play(fault: Misbehaviour, tool: Tool, subject: Subject, limit: float) -> Cell:
    """Run one cell in a directory of its own, against servers of its own."""
    folder = Path(tempfile.mkdtemp(prefix="survival-"))
    files = {subject.name: subject.data}
    try:
        with Origin(files, fault.faults(subject.data)) as bad, Origin(files) as good:
            task = Task(
                folder / "work",
                subject.name,
                bad.url_of(subject.name),
                good.url_of(subject.name),
                subject.sha256,
                subject.md5,
                len(subject.data),
                subject.pieces,
            )
            task.folder.mkdir()
            call = tool.call(task)
            begun = time.monotonic()
            code = _run(call, folder, limit)
            seconds = time.monotonic() - begun
            sent = (bad.bytes_sent() + good.bytes_sent()) / len(subject.data)
        return Cell(fault.name, tool.name, judge(code, call.target, subject.sha256), sent, seconds, _said(folder))
    finally:
        shutil.rmtree(folder, onerror=_insist)


def _run(call: Call, folder: Path, limit: float) -> int | None:
    """Run a command to its end or to the limit; return its exit code, or None when it was ended."""
    hidden = {*_HIDDEN, *(name.lower() for name in _PROXIES)}
    env = {k: v for k, v in os.environ.items() if k not in hidden and not k.startswith("STEADYSET_")}
    env |= {"HOME": str(folder), "USERPROFILE": str(folder), "STEADYSET_HOME": str(folder / "store")}
    env |= {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder)}
    with open(folder / "said", "wb") as said:
        process = subprocess.Popen(
            call.command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that this benchmark started, and its children."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _said(folder: Path) -> str:
    lines = (folder / "said").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip()[:200] if lines else ""


def _insist(remove: object, path: str, error: object) -> None:
    """Let the read-only files of a store be removed on Windows."""
    with contextlib.suppress(OSError):
        os.chmod(path, 0o700)
        os.unlink(path)


class Total(NamedTuple):
    """What one tool came to over several misbehaviours."""

    tool: str
    counts: dict[Verdict, int]
    survived: int
    survivable: int

    @classmethod
    def of(cls, tool: Tool, cells: Sequence[Cell], faults: Sequence[Misbehaviour]) -> Total:
        """Count the verdicts of a tool; with a second source every misbehaviour is survivable."""
        can = {f.name for f in faults if f.survivable or tool.second}
        mine = [c for c in cells if c.tool == tool.name and c.fault in {f.name for f in faults}]
        counts = {verdict: sum(c.verdict == verdict for c in mine) for verdict in MEANINGS}
        right = sum(c.verdict == "right" and c.fault in can for c in mine)
        return cls(tool.name, counts, right, sum(c.fault in can for c in mine))
