from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import tiny
from steadyset.errors import ArgumentError, StoreError, UnknownDatasetError
from steadyset.loading.fetching import fetch_with
from steadyset.settings import Settings


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def settings(data: tiny.Tiny, tmp_path: Path) -> Settings:
    return Settings(str(tmp_path / "home"), (str(data.mirror(tmp_path / "mirror")),))


def test_the_files_stay_in_the_store(data: tiny.Tiny, settings: Settings) -> None:
    record = fetch_with(settings, data.name)
    assert [Path(p).read_bytes() for p in record.paths] == [data.files["tiny.npz"]]
    assert all(p.startswith(settings.home) for p in record.paths)
    again = fetch_with(Settings(settings.home, offline=True), data.name)
    assert again.paths == record.paths
    assert again.source == "store"


def test_a_directory_gets_copies(data: tiny.Tiny, settings: Settings, tmp_path: Path) -> None:
    record = fetch_with(settings, data.name, to=tmp_path / "out" / "deep")
    assert record.paths == (str(tmp_path / "out" / "deep" / "tiny.npz"),)
    assert Path(record.paths[0]).read_bytes() == data.files["tiny.npz"]


def test_keras_own_place_is_respected(
    data: tiny.Tiny, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    fetch_with(settings, data.name, to="keras")
    assert (tmp_path / "k" / "datasets" / "tiny.npz").read_bytes() == data.files["tiny.npz"]


def test_torchvision_gets_packed_and_unpacked_files(
    data: tiny.Tiny, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fetch_with(settings, data.name, to="torchvision")
    raw = tmp_path / "data" / "Tiny" / "raw"
    for name in tiny.IDX.values():
        assert (raw / name).read_bytes() == data.files[name]
        assert (raw / name.removesuffix(".gz")).read_bytes() == gzip.decompress(data.files[name])


def test_a_wrong_file_is_renamed_and_a_right_one_left_alone(
    data: tiny.Tiny, settings: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "tiny.npz"
    target.parent.mkdir()
    target.write_bytes(b"<html>")
    record = fetch_with(settings, data.name, to=target.parent)
    assert target.read_bytes() == data.files["tiny.npz"]
    (aside,) = target.parent.glob("*.corrupt-*")
    assert aside.read_bytes() == b"<html>"
    assert [f.code for f in record.findings] == ["SS203"]
    before = target.stat().st_mtime_ns
    assert fetch_with(settings, data.name, to=target.parent).findings == ()
    assert target.stat().st_mtime_ns == before


def test_a_damaged_object_is_replaced(data: tiny.Tiny, settings: Settings) -> None:
    (path,) = fetch_with(settings, data.name).paths
    Path(path).chmod(0o600)
    Path(path).write_bytes(bytes(len(data.files["tiny.npz"])))
    record = fetch_with(settings, data.name)
    assert Path(record.paths[0]).read_bytes() == data.files["tiny.npz"]
    assert [f.code for f in record.findings] == ["SS203"]


def test_a_file_in_place_of_the_directory_is_refused(data: tiny.Tiny, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ArgumentError):
        fetch_with(settings, data.name, to=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_an_unknown_place_and_an_unknown_dataset_are_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError):
        fetch_with(settings, "drawn-digits", to="keras")
    with pytest.raises(UnknownDatasetError, match="did you mean mnist"):
        fetch_with(settings, "mnits")


def test_without_a_store_a_directory_still_gets_its_copy(data: tiny.Tiny, settings: Settings, tmp_path: Path) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    nowhere = settings._replace(home="/proc/steadyset")
    fetch_with(nowhere, data.name, to=tmp_path / "out")
    assert (tmp_path / "out" / "tiny.npz").read_bytes() == data.files["tiny.npz"]
    with pytest.raises(StoreError):
        fetch_with(nowhere, data.name)
