"""The warm path: decoded arrays that are in the store already. Imports numpy and little else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .. import manifests
from ..manifests.records import Manifest
from ..settings import Settings
from ..splits import Provenance, Split, Splits
from ..store.arrays import Bad, Held, take
from ..store.layout import Layout, check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..findings.records import Finding
    from ..progress import Progress
    from ..store.arrays import Verify
    from ..transport.records import Limits

_VERIFIED = {
    "fast": "XXH3-128 of every array",
    "full": "SHA-256 of every array",
    "stat": "size and time of every array's file",
}


def load_with(
    settings: Settings,
    name: str,
    *,
    verify: Verify = "fast",
    progress: Progress = None,
    limits: Limits | None = None,
) -> Splits:
    """Load a dataset with given settings; see ``steadyset.load``."""
    begun = time.perf_counter()
    manifest = manifests.get(name)
    check(settings.own)
    held, bad = _take_all(settings, manifest, verify)
    if len(held) == len(manifest.arrays):
        return _from_store(settings, manifest, held, verify, begun)
    from .cold import load_cold

    return load_cold(settings, manifest, bad, verify=verify, progress=progress, limits=limits, begun=begun)


def _take_all(
    settings: Settings, manifest: Manifest, verify: Verify
) -> tuple[dict[str, Held], list[tuple[Layout, Bad]]]:
    """Take every array of the contract from the first store that holds it, undamaged."""
    held: dict[str, Held] = {}
    bad: list[tuple[Layout, Bad]] = []
    for name, spec in manifest.arrays.items():
        for layout in settings.layouts:
            found = take(layout, spec, verify)
            if isinstance(found, Held):
                held[name] = found
                break
            if found is not None:
                bad.append((layout, found))
        else:
            return held, bad
    return held, bad


def _from_store(settings: Settings, manifest: Manifest, held: dict[str, Held], verify: Verify, begun: float) -> Splits:
    origin = next(iter(held.values())).seal.origin
    provenance = Provenance(
        dataset=manifest.name,
        source="store",
        recipe=str(origin.get("recipe", "")),
        origin=str(origin.get("source", "")),
        verified=_VERIFIED[verify],
        equivalent=bool(origin.get("equivalent", False)),
        seconds=time.perf_counter() - begun,
        findings=() if all(h.mapped for h in held.values()) else _unmapped(settings),
    )
    return as_splits(manifest, {name: h.array for name, h in held.items()}, provenance)


def _unmapped(settings: Settings) -> tuple[Finding, ...]:
    from .unstored import NO_MAPS, limited

    return (limited(settings.own, NO_MAPS),)


def as_splits(manifest: Manifest, arrays: dict[str, NDArray[Any]], provenance: Provenance) -> Splits:
    """Arrange the arrays of a contract as splits."""
    train, test = manifest.splits["train"], manifest.splits["test"]
    splits = Splits(Split(arrays[train.x], arrays[train.y]), Split(arrays[test.x], arrays[test.y]))
    splits.provenance = provenance
    splits.label_names = manifest.label_names
    return splits
