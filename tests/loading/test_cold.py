from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

import tiny
from steadyset.errors import (
    FetchError,
    MirrorError,
    NoSourceError,
    NotStoredError,
    SteadysetError,
    StorePathError,
    StoreVersionError,
)
from steadyset.loading.warm import load_with
from steadyset.practice.faults import CutAfter
from steadyset.practice.origin import Origin
from steadyset.settings import Settings
from steadyset.splits import Splits


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "st ore é")


def check(splits: Splits, data: tiny.Tiny) -> None:
    (x_train, y_train), (x_test, y_test) = splits
    got = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    for name, array in got.items():
        assert type(array) is np.ndarray
        assert array.flags.writeable
        np.testing.assert_array_equal(array, data.arrays[name], strict=True)


@pytest.mark.parametrize("names", [["tiny.npz"], list(tiny.IDX.values())], ids=["npz", "idx"])
def test_a_directory_serves_as_a_mirror_for_each_recipe(
    data: tiny.Tiny, home: str, tmp_path: Path, names: list[str]
) -> None:
    mirror = data.mirror(tmp_path / "mir ror", *names)
    splits = load_with(Settings(home, (str(mirror),)), data.name)
    check(splits, data)
    assert splits.provenance is not None
    assert splits.provenance.source.startswith(str(mirror))
    assert splits.provenance.bytes_downloaded == 0


@pytest.mark.parametrize("form", ["file://{}", "file:{}", "{}"])
def test_file_urls_and_the_dataset_s_own_directory_are_looked_at(
    data: tiny.Tiny, home: str, tmp_path: Path, form: str
) -> None:
    data.mirror(tmp_path / "base" / "tiny", "tiny.npz")
    check(load_with(Settings(home, (form.format(tmp_path / "base"),)), data.name), data)


@pytest.mark.parametrize("names", [["tiny.npz"], list(tiny.IDX.values())], ids=["npz", "idx"])
def test_an_http_mirror_serves_each_recipe_and_is_not_asked_twice(data: tiny.Tiny, home: str, names: list[str]) -> None:
    with Origin({n: data.files[n] for n in names}) as origin:
        settings = Settings(home, (origin.url,))
        first = load_with(settings, data.name)
        asked = len(origin.requests)
        second = load_with(settings, data.name)
        assert len(origin.requests) == asked
    check(first, data)
    check(second, data)
    assert first.provenance is not None
    assert first.provenance.bytes_downloaded == sum(len(data.files[n]) for n in names)
    assert second.provenance is not None
    assert second.provenance.source == "store"
    assert second.provenance.origin == first.provenance.source


def test_mirrors_come_in_order_and_a_directory_before_the_network(data: tiny.Tiny, home: str, tmp_path: Path) -> None:
    folder = data.mirror(tmp_path / "m")
    with Origin(dict(data.files)) as origin:
        load_with(Settings(home, (str(folder), origin.url)), data.name)
        assert origin.requests == []


def test_a_built_in_source_is_used_last(tmp_path: Path, home: str) -> None:
    with Origin({}) as origin:
        data = tiny.make(tmp_path / "m", sources={"tiny.npz": [f"{origin.url}/far/tiny.npz"]})
        origin.put("far/tiny.npz", data.files["tiny.npz"])
        splits = load_with(Settings(home, (str(tmp_path / "empty"),)), data.name)
        check(splits, data)
        assert splits.provenance is not None
        assert splits.provenance.source == f"{origin.url}/far/tiny.npz"


