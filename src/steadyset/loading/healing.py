"""Move damaged copies aside and put good ones in their place: in our store, and where Keras looks."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .. import manifests
from ..errors import SteadysetError, StoreError
from ..findings.records import Evidence, Finding, Remedy
from ..findings.report import Report, finding
from ..settings import Settings
from ..store.layout import check
from ..store.quarantine import set_aside
from ..store.writing import coded
from .cold import verdict
from .fetching import fetch_with
from .placing import set_aside as rename_aside
from .session import Session
from .sources import Tier
from .verification import Checked, checked
from .warm import load_with

if TYPE_CHECKING:
    from ..progress import Progress
    from ..transport.records import Limits

State = Literal["planned", "healed", "set-aside", "failing"]
"""What became of a step. ``healed`` is said only of what was read again and proved; ``set-aside`` of a file
that could not be had again while its dataset loads without it."""

_WORDS: dict[State, str] = {"healed": "healed", "set-aside": "moved aside and not needed", "failing": "still failing"}
_TIERS: tuple[Tier, ...] = ("mirrors", "built-in")


class Step(NamedTuple):
    """One thing to heal, and what became of it.

    Attributes:
        name: the dataset as it was asked for.
        bad: what was found, and where.
        action: what is to be done about it.
        moved_to: where the damaged copy is now.
        replaced_by: where the good copy came from.
        error: why it is still failing, or why the file could not be had again.
        state: how it ended.
    """

    name: str
    bad: Checked
    action: str
    moved_to: str | None = None
    replaced_by: str | None = None
    error: SteadysetError | None = None
    state: State = "planned"

    @property
    def found(self) -> Finding:
        """What was found."""
        assert self.bad.found is not None
        return self.bad.found


def heal_with(
    settings: Settings,
    names: Sequence[str] | None,
    *,
    apply: bool = True,
    progress: Progress = None,
    limits: Limits | None = None,
) -> Report:
    """Heal with given settings; see ``steadyset.heal``."""
    check(settings.own)
    plans = {name: _plan(settings, name) for name in names or manifests.names()}
    steps = [step for plan in plans.values() for step in plan]
    if not steps:
        return _report([], "nothing to heal")
    if not apply:
        return _report(steps, f"{_count(steps)} to heal; nothing was changed")
    steps = [s for name, plan in plans.items() if plan for s in _Healing(settings, name, progress, limits).run(plan)]
    return _report(steps, f"{_outcome(steps)}; nothing was deleted")


def _plan(settings: Settings, name: str) -> list[Step]:
    """Return what is damaged and may be moved: layers are other people's and are only told of by verify."""
    steps = []
    for seen in checked(settings, manifests.get(name)):
        if seen.found is None:
            continue
        if seen.kind in ("keras", "leftover"):
            steps.append(Step(name, seen, "rename it and put a verified copy in its place"))
        elif seen.path.startswith(settings.own.root + os.sep):
            steps.append(Step(name, seen, "move it to quarantine and fetch what is missing"))
    return steps


class _Healing:
    """The healing of one dataset: files first, what is made of them next, copies of them last."""

    def __init__(self, settings: Settings, name: str, progress: Progress, limits: Limits | None) -> None:
        self._settings = settings
        self._name = name
        self._manifest = manifests.get(name)
        self._progress = progress
        self._limits = limits

    def run(self, plan: Sequence[Step]) -> list[Step]:
        """Take the steps; each comes back with how it ended."""
        steps = [self._object(step) for step in plan if step.bad.kind == "object"]
        steps += self._all([s for s in plan if s.bad.kind == "array"], self._quarantine, self._load)
        steps += self._all([s for s in plan if s.bad.kind in ("keras", "leftover")], _rename, self._copy)
        now = {seen.path: seen for seen in checked(self._settings, self._manifest)}
        return [self._judged(step, now.get(step.bad.path)) for step in steps]

    def _object(self, step: Step) -> Step:
        """Fetch a file of the store again; the good pieces of the damaged copy are used."""
        path, own = step.bad.path, self._settings.own
        file = next(f for r in self._manifest.recipes for f in r.files if own.object(f.sha256) == path)
        with Session(self._settings, self._manifest, self._progress, self._limits) as session:
            try:
                session.set_aside(path, step.found.name, file.name, file.sha256)
                where: str | None = dict(session.findings[-1].evidence)["now"]
                if where == path:  # once more, to be told why it could not be moved, or that it had gone
                    where = set_aside(own, path, step.found.name)
            except SteadysetError as error:
                return step._replace(error=error)
            step = step._replace(moved_to=where)
            for tier in _TIERS:
                try:
                    content = session.obtain(file, tier)
                except SteadysetError as error:
                    session.failed(error)
                    continue
                if content is not None:
                    return step._replace(replaced_by=content.source)
            return step._replace(error=verdict(session, self._manifest))

    def _all(
        self, steps: Sequence[Step], aside: Callable[[Step], str | None], replace: Callable[[], str]
    ) -> list[Step]:
        """Move all of a kind aside, then have all of them again."""
        moved = []
        for step in steps:
            where, error = _tried(partial(aside, step))
            moved.append(step._replace(moved_to=where, error=error))
        if all(step.error for step in moved):
            return moved
        source, error = _tried(replace)
        return [step if step.error else step._replace(replaced_by=source, error=error) for step in moved]

    def _quarantine(self, step: Step) -> str | None:
        return set_aside(self._settings.own, step.bad.path, step.found.name)

    def _load(self) -> str:
        splits = load_with(self._settings, self._name, verify="full", progress=self._progress, limits=self._limits)
        return splits.provenance.source if splits.provenance else "store"

    def _copy(self) -> str:
        return fetch_with(self._settings, self._name, to="keras", progress=self._progress, limits=self._limits).source

    def _judged(self, step: Step, seen: Checked | None) -> Step:
        """Say how a step ended, from what is there now."""
        if step.error is None and seen is not None and seen.found is None:
            return step._replace(state="healed")
        if seen is None and step.bad.kind == "leftover" and step.error is None:
            return step._replace(state="set-aside")
        if seen is None and step.bad.kind not in ("keras", "leftover") and _tried(self._load)[1] is None:
            return step._replace(state="set-aside")
        return step._replace(state="failing", error=step.error or _why_still(step, seen))


