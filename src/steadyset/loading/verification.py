"""Read everything that is stored of a dataset and compare it with the recorded digests. Changes nothing."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .. import manifests
from ..findings.records import Finding, Level, Location
from ..findings.report import Report, finding
from ..manifests.records import FileSpec, Manifest
from ..settings import Settings
from ..sniff import sniff
from ..store.arrays import Bad, Held, take
from ..store.layout import Layout, check
from ..store.objects import sha256_of
from .beside import beside, was_moved_aside
from .fetching import keras_home


class Checked(NamedTuple):
    """One stored thing: what it is, where, and what is wrong with it (None: nothing)."""

    kind: str
    name: str
    path: str
    found: Finding | None


def verify_with(settings: Settings, names: Sequence[str] | None) -> Report:
    """Verify with given settings; see ``steadyset.verify``."""
    check(settings.own)
    wanted = [manifests.get(n) for n in names] if names else [manifests.get(n) for n in manifests.names()]
    findings: list[Finding] = []
    records: list[dict[str, Any]] = []
    total = 0
    for manifest in wanted:
        begun = time.perf_counter()
        seen = list(checked(settings, manifest))
        bad = [c.found for c in seen if c.found is not None]
        findings += bad
        total += len(seen)
        if seen or names:
            records.append(_record(manifest, seen, time.perf_counter() - begun))
    return Report("verify", _summary(total, findings), tuple(findings), tuple(records))


def _summary(total: int, findings: Sequence[Finding]) -> str:
    if not total:
        return "nothing stored yet; steadyset load mnist"
    bad = sum(f.level == "error" for f in findings)
    count = f"{total} stored file{'s' * (total != 1)}"
    if bad:
        return f"{bad} of {count} damaged"
    noted = f"; {len(findings)} found damaged elsewhere" if findings else ""
    return f"{count} verified{noted}"


def _record(manifest: Manifest, seen: list[Checked], seconds: float) -> dict[str, Any]:
    arrays = {c.name for c in seen if c.kind == "array" and c.found is None}
    return {
        "name": manifest.name,
        "ok": not any(c.found is not None and c.found.level == "error" for c in seen),
        "source": "store",
        "recipe": "",
        "attempts": [],
        "bytes_downloaded": 0,
        "seconds": round(seconds, 4),
        "arrays": {
            name: {"shape": list(spec.shape), "dtype": spec.dtype, "sha256": spec.sha256}
            for name, spec in manifest.arrays.items()
            if name in arrays
        },
        "stored": [{"kind": c.kind, "name": c.name, "path": c.path, "ok": c.found is None} for c in seen],
    }


def checked(settings: Settings, manifest: Manifest) -> Iterator[Checked]:
    """Read what is stored of a dataset, in the stores and in Keras' cache, and judge each thing."""
    for layout in settings.layouts:
        yield from _objects(layout, manifest)
        yield from _arrays(layout, manifest)
    yield from _keras(manifest)


def _objects(layout: Layout, manifest: Manifest) -> Iterator[Checked]:
    for recipe in manifest.recipes:
        for file in recipe.files:
            path = layout.object(file.sha256)
            if os.path.lexists(path):
                yield Checked("object", file.name, path, _judge_file(path, file, "error"))


def _arrays(layout: Layout, manifest: Manifest) -> Iterator[Checked]:
    for name, spec in manifest.arrays.items():
        found = take(layout, spec, "full")
        path = layout.array(spec.sha256)
        if isinstance(found, Held):
            yield Checked("array", name, path, None)
        elif isinstance(found, Bad):
            problem = finding(
                "SS206" if found.reason.startswith("unreadable") else "SS203",
                f"the stored array {name} of {manifest.name} is damaged",
                evidence=[("path", path), ("because", found.reason)],
                location=Location(path),
            )
            yield Checked("array", name, path, problem)


def _keras(manifest: Manifest) -> Iterator[Checked]:
    """The file that the stock loader will use. Damage there does not hurt our loads: a warning."""
    for recipe in manifest.recipes:
        pattern = recipe.places.get("keras")
        for file in recipe.files if pattern else ():
            path = os.path.join(keras_home(), *str(pattern).format(file=file.name).split("/"))
            judged = _judge_file(path, file, "warning") if os.path.lexists(path) else _judge_absence(path, file)
            if os.path.lexists(path) or judged:
                yield Checked("keras", file.name, path, judged)
            if judged or not os.path.lexists(path):
                yield from _leftovers(path)


def _judge_absence(path: str, file: FileSpec) -> Finding | None:
    if not was_moved_aside(path):
        return None
    message = f"{file.name} was moved aside and nothing is in its place"
    return finding("SS202", message, level="warning", evidence=[("path", path)], location=Location(path))


def _leftovers(path: str) -> Iterator[Checked]:
    """What lies beside a place where the file is missing or bad."""
    for other in beside(path):
        name = os.path.basename(other.path)
        problem = finding(
            other.code,
            f"{name} is {other.what}; no loader reads it there",
            level="warning",
            evidence=[("path", other.path)],
            location=Location(other.path),
        )
        yield Checked("leftover", name, other.path, problem)


def _judge_file(path: str, file: FileSpec, level: Level) -> Finding | None:
    """Say what is wrong with a file that should be the recorded one."""
    where = Location(path)
    in_place = _not_a_file(path)
    if in_place:
        message = f"{in_place} stands in place of {file.name}"
        return finding("SS204", message, level=level, evidence=[("path", path)], location=where)
    try:
        size, digest = os.path.getsize(path), sha256_of(path)
        if digest == file.sha256:
            return None
        with open(path, "rb") as opened:
            kind = sniff(opened.read(4096), size=size)
    except OSError as error:
        seen = [("path", path), ("system", error.strerror or str(error))]
        return finding("SS206", f"{file.name} cannot be read", level=level, evidence=seen, location=where)
    seen = [("path", path), ("bytes", f"{size}, expected {file.size}"), ("it is", kind.description)]
    expected = "gzip" if file.name.endswith(".gz") else "zip"
    if kind.name == "gzip" != expected:
        code, what = "SS205", "is packed once more than its name says"
    elif kind.name != expected:
        code, what = "SS204", f"is {kind.description}"
    elif size < file.size:
        code, what = "SS202", f"ends at byte {size} of {file.size}"
    else:
        code, what = "SS203", "is not the recorded file"
    return finding(code, f"{file.name} {what}", level=level, evidence=seen, location=where)


def _not_a_file(path: str) -> str:
    """Return what stands at a place where a file should be and is none; nothing when it is one."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return "a link to a file that is not there"
    except OSError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    return "a directory" if stat.S_ISDIR(mode) else "something that is no file"
