"""Move damaged copies aside and put good ones in their place: in our store, and where Keras looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import manifests
from ..errors import SteadysetError
from ..findings.records import Evidence, Finding
from ..findings.report import Report, finding
from ..settings import Settings
from ..store.layout import check
from ..store.quarantine import set_aside
from ..store.writing import coded
from .fetching import fetch_with
from .placing import set_aside as rename_aside
from .verification import Checked, checked
from .warm import load_with


class Step(NamedTuple):
    """One thing to heal: the dataset as it was asked for, what was found, and what is to be done about it."""

    name: str
    bad: Checked
    action: str


def heal_with(settings: Settings, names: Sequence[str] | None, *, apply: bool = True) -> Report:
    """Heal with given settings; see ``steadyset.heal``."""
    check(settings.own)
    steps = [step for name in names or manifests.names() for step in _plan(settings, name)]
    if not apply:
        return _report(tuple(_planned(step) for step in steps), f"{_count(steps)} to heal; nothing was changed", steps)
    findings = [_set_aside(settings, step) for step in steps]
    findings += _replace(settings, steps)
    failed = sum(f.level == "error" for f in findings)
    summary = f"{failed} still failing" if failed else f"{_count(steps)} healed; nothing was deleted"
    return _report(tuple(findings), summary if steps else "nothing to heal", steps)


def _plan(settings: Settings, name: str) -> list[Step]:
    """Return what is damaged and may be moved: layers are other people's and are only told of by verify."""
    steps = []
    for seen in checked(settings, manifests.get(name)):
        if seen.found is None:
            continue
        if seen.kind == "keras":
            steps.append(Step(name, seen, "rename it and put a verified copy in its place"))
        elif seen.path.startswith(settings.own.root):
            steps.append(Step(name, seen, "move it to quarantine and fetch what is missing"))
    return steps


def _count(steps: Sequence[Step]) -> str:
    return f"{len(steps)} damaged file{'s' * (len(steps) != 1)}"


def _planned(step: Step) -> Finding:
    found = step.bad.found
    assert found is not None
    return found._replace(evidence=(*found.evidence, Evidence("would", step.action)), remedies=())


def _set_aside(settings: Settings, step: Step) -> Finding:
    found = step.bad.found
    assert found is not None
    try:
        if step.bad.kind == "keras":
            with coded(step.bad.path, "moved aside"):
                where = rename_aside(step.bad.path, found.name)
        else:
            where = set_aside(settings.own, step.bad.path, found.name)
    except SteadysetError as error:
        return _failing(error, step)
    return found._replace(level="note", evidence=(*found.evidence, Evidence("now", where or "gone")), remedies=())


def _replace(settings: Settings, steps: Sequence[Step]) -> list[Finding]:
    """Put good copies where the bad ones were; return what could not be had."""
    failing = []
    for name, keras in dict.fromkeys((s.name, s.bad.kind == "keras") for s in steps):
        step = next(s for s in steps if (s.name, s.bad.kind == "keras") == (name, keras))
        try:
            if keras:
                fetch_with(settings, name, to="keras", progress=None)
            else:
                load_with(settings, name, verify="full", progress=None)
        except SteadysetError as error:
            failing.append(_failing(error, step))
    return failing


def _failing(error: SteadysetError, step: Step) -> Finding:
    return finding(
        error.code,
        f"{step.bad.name} is still failing: {error.message}",
        evidence=[("path", step.bad.path), *error.evidence],
        remedies=error.remedies,
    )


def _report(findings: tuple[Finding, ...], summary: str, steps: Sequence[Step]) -> Report:
    records: list[dict[str, Any]] = [
        {"dataset": s.name, "kind": s.bad.kind, "path": s.bad.path, "action": s.action} for s in steps
    ]
    return Report("heal", summary, findings, extra={"steps": records})
