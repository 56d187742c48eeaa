"""The targets of ``tools/fuzz.py``: what fuzzing found before, and a few hundred changes of the seeds each."""

from __future__ import annotations

import importlib
import json
import random
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CASES = sorted((ROOT / "tests" / "fuzz_cases").glob("*/*.bin"))
RUNS = {"journal": 25, "wire": 150, "manifest": 150}
"""How many changes are tried where one takes milliseconds; 300 elsewhere."""

OPEN: dict[str, str] = {}
"""What is known and not mended yet: strict, so that whoever mends it takes the line out."""


def _mark(name: str) -> Any:
    marks = [pytest.mark.xfail(reason=OPEN[name], strict=True)] if name in OPEN else []
    return pytest.param(name, id=name, marks=marks)


def _tool(name: str) -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "tools"))


NAMES = _tool("fuzz").NAMES


@pytest.fixture(scope="module")
def targets() -> dict[str, Any]:
    found: dict[str, Any] = _tool("fuzz_targets").TARGETS
    return found


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy, for comparison, warns of odd headers
        yield


def test_every_target_has_its_name(targets: dict[str, Any]) -> None:
    assert tuple(targets) == NAMES


@pytest.mark.parametrize("case", [_mark(f"{path.parent.name}/{path.stem}") for path in CASES])
def test_what_was_found_before(case: str, targets: dict[str, Any]) -> None:
    targets[case.partition("/")[0]].run((ROOT / "tests" / "fuzz_cases" / f"{case}.bin").read_bytes())


@pytest.mark.parametrize("name", [_mark(name) for name in NAMES])
def test_changed_seeds(name: str, targets: dict[str, Any]) -> None:
    target, mutate = targets[name], _tool("fuzz_mutation").mutate
    seeds = target.seeds()
    for number in range(RUNS.get(name, 300)):
        rng = random.Random(f"{name} {number}")
        data = mutate(rng.choice(seeds), rng, tokens=target.tokens, others=seeds)
        try:
            target.run(data)
        except Exception as error:
            error.add_note(f"change {number} of {name}: {data[:200]!r}")
            raise


def test_mutations_are_the_same_every_time() -> None:
    mutate = _tool("fuzz_mutation").mutate
    seeds = [json.dumps({"a": 1}).encode(), b"b" * 40]

    def changed() -> list[bytes]:
        return [mutate(seeds[0], random.Random(n), tokens=(b"[",), others=seeds) for n in range(50)]

    assert changed() == changed()
    assert len(set(changed())) > 30


def test_a_broken_promise_is_seen() -> None:
    wire = _tool("fuzz_wire")
    with pytest.raises(wire.BrokenError):
        wire.converse(wire.plain(), wire.MemorySink(), b"HTTP/1.1 404 Not Found\r\n\r\n", must=True)
