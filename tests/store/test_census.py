from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import tiny
from steadyset import manifests
from steadyset.errors import StoreError
from steadyset.loading.fetching import fetch_with
from steadyset.loading.warm import load_with
from steadyset.settings import Settings
from steadyset.store.census import Item, census, holding, totals
from steadyset.store.layout import Layout
from steadyset.store.partials import Partial
from steadyset.store.quarantine import set_aside

KEY = "ab" * 32


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "store"))


def put(layout: Layout, *parts: str, size: int = 10) -> Path:
    path = Path(layout.root, *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def kinds(layout: Layout) -> list[str]:
    return [item.kind for item in census(layout)]


def test_an_absent_store_has_nothing_in_it(layout: Layout) -> None:
    assert census(layout) == []
    assert not Path(layout.root).exists()


def test_marks_and_locks_are_left_out(layout: Layout) -> None:
    put(layout, "store.json")
    put(layout, "locks", f"{KEY}.lock")
    assert census(layout) == []


def test_what_a_load_leaves(tmp_path: Path, layout: Layout) -> None:
    data = tiny.make(tmp_path / "m")
    load_with(Settings(layout.root, (str(data.mirror(tmp_path / "mirror")),)), data.name)
    assert kinds(layout) == ["object", *["array"] * 4]
    sizes = sum(
        p.stat().st_size for kind in ("objects", "arrays") for p in Path(layout.root, kind).rglob("*.*") if p.is_file()
    )
    arrays = [item for item in census(layout) if item.kind == "array"]
    assert sum(item.size for item in arrays) == sizes
    assert all(item.companions for item in arrays)


def test_things_are_named_by_the_manifests(layout: Layout) -> None:
    mnist = manifests.get("mnist")
    file = mnist.recipes[0].files[0]
    put(layout, "objects", file.sha256[:2], file.sha256)
    array = mnist.arrays["x_train"]
    put(layout, "arrays", array.sha256[:2], f"{array.sha256}.npy")
    put(layout, "objects", "ab", KEY)
    named = {(item.name, item.dataset) for item in census(layout)}
    assert named == {("mnist.npz", "mnist"), ("x_train", "mnist"), ("", "")}


def test_an_unfinished_download_with_its_journal(layout: Layout) -> None:
    with Partial(layout, KEY, "f.npz") as partial:
        partial.write_at(0, bytes(100))
    (item,) = census(layout)
    assert (item.kind, item.key, item.name, item.path) == ("unfinished", KEY, "f.npz", partial.path)
    assert item.companions == (partial.journal,)
    assert item.size == 100 + os.path.getsize(partial.journal)
    os.unlink(partial.journal)
    assert census(layout)[0].name == ""


def test_a_claimed_download_is_unfinished_too(layout: Layout) -> None:
    put(layout, "partials", f"{KEY}.12-0123abcd.claimed")
    assert kinds(layout) == ["unfinished"]


def test_something_quarantined_is_as_old_as_its_move(layout: Layout) -> None:
    path = put(layout, "objects", "ab", KEY)
    os.utime(path, (1.0, 1.0))
    set_aside(layout, str(path), "digest-mismatch")
    (item,) = census(layout)
    assert (item.kind, item.key) == ("quarantined", KEY)
    assert abs(item.since - time.time()) < 60


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (("objects", "ab", f"{KEY}.77-0123abcd.tmp"), "leftover"),
        (("arrays", "ab", f"{KEY}.npy.77-0123abcd.tmp"), "leftover"),
        (("arrays", "ab", f"{KEY}.json"), "leftover"),
        (("partials", f"{KEY}.77-0123abcd.json"), "leftover"),
        (("partials", f"{KEY}.77-0123abcd.json.tmp"), "leftover"),
        (("objects", "ab", "notes.txt"), "other"),
        (("objects", "ab", "thesis.tmp"), "other"),
        (("arrays", "ab", "mine.npy"), "other"),
        (("partials", "mine.json"), "other"),
        (("quarantine", "mine.txt"), "other"),
        (("quarantine", "99999999T999999Z-x-1-0123abcd-f"), "quarantined"),
    ],
    ids=lambda value: "/".join(value)[-24:] if isinstance(value, tuple) else value,
)
def test_what_else_may_lie_there(layout: Layout, parts: tuple[str, ...], kind: str) -> None:
    path = put(layout, *parts)
    (item,) = census(layout)
    assert (item.kind, item.path, item.size) == (kind, str(path), 10)


def test_directories_are_not_counted(layout: Layout) -> None:
    Path(layout.root, "objects", "ab", KEY).mkdir(parents=True)
    Path(layout.quarantine, "20260101T000000Z-x-1-0123abcd-d").mkdir(parents=True)
    assert census(layout) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a directory that cannot be read")
def test_a_directory_that_cannot_be_read_is_a_coded_error(layout: Layout) -> None:
    put(layout, "partials", "x").parent.chmod(0)
    try:
        with pytest.raises(StoreError, match="SS206"):
            census(layout)
    finally:
        Path(layout.partials).chmod(0o700)


def test_a_file_in_place_of_a_directory_is_a_coded_error(layout: Layout) -> None:
    put(layout, "partials")
    with pytest.raises(StoreError, match="SS212"):
        census(layout)


def test_totals() -> None:
    items = [Item("object", "/a", (), 5, 0.0), Item("object", "/b", (), 6, 0.0), Item("other", "/c", (), 1, 0.0)]
    counted = totals(items)
    assert (counted["object"], counted["other"], counted["array"]) == ((2, 11), (1, 1), (0, 0))


def test_what_is_held_of_a_dataset(tmp_path: Path, layout: Layout) -> None:
    data = tiny.make(tmp_path / "m")
    manifest = manifests.get(data.name)
    assert holding((layout,), manifest) == (False, ())
    settings = Settings(layout.root, (str(data.mirror(tmp_path / "mirror")),))
    fetch_with(settings, data.name)
    assert holding((layout,), manifest) == (False, ("keras-npz",))
    load_with(settings, data.name)
    held = holding((Layout(str(tmp_path / "none")), layout), manifest)
    assert held.arrays
    assert held.loads_offline
