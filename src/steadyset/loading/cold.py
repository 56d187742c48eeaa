"""The cold path: from whatever place has the bytes to arrays that are proved and stored."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..decode.contract import check
from ..errors import DataError, FetchError, NoSourceError, NotStoredError, SteadysetError, StoreError
from ..findings.records import Evidence
from ..manifests.records import Manifest, Recipe
from ..settings import Settings
from ..splits import Provenance, Splits
from ..store.arrays import Bad, Held, nbytes, put, take
from ..store.layout import Layout
from ..store.locking import hold
from ..store.space import require
from .decoding import Arrays, decode
from .equivalents import Equivalent, find_equivalent
from .session import Content, Session, opened, prepare
from .sources import Tier
from .warm import as_splits

if TYPE_CHECKING:
    from ..progress import Progress
    from ..store.arrays import Verify
    from ..transport.records import Limits

# Storing arrays takes seconds; whoever has not done it by then is not waited for.
_PATIENCE = 60.0
_TIERS: tuple[Tier | None, ...] = (None, "mirrors", "built-in")


def load_cold(
    settings: Settings,
    manifest: Manifest,
    bad: Sequence[tuple[Layout, Bad]],
    *,
    verify: Verify,
    progress: Progress,
    limits: Limits | None = None,
    begun: float,
) -> Splits:
    """Load a dataset whose decoded arrays are not in the store, or are damaged there."""
    with Session(settings, manifest, progress, limits) as session:
        session.room = sum(nbytes(spec) for spec in manifest.arrays.values())
        if any(what.paths for _, what in bad):
            with _arrays_held(session, manifest):
                _set_bad_aside(session, manifest, verify)
        found = _first(session, manifest)
        arrays = _stored(session, manifest, found, verify)
        provenance = Provenance(
            dataset=manifest.name,
            source=found.source,
            recipe=found.recipe,
            origin=found.source,
            verified="SHA-256 of every array" if found.equivalent else "SHA-256 of every file, then every array",
            equivalent=found.equivalent,
            attempts=tuple(session.attempts),
            bytes_downloaded=session.downloaded,
            seconds=time.perf_counter() - begun,
            findings=(*session.findings, *found.findings),
        )
        return as_splits(manifest, arrays, provenance)


@contextlib.contextmanager
def _arrays_held(session: Session, manifest: Manifest) -> Iterator[None]:
    """Keep neighbours from storing the arrays meanwhile, so that nothing they have just healed is moved."""
    key = next(iter(manifest.arrays.values())).sha256
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(StoreError):  # a store that cannot be written has no neighbours who write
            stack.enter_context(hold(session.own, f"arrays-{key}", patience=_PATIENCE, lockless=session.say_lockless))
        yield


def _set_bad_aside(session: Session, manifest: Manifest, verify: Verify) -> None:
    """Move aside the arrays that are damaged, unless a neighbour has replaced them meanwhile."""
    for layout in session.settings.layouts:
        for name, spec in manifest.arrays.items():
            what = take(layout, spec, verify)
            if isinstance(what, Bad):
                _set_array_aside(session, f"{name} of {manifest.name}", what)


def _set_array_aside(session: Session, name: str, what: Bad) -> None:
    array, *others = what.paths or ("",)
    if array:
        session.set_aside(array, what.reason, name, array)
    for path in others:
        session.set_aside_quietly(path, what.reason)


def _first(session: Session, manifest: Manifest) -> Equivalent:
    """Return the arrays from the first place that has them: the store, a mirror, a built-in source."""
    for tier in _TIERS:
        for recipe in manifest.recipes:
            try:
                found = _from_tier(session, manifest, recipe, tier)
            except SteadysetError as error:
                if not isinstance(error, FetchError | DataError | StoreError):
                    raise
                session.failed(error)
                found = None
            if found is None and tier == "mirrors" and recipe.files:
                found = find_equivalent(session, manifest, recipe)
            if found is not None:
                return found
    raise verdict(session, manifest)


def _from_tier(session: Session, manifest: Manifest, recipe: Recipe, tier: Tier | None) -> Equivalent | None:
    if not recipe.files:
        return _generated(manifest, recipe) if tier == "built-in" else None
    for again in (True, False):
        contents = session.obtain_all(recipe.files, tier)
        if contents is None:
            return None
        try:
            return decoded(manifest, recipe, contents)
        except (DataError, StoreError):
            if not session.set_damaged_aside(contents) or not again:
                raise
    return None


def decoded(manifest: Manifest, recipe: Recipe, contents: Sequence[Content]) -> Equivalent:
    """Decode files whose digests were proved, and check the arrays against the contract.

    Raises:
        DataError: a file is damaged after all, or is something else.
    """
    with contextlib.ExitStack() as stack:
        buffers = {c.file.name: stack.enter_context(opened(c)) for c in contents}
        arrays = decode(manifest, recipe, buffers)
        check(arrays, manifest.arrays, strong=False)
    sources = dict.fromkeys(c.source for c in contents)
    return Equivalent(arrays, ", ".join(sources), recipe.name, equivalent=False)


def _generated(manifest: Manifest, recipe: Recipe) -> Equivalent:
    arrays = decode(manifest, recipe, {})
    check(arrays, manifest.arrays, strong=True)
    return Equivalent(arrays, "drawn on this machine", recipe.name, equivalent=False)


def _stored(session: Session, manifest: Manifest, found: Equivalent, verify: Verify) -> Arrays:
    """Store the arrays and hand out private maps of what was stored; or the arrays themselves."""
    if session.in_memory:
        return found.arrays
    origin = {"source": found.source, "recipe": found.recipe, "equivalent": found.equivalent}
    try:
        prepare(session.own)
        with _arrays_held(session, manifest):
            missing = [s for s in manifest.arrays.values() if not os.path.isfile(session.own.array(s.sha256))]
            require(session.own.root, sum(nbytes(spec) for spec in missing), f"the arrays of {manifest.name}")
            return {name: _store_one(session, manifest, name, found, origin, verify) for name in manifest.arrays}
    except StoreError as error:
        session.give_up_store(error)
        return found.arrays


def _store_one(
    session: Session, manifest: Manifest, name: str, found: Equivalent, origin: dict[str, Any], verify: Verify
) -> Any:
    spec = manifest.arrays[name]
    there = take(session.own, spec, verify)
    if not isinstance(there, Held):
        if there is not None:
            _set_array_aside(session, f"{name} of {manifest.name}", there)
        if os.path.isdir(session.own.seal(spec.sha256)):
            session.set_aside_quietly(session.own.seal(spec.sha256), "not-a-file")
        if os.path.lexists(session.own.array(spec.sha256)):
            return found.arrays[name]  # what is bad cannot be moved aside, and is not to be lost
        put(session.own, spec, found.arrays[name], origin)
        there = take(session.own, spec, verify)
    if not isinstance(there, Held):
        return found.arrays[name]  # what was written does not read back as it was: a failing disk
    if not there.mapped:
        session.say_unmapped()
    return there.array


def verdict(session: Session, manifest: Manifest) -> SteadysetError:
    """Return the error that says why a dataset could not be had."""
    errors = session.errors
    if session.settings.offline and all(isinstance(e, FetchError) for e in errors):
        return NotStoredError(
            f"{manifest.name} is not on this machine, and contacting anybody was ruled out",
            evidence=[("store", session.own.root), *(line for e in errors for line in _reasons(e))],
        )
    if not errors:
        return FetchError(f"{manifest.name} has no source", code="SS132")
    if len({e.code for e in errors}) == 1:
        return _same_cause(manifest, errors)
    error = NoSourceError(
        f"{manifest.name} could not be had from anywhere",
        evidence=[line for e in errors for line in _reasons(e)],
    )
    error.failures = ExceptionGroup(error.message, errors)
    error.attempts = tuple(session.attempts)
    return error


def _same_cause(manifest: Manifest, errors: Sequence[SteadysetError]) -> SteadysetError:
    """Return one error for several of the same code, with the evidence of all."""
    first, *others = errors
    first.message = f"{manifest.name} could not be had: {first.message}"
    seen = [*first.evidence, *(line for e in others for line in _reasons(e))]
    first.evidence = tuple(Evidence(label, value) for label, value in dict.fromkeys(seen))
    return first.with_traceback(None)


def _reasons(error: SteadysetError) -> list[tuple[str, str]]:
    if isinstance(error, NoSourceError):
        return list(error.evidence)
    seen = dict(error.evidence)
    where = next((seen[label] for label in ("copy", "url", "path", "host") if label in seen), "source")
    return [(where, f"{error.message} [{error.code}]")]
