"""What lies in Keras' cache under other names, and in place of its files."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest

import tiny
from steadyset.loading.beside import beside
from steadyset.loading.healing import heal_with
from steadyset.loading.verification import verify_with
from steadyset.settings import Settings

LONG_AGO = 1_600_000_000


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def settings(data: tiny.Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    return Settings(str(tmp_path / "home"), (str(data.mirror(tmp_path / "mirror")),))


@pytest.fixture
def target(settings: Settings, tmp_path: Path) -> Path:
    return tmp_path / "keras" / "datasets" / "tiny.npz"


def leave(path: Path, content: bytes = b"half") -> Path:
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("tiny.npz.part", "SS202"),
        ("tiny.npz.crdownload", "SS202"),
        ("tiny.npz.1", "SS202"),
        ("tiny.npz.41-0123abcd.tmp", "SS202"),
        ("tiny.npz.gz", "SS205"),
        ("tiny.npz.html", "SS204"),
    ],
)
def test_a_leftover_is_found_moved_and_replaced(
    data: tiny.Tiny, settings: Settings, target: Path, name: str, code: str
) -> None:
    left = leave(target.with_name(name))
    assert [(f.code, f.level) for f in verify_with(settings, [data.name]).findings] == [(code, "warning")]
    assert heal_with(settings, [data.name]).ok
    assert target.read_bytes() == data.files["tiny.npz"]
    assert not left.exists()
    (moved,) = target.parent.glob(f"{name}.corrupt-*")
    assert moved.read_bytes() == b"half"
    assert verify_with(settings, [data.name]).findings == ()


def test_what_lies_beside_a_right_file_is_let_be(data: tiny.Tiny, settings: Settings, target: Path) -> None:
    target.write_bytes(data.files["tiny.npz"])
    left = leave(target.with_name("tiny.npz.part"))
    assert verify_with(settings, [data.name]).findings == ()
    heal_with(settings, [data.name])
    assert left.exists()


def test_what_somebody_may_be_writing_to_is_let_be(settings: Settings, target: Path) -> None:
    target.with_name("tiny.npz.part").write_bytes(b"growing")
    assert beside(str(target)) == []


def test_the_names_that_unpacking_gives(tmp_path: Path) -> None:
    for name in ("train-images.idx3-ubyte", "train-images-idx3-ubyte", "train-labels.idx1-ubyte", "mine.txt"):
        leave(tmp_path / name)
    found = beside(str(tmp_path / "train-images-idx3-ubyte.gz"))
    assert [Path(f.path).name for f in found] == ["train-images-idx3-ubyte", "train-images.idx3-ubyte"]
    assert {f.code for f in found} == {"SS211"}
    assert beside(str(tmp_path / "absent" / "x.gz")) == []


def test_a_healing_that_was_interrupted_is_finished(data: tiny.Tiny, settings: Settings, target: Path) -> None:
    aside = target.with_name("tiny.npz.corrupt-20260101T000000Z-digest-mismatch")
    aside.write_bytes(b"<html>")
    assert [f.code for f in verify_with(settings, [data.name]).findings] == ["SS202"]
    assert heal_with(settings, [data.name]).ok
    assert target.read_bytes() == data.files["tiny.npz"]
    assert aside.read_bytes() == b"<html>"


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links, modes and pipes")
@pytest.mark.parametrize("kind", ["dangling", "pipe", "packed twice", "link to a bad file", "unreadable"])
def test_other_things_in_place_of_the_file(
    data: tiny.Tiny, settings: Settings, target: Path, tmp_path: Path, kind: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    if kind == "dangling":
        target.symlink_to(elsewhere)
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "packed twice":
        target.write_bytes(gzip.compress(data.files["tiny.npz"]))
    elif kind == "link to a bad file":
        elsewhere.write_bytes(b"<html>mine</html>")
        target.symlink_to(elsewhere)
    elif os.geteuid() == 0:
        pytest.skip("needs a user whom modes stop")
    else:
        target.write_bytes(b"bad")
        target.chmod(0)
    (found,) = verify_with(settings, [data.name]).findings
    expected = {"packed twice": "SS205", "unreadable": "SS206"}
    assert found.code == expected.get(kind, "SS204")
    assert heal_with(settings, [data.name]).ok
    assert not target.is_symlink()
    assert target.read_bytes() == data.files["tiny.npz"]
    assert len(list(target.parent.glob("tiny.npz.corrupt-*"))) == 1
    if kind == "link to a bad file":
        assert elsewhere.read_bytes() == b"<html>mine</html>"


@pytest.mark.parametrize("what", ["object", "array", "seal"])
def test_a_directory_in_the_store_is_moved_aside_too(
    data: tiny.Tiny, settings: Settings, what: str, tmp_path: Path
) -> None:
    from steadyset import manifests
    from steadyset.loading.warm import load_with

    load_with(settings, data.name)
    manifest = manifests.get(data.name)
    sha256 = manifest.arrays["x_train"].sha256
    path = {
        "object": settings.own.object(manifest.recipes[0].files[0].sha256),
        "array": settings.own.array(sha256),
        "seal": settings.own.seal(sha256),
    }[what]
    Path(path).chmod(0o600)
    Path(path).unlink()
    Path(path, "inside").mkdir(parents=True)
    assert not verify_with(settings, [data.name]).ok
    assert heal_with(settings, [data.name]).ok
    assert Path(path).is_file()
    assert [p for p in Path(settings.own.quarantine).iterdir() if (p / "inside").is_dir()]
    assert verify_with(settings, [data.name]).ok
