from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tiny
from steadyset.loading.healing import heal_with
from steadyset.loading.verification import verify_with
from steadyset.loading.warm import load_with
from steadyset.practice.origin import Origin
from steadyset.settings import Settings


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def settings(data: tiny.Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    return Settings(str(tmp_path / "home"), (str(data.mirror(tmp_path / "mirror")),))


def test_nothing_to_heal(data: tiny.Tiny, settings: Settings) -> None:
    assert heal_with(settings, [data.name]).summary == "nothing to heal"
    load_with(settings, data.name)
    report = heal_with(settings, [data.name])
    assert report.ok
    assert report.summary == "nothing to heal"


DAMAGE = {
    "html-page": b"<!DOCTYPE html><html><title>Sign in</title></html>",
    "lfs-pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12\n",
    "zero-length": b"",
    "zeros": bytes(4000),
    "text": b"404: Not Found\n",
}


@pytest.mark.parametrize("kind", [*DAMAGE, "truncated", "flipped", "gzipped", "directory"])
def test_what_keras_would_trip_over_is_renamed_and_replaced(
    data: tiny.Tiny, settings: Settings, tmp_path: Path, kind: str
) -> None:
    import gzip

    good = data.files["tiny.npz"]
    made = {"truncated": good[:9000], "flipped": good[:-99] + b"!" + good[-98:], "gzipped": gzip.compress(good)}
    target = tmp_path / "keras" / "datasets" / "tiny.npz"
    if kind == "directory":
        target.mkdir()
        (target / "mine").write_text("kept")
    else:
        target.write_bytes((DAMAGE | made)[kind])
    plan = heal_with(settings, [data.name], apply=False)
    assert plan.findings != ()
    assert "nothing was changed" in plan.summary
    assert list(target.parent.iterdir()) == [target]
    report = heal_with(settings, [data.name])
    assert report.ok, str(report)
    assert target.read_bytes() == good
    (aside,) = target.parent.glob("tiny.npz.corrupt-*")
    if kind == "directory":
        assert (aside / "mine").read_text() == "kept"
    else:
        assert aside.read_bytes() == (DAMAGE | made)[kind]
    assert verify_with(settings, [data.name]).findings == ()


@pytest.mark.parametrize("what", ["objects", "arrays"])
def test_damage_in_the_store_is_healed_from_the_wire_by_the_piece(
    data: tiny.Tiny, settings: Settings, tmp_path: Path, what: str
) -> None:
    with Origin({"tiny.npz": data.files["tiny.npz"]}) as origin:
        remote = settings._replace(mirrors=(origin.url,))
        load_with(remote, data.name)
        bad = max((p for p in Path(settings.home, what).rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
        content = bytearray(bad.read_bytes())
        content[5000] ^= 1
        bad.chmod(0o600)
        bad.write_bytes(bytes(content))
        report = heal_with(remote, [data.name])
    assert report.ok, str(report)
    assert bytes(content) in [p.read_bytes() for p in Path(settings.home, "quarantine").iterdir()]
    assert verify_with(settings, [data.name]).ok
    np.testing.assert_array_equal(
        load_with(settings._replace(offline=True, mirrors=()), data.name).train.x, data.arrays["x_train"]
    )


def test_what_cannot_be_replaced_is_still_failing(data: tiny.Tiny, settings: Settings, tmp_path: Path) -> None:
    target = tmp_path / "keras" / "datasets" / "tiny.npz"
    target.write_bytes(b"<html>")
    report = heal_with(settings._replace(mirrors=(), offline=True), [data.name])
    assert not report.ok
    assert "still failing" in report.summary
    (aside,) = target.parent.iterdir()
    assert aside.read_bytes() == b"<html>"


def test_a_layer_is_never_healed(data: tiny.Tiny, settings: Settings, tmp_path: Path) -> None:
    team = settings._replace(home=str(tmp_path / "team"))
    load_with(team, data.name)
    bad = next((tmp_path / "team" / "arrays").rglob("*.npy"))
    bad.chmod(0o600)
    bad.write_bytes(b"spoilt")
    report = heal_with(settings._replace(layers=(team.home,)), [data.name])
    assert report.summary == "nothing to heal"
    assert bad.read_bytes() == b"spoilt"
