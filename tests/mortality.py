"""Processes that die at a chosen step, and a look at what they leave.

A death is chosen by counting: the nth time that the work writes, renames, flushes, opens or removes
something, the process kills itself with SIGKILL, before the step, after it, or in the middle of a write. So a
seed says exactly where each death was. The processes are forked from one that has imported everything.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

import numpy as np

Act = Literal["load", "fetch", "heal"]
_STEPS = (
    "write",
    "pwrite",
    "replace",
    "rename",
    "unlink",
    "fsync",
    "ftruncate",
    "open",
    "mkdir",
    "chmod",
    "link",
    "close",
)
_HEX = re.compile(r"[0-9a-f]{64}")


class Order(NamedTuple):
    """What a process is to do, and at which step it dies: 0 never; ``how`` is before, after or amid.

    Of several that come to that step, where ``once`` is a path, only the first dies. ``lying`` locks are
    everybody's at the same time.
    """

    act: Act
    name: str
    home: str
    mirrors: Sequence[str] = ()
    layers: Sequence[str] = ()
    offline: bool = False
    die_at: int = 0
    how: str = "before"
    once: str = ""
    lying: bool = False


class End(NamedTuple):
    """How a process ended: whether it was killed, how many steps it took, and what it said."""

    killed: bool
    steps: int
    said: dict[str, Any]


class Mother:
    """A process that forks others; a context manager."""

    def __init__(self, *prefix: str, **environ: str) -> None:
        self._process = subprocess.Popen(
            [*prefix, sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environ,
        )

    def __enter__(self) -> Mother:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def bear(self, order: Order) -> End:
        """Run one process to its end."""
        (end,) = self.bear_many(order, 1)
        return end

    def bear_many(self, order: Order, count: int) -> list[End]:
        """Run several processes at once to their ends."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([count, order._asdict()]) + "\n")
        self._process.stdin.flush()
        ends = [End(*end) for end in json.loads(self._process.stdout.readline())]
        failed = [end.said["failed"] for end in ends if "failed" in end.said]
        assert not failed, failed
        return ends

    def kill_at_random(self, order: Order, steps: int, rng: random.Random) -> End:
        """Run one process that dies at a random one of so many steps."""
        how = rng.choice(("before", "after", "amid"))
        return self.bear(order._replace(die_at=rng.randint(1, max(1, steps)), how=how))


def wrong_things(home: Path) -> list[str]:
    """Return every object and array whose bytes are not what its name says."""
    wrong = [
        str(path)
        for path in home.glob("objects/*/*")
        if _HEX.fullmatch(path.name) and hashlib.sha256(path.read_bytes()).hexdigest() != path.name
    ]
    for path in home.glob("arrays/*/*.npy"):
        try:
            values = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            wrong.append(f"{path}: {error}")
            continue
        if hashlib.sha256(values.tobytes()).hexdigest() != path.stem:
            wrong.append(str(path))
    return wrong


def leftovers(home: Path) -> list[str]:
    """Return the files of the store that never got a good name."""
    unfinished = [*home.glob("**/*.tmp"), *home.glob("partials/*.part"), *home.glob("partials/*.claimed")]
    return sorted(str(path) for path in unfinished)


def held_bytes(home: Path) -> int:
    """Return the size of the largest unfinished download of a store."""
    found = [*home.glob("partials/*.part"), *home.glob("partials/*.claimed")]
    return max((path.stat().st_size for path in found), default=0)


# ---- in the processes ----------------------------------------------------------------------------


def _serve() -> None:
    import steadyset.loading.cold
    import steadyset.loading.fetching
    import steadyset.loading.healing
    import steadyset.transport.client  # noqa: F401

    os.umask(int(os.environ.get("MORTAL_UMASK", "022"), 8))
    for line in sys.stdin:
        count, asked = json.loads(line)
        born = [_fork(Order(**asked)) for _ in range(count)]
        print(json.dumps([_end_of(*child) for child in born]), flush=True)


def _fork(order: Order) -> tuple[int, int]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _live(order, writer)
    os.close(writer)
    return child, reader


def _end_of(child: int, reader: int) -> End:
    with open(reader, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    told = json.loads(said) if said else {}
    return End(killed, told.pop("steps", 0), told)


def _live(order: Order, writer: int) -> None:
    write = os.write
    if order.lying:
        import fcntl

        fcntl.flock = lambda fd, operation: None
    counted = [0]
    _count_steps(order, counted)
    try:
        said = _ACTS[order.act](order)
    except BaseException as error:
        said = {"failed": f"{type(error).__name__}: {error}"}
    write(writer, json.dumps(said | {"steps": counted[0]}).encode())
    os._exit(0)


def _count_steps(order: Order, counted: list[int]) -> None:
    mkdir = os.mkdir

    def wrap(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            counted[0] += 1
            if counted[0] == order.die_at and _is_first(order, mkdir):
                if order.how == "amid" and "write" in name:
                    real(given[0], bytes(given[1])[: len(given[1]) // 2], *given[2:])
                elif order.how == "after":
                    real(*given, **named)
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        return step

    os.fsync = lambda fd: None  # a death loses nothing that the kernel has; the disk would only be waited for
    for name in _STEPS:
        setattr(os, name, wrap(getattr(os, name), name))
    builtins.open = wrap(builtins.open, "open")


def _is_first(order: Order, mkdir: Callable[[str], None]) -> bool:
    if order.once:
        try:
            mkdir(order.once)
        except FileExistsError:
            return False
    return True


def _settings(order: Order) -> Any:
    from steadyset.settings import Settings

    return Settings(order.home, tuple(order.mirrors), tuple(order.layers), order.offline)


def _load(order: Order) -> dict[str, Any]:
    from steadyset.loading.warm import load_with

    splits = load_with(_settings(order), order.name, verify="full", progress=False)
    seen = splits.provenance
    assert seen is not None
    arrays = {"x_train": splits.train.x, "y_train": splits.train.y, "x_test": splits.test.x, "y_test": splits.test.y}
    return {
        "arrays": {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()},
        "resumed_from": [attempt.resumed_from for attempt in seen.attempts],
        "codes": [found.code for found in seen.findings],
        "source": seen.source,
        "downloaded": seen.bytes_downloaded,
    }


def _fetch(order: Order) -> dict[str, Any]:
    from steadyset.loading.fetching import fetch_with

    return {"paths": fetch_with(_settings(order), order.name, to="keras", progress=False).paths}


def _heal(order: Order) -> dict[str, Any]:
    from steadyset.loading.healing import heal_with

    report = heal_with(_settings(order), [order.name])
    return {"ok": report.ok, "summary": report.summary}


_ACTS: dict[Act, Callable[[Order], dict[str, Any]]] = {"load": _load, "fetch": _fetch, "heal": _heal}

if __name__ == "__main__":
    _serve()
