from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

import tiny
from steadyset.cli.console import Console
from steadyset.store.layout import Layout
from steadyset.store.partials import Partial
from steadyset.store.quarantine import set_aside

from .conftest import Document, Run

NOTHING = "nothing stored yet; steadyset load mnist\n"


@pytest.fixture
def filled(cli: Run, data: tiny.Tiny, mirror: Path, store: Path) -> Path:
    """A store with an object, four arrays, an unfinished download of eight days and something quarantined."""
    cli("load", data.name, "--mirror", mirror)
    layout = Layout(str(store))
    with Partial(layout, "ab" * 32, "other.npz") as partial:
        partial.write_at(0, bytes(2000))
    old = time.time() - 8 * 86400
    os.utime(partial.path, (old, old))
    bad = store / "objects" / "bad"
    bad.write_bytes(bytes(300))
    set_aside(layout, str(bad), "digest mismatch")
    return store


def test_dir_prints_only_the_path(cli: Run, store: Path) -> None:
    result = cli("cache", "dir")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{store}\n", "")
    assert cli("cache", "dir", "-q").stdout == f"{store}\n"


def test_dir_answers_even_when_the_place_is_no_store(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = cli("cache", "dir", env={"STEADYSET_HOME": str(tmp_path / "file")})
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'file'}\n")


@pytest.mark.parametrize("argv", [["list"], ["size"], ["prune"], ["prune", "--all", "--arrays", "--yes"]], ids=" ".join)
def test_an_absent_store_is_success(cli: Run, document: Document, argv: list[str], store: Path) -> None:
    result = cli("cache", *argv)
    assert (result.exit_code, result.stdout) == (0, NOTHING)
    assert document("cache", *argv)["cache"]["bytes"] == 0
    assert not store.exists()


def test_list_names_everything(cli: Run, document: Document, filled: Path) -> None:
    text = cli("cache", "list").stdout
    for word in ("verified files", "decoded arrays", "unfinished downloads", "quarantined files", "other.npz"):
        assert word in text
    items = document("cache", "list")["cache"]["items"]
    kinds = [item["kind"] for item in items]
    assert kinds == ["object", *["array"] * 4, "unfinished", "quarantined"]
    assert str(filled / "objects") in cli("cache", "list", "-v").stdout


def test_size_adds_up(cli: Run, document: Document, filled: Path) -> None:
    cache = document("cache", "size")["cache"]
    on_disk = sum(p.stat().st_size for p in filled.rglob("*") if p.is_file() and p.suffix != ".lock")
    assert cache["bytes"] == on_disk - (filled / "store.json").stat().st_size
    assert sum(kind["bytes"] for kind in cache["kinds"].values()) == cache["bytes"]
    assert cache["kinds"]["array"]["count"] == 4
    assert "total" in cli("cache", "size").stdout


def test_nobody_to_ask_means_nothing_is_done(cli: Run, document: Document, filled: Path) -> None:
    before = sorted(filled.rglob("*"))
    result = cli("cache", "prune", input="y\n")
    assert result.exit_code == 0
    assert "nothing was removed: nobody to ask here; add --yes" in result.stdout
    assert document("cache", "prune")["cache"]["removed"] == []
    assert sorted(p for p in filled.rglob("*") if p.suffix != ".lock") == [p for p in before if p.suffix != ".lock"]


def test_dry_run_shows_and_removes_nothing(cli: Run, document: Document, filled: Path) -> None:
    result = cli("cache", "prune", "--dry-run", "--yes", "--all")
    assert "would be removed" in result.stdout
    assert "other.npz" in result.stdout
    cache = document("cache", "prune", "--dry-run", "--all")["cache"]
    assert [item["kind"] for item in cache["removable"]] == ["unfinished", "quarantined"]
    assert list(filled.glob("partials/*.part"))


def test_yes_removes_what_is_old(cli: Run, document: Document, filled: Path) -> None:
    cache = document("cache", "prune", "--yes")["cache"]
    assert [item["name"] for item in cache["removed"]] == ["other.npz"]
    assert cache["freed"] >= 2000
    assert [kept["why"] for kept in cache["kept"]] == ["younger than 30 days"]
    assert list(filled.glob("partials/*")) == []
    assert len(list(filled.glob("quarantine/*"))) == 1
    assert cli("cache", "prune", "--yes").stdout.endswith("nothing to remove\n")


def test_all_and_arrays_leave_the_verified_files(cli: Run, data: tiny.Tiny, filled: Path) -> None:
    result = cli("cache", "prune", "--all", "--arrays", "--yes")
    assert result.exit_code == 0
    assert list(filled.glob("arrays/*/*")) == []
    assert list(filled.glob("quarantine/*")) == []
    assert cli("load", data.name, "--offline").exit_code == 0


@pytest.mark.parametrize(
    ("answer", "removed"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)], ids=["y", "n", "enter", "end"]
)
def test_on_a_terminal_it_asks_and_no_is_the_default(
    cli: Run, filled: Path, monkeypatch: pytest.MonkeyPatch, answer: str, removed: bool
) -> None:
    monkeypatch.setattr(Console, "may_ask", property(lambda self: True))
    result = cli("cache", "prune", input=answer)
    assert result.exit_code == 0, result.stderr
    assert "Remove 1 file" in result.stderr
    assert (list(filled.glob("partials/*.part")) == []) is removed
    assert bool(re.search(r"^1 file, 2\.\d kB removed$", result.stdout, re.MULTILINE)) is removed
    assert ("nothing was removed\n" in result.stdout) is not removed


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a directory that cannot be written")
def test_what_cannot_be_removed_is_told(cli: Run, filled: Path) -> None:
    (filled / "partials").chmod(0o500)
    try:
        result = cli("cache", "prune", "--yes")
    finally:
        (filled / "partials").chmod(0o700)
    assert result.exit_code == 1
    assert "SS206" in result.stdout
