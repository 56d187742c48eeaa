"""The errors: the tree in the docstring is the real one, and every error carries what it promises."""

from __future__ import annotations

import builtins
import copy
import inspect
import pickle
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

import steadyset
from steadyset import errors
from steadyset.errors import SteadysetError, SteadysetWarning
from steadyset.findings.catalogue import entries
from steadyset.findings.records import Evidence, Remedy

SOURCES = Path(steadyset.__file__).parent
CLASSES = {
    name: thing
    for name, thing in vars(errors).items()
    if inspect.isclass(thing) and issubclass(thing, Warning | Exception) and thing.__module__ == errors.__name__
}
ERRORS = [kind for kind in CLASSES.values() if issubclass(kind, SteadysetError)]


def through(dump: Callable[[object], bytes], error: SteadysetError) -> SteadysetError:
    twin: SteadysetError = pickle.loads(dump(error))
    return twin


PROTOCOLS = [partial(pickle.dumps, protocol=number) for number in range(pickle.HIGHEST_PROTOCOL + 1)]
COPIES: dict[str, Callable[[SteadysetError], SteadysetError]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle-{number}": partial(through, dump) for number, dump in enumerate(PROTOCOLS)},
}

each = pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)


class Drawn(NamedTuple):
    """One class as it is drawn: its name, the class it hangs under, its standard base and its codes."""

    name: str
    parent: str | None
    standard: str | None
    codes: tuple[str, ...]


def drawn() -> dict[str, Drawn]:
    """Read the tree in the docstring; what stands further right hangs under what stands further left."""
    found: dict[str, Drawn] = {}
    open_branches: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"[\s│├└─]*([A-Z]\w+(?:Error|Warning))\b(.*)", line)
        if not match or not line.startswith("    "):
            continue
        name, rest = match.groups()
        column = match.start(1)
        open_branches = [(at, other) for at, other in open_branches if at < column]
        parent = open_branches[-1][1] if open_branches else None
        open_branches.append((column, name))
        bracket = re.search(r"\((\w+)\)", rest)
        standard = bracket[1] if bracket and hasattr(builtins, bracket[1]) else None
        found[name] = Drawn(name, parent, standard, tuple(re.findall(r"SS\d{3}", rest)))
    return found


TREE = drawn()


def complete(kind: type[SteadysetError]) -> SteadysetError:
    return kind(
        "it failed",
        code="SS901",
        evidence=[("host", "example.org"), ("bytes", "12")],
        remedies=[Remedy("Wait.", (("steadyset", "load", "mnist"),))],
    )


def test_the_tree_in_the_docstring_shows_every_class() -> None:
    assert sorted(TREE) == sorted(CLASSES)


@pytest.mark.parametrize("node", TREE.values(), ids=lambda node: node.name)
def test_the_tree_in_the_docstring_is_the_real_one(node: Drawn) -> None:
    bases = [base.__name__ for base in CLASSES[node.name].__bases__]
    if node.parent is None:
        assert bases == [node.standard or "Exception"]
    else:
        assert bases == [name for name in (node.parent, node.standard) if name]


@each
def test_the_default_code_is_among_those_in_the_tree(kind: type[SteadysetError]) -> None:
    codes = TREE[kind.__name__].codes
    assert not codes or kind.default_code in codes


def test_every_class_is_public() -> None:
    assert sorted(errors.__all__) == sorted(CLASSES)


@each
def test_the_default_code_is_in_the_catalogue(kind: type[SteadysetError]) -> None:
    assert kind.default_code in entries()
    assert set(TREE[kind.__name__].codes) <= set(entries())


@each
def test_a_class_is_also_an_error_that_people_already_catch(kind: type[SteadysetError]) -> None:
    standard = {base for base in kind.__mro__ if base.__module__ == "builtins"}
    assert kind is SteadysetError or standard - {Exception, BaseException, object}


def test_a_warning_is_a_user_warning_and_no_error() -> None:
    assert issubclass(SteadysetWarning, UserWarning)
    assert not issubclass(SteadysetWarning, SteadysetError)


@each
@pytest.mark.parametrize("way", COPIES)
def test_an_error_survives_copying_and_pickling(kind: type[SteadysetError], way: str) -> None:
    original = complete(kind)
    twin = COPIES[way](original)
    assert type(twin) is kind
    assert (twin.message, twin.code) == ("it failed", "SS901")
    assert twin.evidence == original.evidence
    assert all(isinstance(row, Evidence) for row in twin.evidence)
    assert twin.remedies == original.remedies
    assert str(twin) == str(original)
    assert twin.args == original.args


@pytest.mark.parametrize("way", COPIES)
def test_the_causes_of_an_error_survive_copying_and_pickling(way: str) -> None:
    error = errors.NoSourceError("none delivered")
    error.failures = ExceptionGroup("sources", [complete(errors.ProxyError)])
    twin = COPIES[way](error)
    assert isinstance(twin, errors.NoSourceError)
    assert twin.failures is not None
    assert [str(cause) for cause in twin.failures.exceptions] == [str(complete(errors.ProxyError))]


@each
def test_without_remedies_the_catalogue_gives_them(kind: type[SteadysetError]) -> None:
    error = kind("it failed")
    assert error.code == kind.default_code
    assert error.remedies == entries()[kind.default_code].remedies
    assert kind("it failed", remedies=[]).remedies == ()


def test_a_code_outside_of_the_catalogue_has_no_remedies() -> None:
    assert SteadysetError("it failed", code="SS000").remedies == ()


@each
def test_the_text_says_what_happened_what_was_seen_and_what_to_do(kind: type[SteadysetError]) -> None:
    assert str(complete(kind)).splitlines() == [
        "[SS901] it failed",
        "    host   example.org",
        "    bytes  12",
        "  Do      Wait.",
        "            steadyset load mnist",
        "  More    steadyset explain SS901",
    ]


def test_evidence_is_kept_as_text() -> None:
    error = SteadysetError("it failed", evidence=iter([("bytes", 12)]))  # type: ignore[arg-type]
    assert error.evidence == (Evidence("bytes", "12"),)


def test_a_note_added_to_an_error_does_not_break_pickling() -> None:
    error = complete(errors.TLSError)
    error.add_note("seen twice")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_every_code_in_the_sources_is_in_the_catalogue() -> None:
    unknown = {
        f"{path.relative_to(SOURCES)}: {code}"
        for path in SOURCES.rglob("*.py")
        for code in re.findall(r"\bSS\d{3}\b", path.read_text(encoding="utf-8"))
        if code not in entries()
    }
    assert unknown == set()
