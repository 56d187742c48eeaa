"""Finding a manifest: by name, by other spellings of it, by its path; and refusing what is none."""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib import resources
from pathlib import Path

import pytest

from steadyset import manifests
from steadyset.errors import ManifestError, UnknownDatasetError
from steadyset.manifests.records import FileSpec


def test_names_are_the_data_files() -> None:
    assert manifests.names() == ("drawn-digits", "mnist")


@pytest.mark.parametrize("name", manifests.names())
def test_a_built_in_manifest_is_called_as_its_file(name: str) -> None:
    assert manifests.get(name).name == name


@pytest.mark.parametrize("spelling", ["drawn-digits", "drawn_digits", "Drawn-Digits", " DRAWN_digits\n"])
def test_spellings(spelling: str) -> None:
    assert manifests.get(spelling) is manifests.get("drawn-digits")


def test_no_other_name_of_a_dataset_is_taken_twice() -> None:
    said = [name for known in manifests.names() for name in (known, *manifests.get(known).aliases)]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(("asked", "near"), [("mnits", "mnist"), ("minst", "mnist"), ("drawn-digit", "drawn-digits")])
def test_a_slip_of_the_fingers(asked: str, near: str) -> None:
    with pytest.raises(UnknownDatasetError, match=f"did you mean {near}") as caught:
        manifests.get(asked)
    assert caught.value.code == "SS441"
    assert caught.value.remedies


@pytest.mark.parametrize("asked", ["", "imagenet", "../data/mnist", "mnist.npz", "日本"])
def test_unknown(asked: str) -> None:
    with pytest.raises(UnknownDatasetError) as caught:
        manifests.get(asked)
    assert ("known", "drawn-digits, mnist") in [tuple(e) for e in caught.value.evidence]


@pytest.mark.parametrize("asked", [None, 3, b"mnist", Path("mnist.json")])
def test_no_name_at_all(asked: object) -> None:
    with pytest.raises(UnknownDatasetError, match="is text, not"):
        manifests.get(asked)  # type: ignore[arg-type]


def test_a_manifest_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "meine Ziffern é.json"
    shutil.copy(str(resources.files("steadyset.manifests") / "data" / "mnist.json"), path)
    assert manifests.get(str(path)) == manifests.get("mnist")
    assert manifests.read(path) == manifests.get("mnist")


def test_an_absent_manifest(tmp_path: Path) -> None:
    path = str(tmp_path / "none.json")
    with pytest.raises(ManifestError) as caught:
        manifests.get(path)
    assert caught.value.message.startswith(f"{path}:1: cannot be read: ")
    assert caught.value.code == "SS503"


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "dir.json").mkdir()
    with pytest.raises(ManifestError, match="cannot be read"):
        manifests.get(str(tmp_path / "dir.json"))


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", b'{"name": "\xe9"}'])
def test_not_utf8(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes(content)
    with pytest.raises(ManifestError, match="cannot be read"):
        manifests.read(tmp_path / "latin.json")


def test_a_name_no_file_can_have() -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        manifests.get("a\0.json")


def files() -> list[FileSpec]:
    return [file for recipe in manifests.get("mnist").recipes for file in recipe.files]


@pytest.mark.parametrize("file", files(), ids=lambda f: f.name)
def test_digests_are_those_of_the_published_files(file: FileSpec, mnist_dir: Path) -> None:
    data = (mnist_dir / file.name).read_bytes()
    assert len(data) == file.size
    assert hashlib.sha256(data).hexdigest() == file.sha256
    assert hashlib.md5(data).hexdigest() == file.md5
    pieces = [data[i : i + file.piece_size] for i in range(0, len(data), file.piece_size)]
    assert tuple(hashlib.sha256(p).hexdigest() for p in pieces) == file.pieces


@pytest.mark.skipif(not os.access("/dev/null", os.R_OK), reason="needs a special file")
def test_an_empty_special_file() -> None:
    with pytest.raises(ManifestError, match="not JSON"):
        manifests.read("/dev/null")