def _tried(act: Callable[[], str | None]) -> tuple[str | None, SteadysetError | None]:
    try:
        return act(), None
    except SteadysetError as error:
        return None, error


def _rename(step: Step) -> str | None:
    with coded(step.bad.path, "moved aside"):
        return rename_aside(step.bad.path, step.found.name)


def _why_still(step: Step, seen: Checked | None) -> SteadysetError:
    """Return the error of a step that went well and whose place is bad all the same."""
    if seen is None or seen.found is None:
        return StoreError("it was had again and is not there", evidence=[("path", step.bad.path)])
    return SteadysetError(seen.found.message, code=seen.found.code, evidence=seen.found.evidence)


def _count(steps: Sequence[Step]) -> str:
    return f"{len(steps)} damaged file{'s' * (len(steps) != 1)}"


def _outcome(steps: Sequence[Step]) -> str:
    counts = Counter(step.state for step in steps)
    if len(counts) == 1:
        return f"{_count(steps)} {_WORDS[steps[0].state]}"
    return f"{_count(steps)}: " + ", ".join(f"{counts[s]} {word}" for s, word in _WORDS.items() if counts[s])


def _findings(steps: Sequence[Step]) -> tuple[Finding, ...]:
    """Return what was done as notes; what is to heal or still fails as errors, one for each cause."""
    failing: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        if step.state == "failing" and step.error is not None:
            failing.setdefault((step.error.code, step.error.message), []).append(step)
    return (*(_finding(step) for step in steps if step.state != "failing"), *map(_still_failing, failing.values()))


def _still_failing(steps: Sequence[Step]) -> Finding:
    """Return what fails for one cause as one finding."""
    error = steps[0].error
    assert error is not None
    names = ", ".join(dict.fromkeys(step.bad.name for step in steps))
    seen = [(label, where) for s in steps for label, where in (("path", s.bad.path), ("moved to", s.moved_to)) if where]
    verb = "is" if names == steps[0].bad.name else "are"
    return finding(
        error.code,
        f"{names} {verb} still failing: {error.message}",
        evidence=dict.fromkeys([*seen, *error.evidence]),
        remedies=error.remedies,
    )


def _finding(step: Step) -> Finding:
    found, error = step.found, step.error
    if step.state == "planned":
        remedy = Remedy(
            "Move it aside and replace it; nothing is deleted.", (("steadyset", "heal", step.name),), "safe"
        )
        seen = [*found.evidence, Evidence("would", step.action)]
        return found._replace(level="error", evidence=tuple(seen), remedies=(remedy,))
    moved = [Evidence("moved to", step.moved_to)] if step.moved_to else []
    replaced = step.replaced_by or (f"nothing: {error.message} [{error.code}]" if error else "nothing")
    seen = [*found.evidence, *moved, Evidence("replaced by", replaced)]
    return found._replace(level="note", evidence=tuple(seen), remedies=())


def _record(step: Step) -> dict[str, Any]:
    return {
        "dataset": step.name,
        "kind": step.bad.kind,
        "name": step.bad.name,
        "path": step.bad.path,
        "code": step.found.code,
        "found": step.found.message,
        "action": step.action,
        "state": step.state,
        "moved_to": step.moved_to,
        "replaced_by": step.replaced_by,
    }


def _report(steps: Sequence[Step], summary: str) -> Report:
    return Report("heal", summary, _findings(steps), extra={"steps": list(map(_record, steps))})
