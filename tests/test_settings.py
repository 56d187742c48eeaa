"""The settings of a call: what the environment says, and what was asked for before it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steadyset.errors import MirrorError
from steadyset.settings import Settings, default_home, mirror_base, require_mirrors


def test_nothing_set() -> None:
    settings = Settings.from_environ({})
    assert settings == Settings(default_home())
    assert Path(settings.home).is_absolute()
    assert Path(settings.home).name == "steadyset"


def test_this_process_is_asked_when_nobody_else_is() -> None:
    assert Settings.from_environ().home == os.environ["STEADYSET_HOME"]


@pytest.mark.parametrize(
    ("value", "mirrors"),
    [
        ("", ()),
        (" , ,", ()),
        ("https://a.example/x", ("https://a.example/x",)),
        ("https://a.example, /media/stick ,b", ("https://a.example", "/media/stick", "b")),
        ("https://a.example\n/media/stick\n", ("https://a.example", "/media/stick")),
    ],
)
def test_mirrors(value: str, mirrors: tuple[str, ...]) -> None:
    assert Settings.from_environ({"STEADYSET_MIRRORS": value}).mirrors == mirrors


def test_mirrors_asked_for_come_first() -> None:
    settings = Settings.from_environ({"STEADYSET_MIRRORS": "b,c"}, mirrors=["a"])
    assert settings.mirrors == ("a", "b", "c")


@pytest.mark.parametrize("value", ["1", "true", "YES", "on", " 1 ", "2"])
def test_offline(value: str) -> None:
    assert Settings.from_environ({"STEADYSET_OFFLINE": value}).offline


@pytest.mark.parametrize("value", ["", "0", "false", "No", "off", " OFF "])
def test_not_offline(value: str) -> None:
    assert not Settings.from_environ({"STEADYSET_OFFLINE": value}).offline


@pytest.mark.parametrize("asked", [True, False])
def test_what_is_asked_for_beats_the_environment(asked: bool) -> None:
    for value in ("0", "1"):
        assert Settings.from_environ({"STEADYSET_OFFLINE": value}, offline=asked).offline is asked


def test_home_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Settings.from_environ({"STEADYSET_HOME": "~/my store"}).home == str(tmp_path / "my store")


def test_a_relative_home_is_where_it_was_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environ({"STEADYSET_HOME": "store"})
    monkeypatch.chdir(tmp_path.parent)
    assert settings.home == str(tmp_path / "store")


def test_layers_come_before_our_own(tmp_path: Path) -> None:
    team, own = tmp_path / "team", tmp_path / "own"
    value = os.pathsep.join([str(team), "", str(tmp_path)])
    settings = Settings.from_environ({"STEADYSET_LAYERS": value, "STEADYSET_HOME": str(own)})
    assert [layout.root for layout in settings.layouts] == [str(team), str(tmp_path), str(own)]
    assert settings.own.root == str(own)


@pytest.mark.parametrize(
    ("mirror", "base"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/data//", "https://a.example/data/"),
        ("HTTPS://a.example/Data", "https://a.example/Data/"),
        ("http://me:secret@a.example:8080/x y", "http://me:secret@a.example:8080/x y/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
    ],
)
def test_base_of_a_url(mirror: str, base: str) -> None:
    assert mirror_base(mirror) == base


def test_base_of_a_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "USB-Stick é"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for mirror in (str(folder), folder.name, f"~/{folder.name}", folder.as_uri(), f"{folder}{os.sep}"):
        assert mirror_base(mirror).rstrip("\\/") == str(folder)
        require_mirrors([mirror])


@pytest.mark.parametrize(
    ("mirror", "because"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("https://", "names no host"),
        ("http:///data", "names no host"),
        ("http://a.example:port/", "Port"),
        ("http://[::1/", "Invalid IPv6"),
        ("ftp://a.example/data", "not http, https or file"),
        ("s3://bucket/data", "not http, https or file"),
        ("file://server/share", "another host"),
    ],
)
def test_no_mirror(mirror: str, because: str) -> None:
    with pytest.raises(MirrorError) as caught:
        mirror_base(mirror)
    assert caught.value.code == "SS442"
    assert because in dict(caught.value.evidence)["because"]
    with pytest.raises(MirrorError):
        require_mirrors([mirror])


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("absent", "file"):
        with pytest.raises(MirrorError, match=name) as caught:
            require_mirrors([str(tmp_path / name)])
        assert ("because", "there is no such directory") in [tuple(e) for e in caught.value.evidence]


def test_credentials_are_not_shown() -> None:
    with pytest.raises(MirrorError) as caught:
        mirror_base("ftp://me:secret@a.example/data?token=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("cache", [None, "", " ", "/somewhere/else", "/with space/é", "relative/place", "~/mine"])
def test_the_default_home_is_what_platformdirs_says(cache: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs import user_cache_dir

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if cache is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", cache)
    assert default_home() == user_cache_dir("steadyset", appauthor=False)
