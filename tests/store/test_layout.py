from __future__ import annotations

from pathlib import Path

import pytest

from steadyset.errors import StorePathError, StoreVersionError
from steadyset.store.layout import Layout, check, mark_text


def test_an_absent_and_an_empty_place_are_fine(tmp_path: Path) -> None:
    check(Layout(str(tmp_path)))
    check(Layout(str(tmp_path / "absent" / "deeper")))
    assert not list(tmp_path.iterdir())


def test_our_own_mark_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_bytes(mark_text())
    check(Layout(str(tmp_path)))


def test_a_newer_store_is_refused_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text('{"schema": "steadyset.store/2"}')
    with pytest.raises(StoreVersionError, match="newer steadyset") as caught:
        check(Layout(str(tmp_path)))
    assert ("its layout", "2") in caught.value.evidence


@pytest.mark.parametrize("below", [".", "below", "below/deeper"])
def test_a_file_in_place_of_the_store_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(StorePathError) as caught:
        check(Layout(str(tmp_path / "file" / below)))
    assert caught.value.code == "SS212"
    assert isinstance(caught.value, NotADirectoryError)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 3}', '{"schema": "steadyset.store/x"}'])
def test_a_damaged_mark_does_not_lock_people_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "store.json").write_text(text)
    check(Layout(str(tmp_path)))


def test_every_place_is_below_the_root() -> None:
    layout = Layout("/r")
    places = (layout.object("ab12"), layout.array("ab12"), layout.seal("ab12"), layout.partials, layout.quarantine)
    assert all(p.startswith("/r") for p in places)
    assert len(set(places)) == len(places)
