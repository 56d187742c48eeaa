"""Fetch the published files of a dataset, and put copies where another library looks for them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .. import manifests
from ..errors import ArgumentError, DataError, FetchError, SteadysetError, StoreError
from ..findings.records import Finding
from ..findings.report import finding
from ..manifests.records import FileSpec, Manifest, Recipe
from ..settings import Settings
from ..store.layout import check
from ..store.space import require
from ..transport.records import Attempt, Limits
from .cold import verdict
from .placing import place, place_unpacked
from .session import Content, Session
from .sources import Tier

if TYPE_CHECKING:
    from ..progress import Progress

_TIERS: tuple[Tier | None, ...] = (None, "mirrors", "built-in")


class FetchRecord(NamedTuple):
    """What one fetch did: the paths of the files, and the record of how they were had."""

    dataset: str
    paths: tuple[str, ...]
    recipe: str
    source: str
    attempts: tuple[Attempt, ...]
    bytes_downloaded: int
    seconds: float
    findings: tuple[Finding, ...]


def fetch_with(
    settings: Settings,
    name: str,
    *,
    to: str | os.PathLike[str] | None = None,
    progress: Progress = None,
    limits: Limits | None = None,
) -> FetchRecord:
    """Fetch a dataset's files with given settings; see ``steadyset.fetch``."""
    begun = time.perf_counter()
    manifest = manifests.get(name)
    check(settings.own)
    recipes, root = _destination(manifest, to)
    with Session(settings, manifest, progress, limits) as session:
        if root is not None:
            _require_room(recipes[0], to, root)
        recipe, contents = _first(session, recipes)
        paths = tuple(_deliver(session, recipe, c, to, root) for c in contents)
        return FetchRecord(
            dataset=manifest.name,
            paths=paths,
            recipe=recipe.name,
            source=", ".join(dict.fromkeys(c.source for c in contents)),
            attempts=tuple(session.attempts),
            bytes_downloaded=session.downloaded,
            seconds=time.perf_counter() - begun,
            findings=tuple(session.findings),
        )


def _destination(manifest: Manifest, to: str | os.PathLike[str] | None) -> tuple[list[Recipe], str | None]:
    """Return the recipes that serve a destination, and the directory it stands for."""
    recipes = [r for r in manifest.recipes if r.files]
    if not recipes:
        raise ArgumentError(f"{manifest.name} has no files; it is made on this machine")
    if to is None:
        return recipes, None
    if to in ("keras", "torchvision"):
        fitting = [r for r in recipes if to in r.places]
        if not fitting:
            raise ArgumentError(
                f"{to} has no place for {manifest.name}", evidence=[("dataset", manifest.name), ("to", str(to))]
            )
        return fitting, keras_home() if to == "keras" else os.path.abspath("data")
    if not os.fspath(to):
        raise ArgumentError("the directory to put the files into is empty", evidence=[("to", repr(to))])
    root = os.path.abspath(os.path.expanduser(os.fspath(to)))
    if os.path.lexists(root) and not os.path.isdir(root):
        raise ArgumentError(f"{root} is not a directory", evidence=[("to", root)])
    return recipes, root


def _target(recipe: Recipe, file: FileSpec, to: str | os.PathLike[str] | None, root: str) -> str:
    pattern = recipe.places[str(to)] if to in ("keras", "torchvision") else "{file}"
    return os.path.join(root, *pattern.format(file=file.name).split("/"))


def _require_room(recipe: Recipe, to: str | os.PathLike[str] | None, root: str) -> None:
    """Ask for room at the destination before the first byte is fetched."""
    missing = sum(file.size for file in recipe.files if not os.path.isfile(_target(recipe, file, to, root)))
    require(root, missing, "the copies")


def keras_home() -> str:
    """Return Keras' own directory: ``KERAS_HOME``, else ``~/.keras`` (``keras/src/utils/file_utils.py``)."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


def _first(session: Session, recipes: Sequence[Recipe]) -> tuple[Recipe, list[Content]]:
    """Return the files of the first recipe that can be had, and proved, from the first tier that has it."""
    for tier in _TIERS:
        for recipe in recipes:
            try:
                contents = _whole(session, recipe, tier)
            except (FetchError, DataError, StoreError) as error:
                session.failed(error)
                continue
            if contents is not None:
                return recipe, contents
    raise verdict(session, session.manifest)


def _whole(session: Session, recipe: Recipe, tier: Tier | None) -> list[Content] | None:
    for _ in range(2):
        contents = session.obtain_all(recipe.files, tier)
        if contents is None:
            return None
        held = [c for c in contents if c.source == "store"]
        if not session.set_damaged_aside(held):
            return contents
    return None


def _deliver(
    session: Session, recipe: Recipe, content: Content, to: str | os.PathLike[str] | None, root: str | None
) -> str:
    """Put one file where it was asked for and return its path."""
    if root is None:
        if content.path is None:
            raise _unkept(session, content)
        return content.path
    target = _target(recipe, content.file, to, root)
    aside = place(content.path, content.data, target, sha256=content.file.sha256)
    if aside is not None:
        session.findings.append(_moved(target, aside))
    if to == "torchvision" and target.endswith(".gz"):
        place_unpacked(target, target.removesuffix(".gz"))
    return target


def _unkept(session: Session, content: Content) -> SteadysetError:
    """Return why a file that was fetched has no place to be."""
    message = f"{content.file.name} was fetched, but the store cannot be written"
    error = session.store_error
    if error is None:
        return StoreError(message, evidence=[("store", session.own.root)])
    error.message = f"{message}: {error.message}"
    return error


def _moved(target: str, aside: str) -> Finding:
    return finding(
        "SS203",
        f"{target} was not the recorded file and was renamed",
        level="note",
        evidence=[("was", target), ("now", aside)],
        remedies=(),
    )