def test_offline_opens_no_socket_and_says_what_is_missing(
    tmp_path: Path, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny.make(tmp_path / "m", sources={"tiny.npz": ["http://127.0.0.1:9/tiny.npz"]})
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(NotStoredError) as caught:
        load_with(Settings(home, ("http://127.0.0.1:9",), offline=True), data.name)
    assert caught.value.code == "SS108"
    folder = data.mirror(tmp_path / "stick")
    check(load_with(Settings(home, (str(folder),), offline=True), data.name), data)


def test_objects_are_enough_when_the_arrays_are_gone(data: tiny.Tiny, home: str, tmp_path: Path) -> None:
    folder = data.mirror(tmp_path / "m", "tiny.npz")
    load_with(Settings(home, (str(folder),)), data.name)
    for path in Path(home, "arrays").rglob("*.npy"):
        path.chmod(0o600)
        path.unlink()
    splits = load_with(Settings(home, offline=True), data.name)
    check(splits, data)


def test_a_layer_is_looked_into_first_and_never_written(data: tiny.Tiny, home: str, tmp_path: Path) -> None:
    layer = str(tmp_path / "team")
    load_with(Settings(layer, (str(data.mirror(tmp_path / "m")),)), data.name)
    before = sorted(str(p) for p in Path(layer).rglob("*"))
    splits = load_with(Settings(home, layers=(layer,), offline=True), data.name)
    check(splits, data)
    assert sorted(str(p) for p in Path(layer).rglob("*")) == before
    assert not Path(home).exists()


def test_an_interrupted_download_goes_on_in_a_later_call(data: tiny.Tiny, home: str) -> None:
    """The first call ends half-way; the second asks only for the rest."""
    size = len(data.files["tiny.npz"])
    with Origin({"tiny.npz": data.files["tiny.npz"]}, faults=[CutAfter(size // 2, times=1)]) as origin:

        def stop(event: object) -> None:
            if getattr(event, "kind", "") == "advance" and getattr(event, "done", 0) >= size // 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            load_with(Settings(home, (origin.url,)), data.name, progress=stop)
        assert [p.suffix for p in sorted(Path(home, "partials").iterdir())] == [".json", ".part"]
        origin.reset()
        origin.set_faults([])
        splits = load_with(Settings(home, (origin.url,)), data.name)
        assert origin.bytes_sent("tiny.npz") < size
    check(splits, data)
    assert list(Path(home, "partials").iterdir()) == []


# ---- what cannot be had --------------------------------------------------------------------------


def test_one_cause_is_named_as_such(tmp_path: Path, home: str) -> None:
    data = tiny.make(tmp_path / "m", sources={"tiny.npz": ["http://127.0.0.1:9/tiny.npz"]})
    with pytest.raises(FetchError) as caught:
        load_with(Settings(home), data.name)
    assert caught.value.code == "SS103"
    assert isinstance(caught.value, ConnectionError)


def test_several_causes_are_all_told(tmp_path: Path, home: str) -> None:
    with Origin({"tiny.npz": b"<!DOCTYPE html><html><title>Log in</title></html>"}) as origin:
        data = tiny.make(
            tmp_path / "m", sources={"tiny.npz": ["http://127.0.0.1:9/tiny.npz", f"{origin.url}/tiny.npz"]}
        )
        with pytest.raises(NoSourceError) as caught:
            load_with(Settings(home), data.name)
    assert caught.value.failures is not None
    assert all(isinstance(e, SteadysetError) for e in caught.value.failures.exceptions)
    assert "SS135" in str(caught.value)
    assert "SS103" in str(caught.value)


@pytest.mark.parametrize(
    "mirror", ["ftp://host/dir", "http://", "https:///x", "file://other.host/x", "http://host:port/"]
)
def test_a_mirror_that_is_none_is_refused(data: tiny.Tiny, home: str, mirror: str) -> None:
    with pytest.raises(MirrorError) as caught:
        load_with(Settings(home, (mirror,)), data.name)
    assert caught.value.code == "SS442"


def test_a_store_that_is_a_file_is_refused(data: tiny.Tiny, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorePathError):
        load_with(Settings(str(tmp_path / "file"), (str(data.mirror(tmp_path / "m")),)), data.name)
    assert (tmp_path / "file").read_text() == "x"


def test_a_store_from_a_newer_version_is_refused(data: tiny.Tiny, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "store.json").write_text('{"schema": "steadyset.store/9"}')
    with pytest.raises(StoreVersionError):
        load_with(Settings(str(tmp_path / "s"), (str(data.mirror(tmp_path / "m")),)), data.name)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom modes stop")
def test_a_read_only_store_still_loads(data: tiny.Tiny, tmp_path: Path) -> None:
    _read_only_case(data, tmp_path, str(tmp_path / "ro"))


def test_a_store_that_cannot_be_made_still_loads(data: tiny.Tiny, tmp_path: Path) -> None:
    """/proc refuses new directories to everybody, root too."""
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    splits = load_with(Settings("/proc/steadyset", (str(data.mirror(tmp_path / "m")),)), data.name)
    check(splits, data)
    assert splits.provenance is not None
    assert [f.code for f in splits.provenance.findings] == ["SS215"]


def _read_only_case(data: tiny.Tiny, tmp_path: Path, home: str) -> None:
    Path(home).mkdir()
    Path(home).chmod(0o500)
    try:
        splits = load_with(Settings(home, (str(data.mirror(tmp_path / "m")),)), data.name)
        check(splits, data)
        assert splits.provenance is not None
        assert [f.code for f in splits.provenance.findings] == ["SS215"]
    finally:
        Path(home).chmod(0o700)


def test_the_public_call_warns_when_the_store_cannot_be_written(
    data: tiny.Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    import steadyset
    from steadyset.errors import SteadysetWarning

    monkeypatch.setenv("STEADYSET_HOME", "/proc/steadyset")
    monkeypatch.setenv("STEADYSET_MIRRORS", str(data.mirror(tmp_path / "m")))
    with pytest.warns(SteadysetWarning, match="SS215"):
        check(steadyset.load(data.name), data)


def test_no_warning_when_all_is_well(data: tiny.Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import steadyset

    monkeypatch.setenv("STEADYSET_HOME", str(tmp_path / "s"))
    monkeypatch.setenv("STEADYSET_MIRRORS", str(data.mirror(tmp_path / "m")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(steadyset.load(data.name), data)


@pytest.mark.parametrize("arguments", [{"verify": "never"}, {"offline": 1}, {"offline": "yes"}, {"progress": 3}])
def test_wrong_arguments_are_refused(data: tiny.Tiny, arguments: dict[str, object]) -> None:
    import steadyset

    with pytest.raises(SteadysetError) as caught:
        steadyset.load(data.name, **arguments)  # type: ignore[arg-type]
    assert caught.value.code == "SS443"
