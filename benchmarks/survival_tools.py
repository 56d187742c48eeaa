"""The tools that the survival benchmark tries: what each is called with, its best flags included."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from harness import ROOT

ENV = ROOT / ".venv-bench"
_PATIENCE = "60"
"""Seconds that each tool is given for the whole of one file, where it can be told."""
_PEERS = f"import sys; sys.path.append({str(ROOT / 'benchmarks')!r}); from survival_peers import main; main()"
_MANIFEST = ROOT / "src" / "steadyset" / "manifests" / "data" / "mnist.json"
_PIECE = 1 << 20


class Task(NamedTuple):
    """One file to be had: from ``url``, where all goes wrong, and perhaps from ``second``, where nothing does."""

    folder: Path
    name: str
    url: str
    second: str
    sha256: str
    md5: str
    size: int
    pieces: tuple[str, ...]


class Call(NamedTuple):
    """A command line, and the file it is to leave behind."""

    command: list[str]
    target: Path


class Tool(NamedTuple):
    """One tool: how it is called, which digest it was given, and whether it has a second source."""

    name: str
    digest: str
    call: Callable[[Task], Call]
    available: Callable[[], str]
    """Returns its version; raises ``LookupError`` with the reason when it cannot be had here."""
    second: bool = False


def _curl(task: Task) -> Call:
    target = task.folder / task.name
    # No --continue-at: within one call curl begins anew all the same, and newer ones refuse it beside
    # --remove-on-error, which keeps bad files from the good name.
    flags = ["--fail", "--location", "--silent", "--show-error", "--compressed", "--remove-on-error"]
    flags += ["--retry", "10", "--retry-all-errors", "--retry-connrefused", "--retry-max-time", _PATIENCE]
    flags += ["--connect-timeout", "10", "--speed-limit", "1024", "--speed-time", "10"]
    return Call(["curl", *flags, "--output", str(target), task.url], target)


def _wget(task: Task) -> Call:
    flags = ["--quiet", "--tries=10", "--waitretry=2", "--timeout=10", "--retry-connrefused"]
    flags += ["--retry-on-host-error", "--retry-on-http-error=429,500,502,503,504", "--compression=auto"]
    # No -O: it would make the file before the first answer. Within one call it resumes by itself.
    return Call(["wget", *flags, f"--directory-prefix={task.folder}", task.url], task.folder / task.name)


def _aria2c(task: Task) -> Call:
    flags = ["--quiet", "--continue=true", "--always-resume=false", "--file-allocation=none", "--max-tries=10"]
    # No --lowest-speed-limit: what falls below it is given up, not tried again.
    flags += ["--retry-wait=1", "--connect-timeout=10", "--timeout=10", "--http-accept-gzip=true", "--no-conf=true"]
    flags += ["--allow-overwrite=true", "--auto-file-renaming=false", f"--checksum=sha-256={task.sha256}"]
    target = task.folder / task.name
    return Call(["aria2c", *flags, f"--dir={task.folder}", f"--out={task.name}", task.url], target)


def _library(library: str) -> Callable[[Task], Call]:
    def call(task: Task) -> Call:
        target = task.folder / "datasets" / task.name
        target.parent.mkdir()
        about = [task.url, str(target), task.sha256, task.md5, str(task.size)]
        return Call([sys.executable, "-c", _PEERS, library, *about], target)

    return call


def _steadyset_url(task: Task) -> Call:
    """``steadyset fetch URL``: the digest of the whole and the size are known."""
    target = task.folder / task.name
    about = [task.url, "--sha256", task.sha256, "--size", str(task.size), "-o", str(target)]
    return Call([sys.executable, "-m", "steadyset", "fetch", *about, "--timeout", _PATIENCE, "-q"], target)


def _steadyset_dataset(task: Task) -> Call:
    """``steadyset fetch DATASET``: a manifest with pieces, whose one source is the server that misbehaves."""
    return _dataset(task, [task.url], [])


def _steadyset_second(task: Task) -> Call:
    """The same with two mirrors: first the one that misbehaves, then a good one."""
    return _dataset(task, [], [url.rsplit("/", 1)[0] for url in (task.url, task.second)])


def _dataset(task: Task, sources: Sequence[str], mirrors: Sequence[str]) -> Call:
    manifest = json.loads(_MANIFEST.read_text(encoding="utf-8"))
    recipe = next(r for r in manifest["recipes"] if r["name"] == "keras-npz")
    file = {"name": task.name, "size": task.size, "sha256": task.sha256, "md5": task.md5, "sources": list(sources)}
    recipe["files"] = [file | {"piece_size": _PIECE, "pieces": list(task.pieces)}]
    recipe["arrays"] = {name: about | {"file": task.name} for name, about in recipe["arrays"].items()}
    manifest["recipes"] = [recipe]
    where = task.folder / "mnist.json"
    where.write_text(json.dumps(manifest), encoding="utf-8")
    out = task.folder / "out"
    about = [str(where), "--to", str(out), *(word for url in mirrors for word in ("--mirror", url))]
    return Call([sys.executable, "-m", "steadyset", "fetch", *about, "--timeout", _PATIENCE, "-q"], out / task.name)


def _program(name: str) -> Callable[[], str]:
    def version() -> str:
        if shutil.which(name) is None:
            raise LookupError(f"{name} is not installed")
        told = subprocess.run([name, "--version"], capture_output=True, text=True, check=False).stdout
        words = told.partition("\n")[0].split()
        return next((word for word in words if word[0].isdigit()), "?")

    return version


def _package(name: str, *requirements: Sequence[str]) -> Callable[[], str]:
    """Return a check that installs a package into the benchmark's environment when it is not there."""

    def version() -> str:
        for requirement in requirements:
            if _version(name) is None:
                pip = [sys.executable, "-m", "pip", "install", "--quiet", *requirement]
                done = subprocess.run(pip, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise LookupError((done.stderr.strip() or "pip failed").splitlines()[-1])
        found = _version(name)
        if found is None:
            raise LookupError(f"{name} cannot be imported")
        return found

    return version


def _version(name: str) -> str | None:
    code = f"from importlib.metadata import version; print(version({name!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


# torchvision asks for a torch of its own choice, hence --no-deps; the pair is the Makefile's.
_TORCHVISION = (["torch==2.13.0", "pillow", "numpy"], ["--no-deps", "torchvision==0.28.0"])
_STEADYSET = functools.cache(_package("steadyset"))

TOOLS = (
    Tool("curl", "", _curl, _program("curl")),
    Tool("wget", "", _wget, _program("wget")),
    Tool("aria2c", "SHA-256", _aria2c, _program("aria2c")),
    Tool("pooch", "SHA-256", _library("pooch"), _package("pooch", ["pooch"])),
    Tool("keras", "SHA-256", _library("keras"), _package("keras", ["tensorflow-cpu"])),
    Tool("torchvision", "MD5", _library("torchvision"), _package("torchvision", *_TORCHVISION)),
    Tool("huggingface_hub", "size", _library("huggingface_hub"), _package("huggingface_hub", ["huggingface_hub"])),
    Tool("steadyset-url", "SHA-256, size", _steadyset_url, _STEADYSET),
    Tool("steadyset", "SHA-256, pieces", _steadyset_dataset, _STEADYSET),
    Tool("steadyset+2nd", "SHA-256, pieces", _steadyset_second, _STEADYSET, second=True),
)


def environment() -> str:
    """Return the interpreter of the benchmark's environment, which is made and given this checkout if need be."""
    exe = str(ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    if not Path(exe).exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENV)], check=True)
    if subprocess.run([exe, "-c", "import steadyset"], check=False, capture_output=True).returncode:
        subprocess.run([exe, "-m", "pip", "install", "--quiet", "--editable", str(ROOT)], check=True)
    return exe
