from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from steadyset.errors import DiskFullError
from steadyset.store.layout import Layout
from steadyset.store.partials import Partial, orphans, read_journal

KEY = "ab" * 32


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path))


def test_bytes_and_journal_stay_for_the_next_process(layout: Layout) -> None:
    with Partial(layout, KEY, "f.npz") as first:
        first.write_at(0, b"hello ")
        first.write_at(6, b"world")
        first.note(url="https://user:secret@host/f?sig=1", etag='"e"', last_modified=None, size=20)
    with Partial(layout, KEY, "f.npz") as second:
        assert second.size() == 11
        assert second.read_at(0, 100) == b"hello world"
        assert second.noted()["etag"] == '"e"'
        assert second.path != first.path
    assert not os.path.exists(first.path)


def test_credentials_never_reach_the_journal(layout: Layout) -> None:
    with Partial(layout, KEY, "f") as partial:
        partial.write_at(0, b"x")
        partial.note(url="https://user:secret@host/f?sig=topsecret")
        text = Path(partial.journal).read_text()
    assert "secret" not in text
    assert "https://<redacted>@host/f" in text


def test_publishing_gives_the_good_name_and_takes_the_journal(layout: Layout) -> None:
    final = layout.object(KEY)
    with Partial(layout, KEY, "f") as partial:
        partial.write_at(0, b"data")
        partial.publish(final)
    assert Path(final).read_bytes() == b"data"
    assert os.listdir(layout.partials) == []


def test_an_empty_partial_leaves_nothing(layout: Layout) -> None:
    with Partial(layout, KEY, "f"):
        pass
    assert os.listdir(layout.partials) == []


def test_without_the_lock_an_orphan_is_left_alone(layout: Layout) -> None:
    with Partial(layout, KEY, "f") as first:
        first.write_at(0, b"abc")
    with Partial(layout, KEY, "f", take_over=False) as second:
        assert second.size() == 0
        second.write_at(0, b"z")
    assert len(orphans(layout)) == 2


def test_only_one_claims_an_orphan_and_the_former_owner_cannot_spoil_it(layout: Layout) -> None:
    owner = Partial(layout, KEY, "f")
    owner.write_at(0, b"good")
    with Partial(layout, KEY, "f") as thief:
        assert thief.read_at(0, 9) == b"good"
        owner.write_at(0, b"BAD!")  # lives after all: writes into a file without a name
        assert thief.read_at(0, 9) == b"good"
    owner.close()


def test_a_damaged_copy_is_read_as_seed_and_left_as_it_is(layout: Layout, tmp_path: Path) -> None:
    seed = tmp_path / "damaged"
    seed.write_bytes(b"some bytes")
    with Partial(layout, KEY, "f", seed=str(seed)) as partial:
        assert partial.read_at(0, 99) == b"some bytes"
    assert seed.read_bytes() == b"some bytes"


def test_resizing_cuts(layout: Layout) -> None:
    with Partial(layout, KEY, "f") as partial:
        partial.write_at(0, b"0123456789")
        partial.resize(4)
        assert partial.read_at(0, 99) == b"0123"


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"', '{"schema": "other"}', "[" * 100_000])
def test_a_damaged_journal_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "j.json").write_text(text)
    assert read_journal(str(tmp_path / "j.json")) == {}
    assert read_journal(str(tmp_path / "absent")) == {}


def test_the_journal_is_one_json_document(layout: Layout) -> None:
    with Partial(layout, KEY, "name.npz") as partial:
        partial.write_at(0, b"x")
        assert json.loads(Path(partial.journal).read_text())["name"] == "name.npz"


def test_what_was_claimed_is_published_from_what_is_still_open(layout: Layout) -> None:
    owner = Partial(layout, KEY, "f")
    owner.write_at(0, b"whole")
    with Partial(layout, KEY, "f") as thief:
        owner.publish(layout.object(KEY))
        owner.close()
        assert thief.read_at(0, 9) == b"whole"
        thief.publish(layout.object(KEY))
    assert Path(layout.object(KEY)).read_bytes() == b"whole"
    assert os.listdir(layout.partials) == []


def test_a_store_that_was_removed_is_made_again_on_publishing(layout: Layout) -> None:
    with Partial(layout, KEY, "f") as partial:
        partial.write_at(0, b"whole")
        shutil.rmtree(layout.partials)
        partial.note(etag='"e"')
        partial.publish(layout.object(KEY))
    assert Path(layout.object(KEY)).read_bytes() == b"whole"


def test_of_several_orphans_none_stays(layout: Layout) -> None:
    for content in (b"", b"12", b"123456", b"1"):
        orphan = Partial(layout, KEY, "f", take_over=False)
        orphan.write_at(0, content)
        os.rename(orphan.path, f"{orphan.path}.kept")  # so that closing an empty one leaves it
        orphan.close()
        os.rename(f"{orphan.path}.kept", orphan.path)
    assert len(orphans(layout)) == 4
    with Partial(layout, KEY, "f") as partial:
        assert partial.read_at(0, 9) == b"123456"
        assert orphans(layout) == [partial.path]


def test_without_the_lock_only_an_old_orphan_is_taken(layout: Layout) -> None:
    with Partial(layout, KEY, "f") as first:
        first.write_at(0, b"abc")
    os.utime(first.path, (1, 1))
    with Partial(layout, KEY, "f", take_over=False) as second:
        assert second.read_at(0, 9) == b"abc"


def test_bytes_of_before_a_restart_are_believed_only_by_digest(layout: Layout) -> None:
    with Partial(layout, KEY, "f") as first:
        first.write_at(0, b"abc")
        first.note(url="https://host/f", etag='"e"')
    told = json.loads(Path(first.journal).read_text())
    Path(first.journal).write_text(json.dumps(told | {"boot": "another"}))
    with Partial(layout, KEY, "f") as second:
        assert second.read_at(0, 9) == b"abc"
        assert "etag" not in second.noted()


def test_an_orphan_that_cannot_be_copied_is_left_to_the_next(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    with Partial(layout, KEY, "f") as first:
        first.write_at(0, b"abc")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        with pytest.raises(DiskFullError):
            Partial(layout, KEY, "f")
    assert len(orphans(layout)) == 1
    with Partial(layout, KEY, "f") as second:
        assert second.read_at(0, 9) == b"abc"
