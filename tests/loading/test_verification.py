from __future__ import annotations

from pathlib import Path

import pytest

import tiny
from steadyset.loading.verification import verify_with
from steadyset.loading.warm import load_with
from steadyset.settings import Settings


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def settings(data: tiny.Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return Settings(str(tmp_path / "home"), (str(data.mirror(tmp_path / "mirror")),))


def test_nothing_stored_is_no_problem(settings: Settings) -> None:
    report = verify_with(settings, None)
    assert report.ok
    assert "nothing stored yet" in report.summary


def test_what_is_right_is_said_to_be(data: tiny.Tiny, settings: Settings) -> None:
    load_with(settings, data.name)
    report = verify_with(settings, [data.name])
    assert report.ok
    assert report.summary == "5 stored files verified"
    assert set(report.datasets[0]["arrays"]) == set(data.arrays)


@pytest.mark.parametrize("what", ["objects", "arrays"])
def test_damage_is_found_and_nothing_is_changed(data: tiny.Tiny, settings: Settings, what: str) -> None:
    load_with(settings, data.name)
    bad = max((p for p in Path(settings.home, what).rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(bad.read_bytes())
    content[-30] ^= 1
    bad.chmod(0o600)
    bad.write_bytes(bytes(content))
    report = verify_with(settings, [data.name])
    assert not report.ok
    assert report.exit_code == 1
    assert [f.location.path for f in report.findings if f.location] == [str(bad)]
    assert bad.read_bytes() == bytes(content)
    assert not Path(settings.home, "quarantine").exists()


@pytest.mark.parametrize(
    ("content", "code"), [(b"<html>", "SS204"), (b"", "SS204"), ("half", "SS202"), ("flip", "SS203")]
)
def test_what_keras_keeps_is_looked_at(
    data: tiny.Tiny, settings: Settings, tmp_path: Path, content: bytes | str, code: str
) -> None:
    good = data.files["tiny.npz"]
    bad = {"half": good[:5000], "flip": good[:-40] + bytes([good[-40] ^ 1]) + good[-39:]}
    target = tmp_path / "keras" / "datasets" / "tiny.npz"
    target.parent.mkdir(parents=True)
    target.write_bytes(content if isinstance(content, bytes) else bad[content])
    report = verify_with(settings, [data.name])
    assert [(f.code, f.level) for f in report.findings] == [(code, "warning")]
    assert report.ok
    target.write_bytes(good)
    assert verify_with(settings, [data.name]).findings == ()
