from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from steadyset.errors import ArgumentError, DigestError, FetchError, NotStoredError, SteadysetError
from steadyset.loading.urls import fetch_url_with
from steadyset.practice.faults import CutAfter, FlippedBit, Portal, Status
from steadyset.practice.origin import Origin
from steadyset.settings import Settings
from steadyset.transport.records import Limits

DATA = os.urandom(3_000_000)
DIGEST = hashlib.sha256(DATA).hexdigest()
QUICK = Limits(tries=2, backoff=0.01, total=20)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(str(tmp_path / "home"))


def test_with_a_digest_the_bytes_are_proved_and_stored(settings: Settings, tmp_path: Path) -> None:
    with Origin({"d/data.bin": DATA}) as origin:
        url = f"{origin.url}/d/data.bin"
        first = fetch_url_with(settings, url, sha256=DIGEST.upper(), to=tmp_path / "out.bin")
        second = fetch_url_with(settings, url, sha256=DIGEST)
        assert len(origin.requests) == 1
    assert Path(first.path).read_bytes() == DATA
    assert first.verified
    assert first.findings == ()
    assert second.source == "store"


def test_without_a_digest_it_says_unverified_and_records_what_it_saw(settings: Settings) -> None:
    with Origin({"data.bin": DATA}) as origin:
        record = fetch_url_with(settings, f"{origin.url}/data.bin")
        again = fetch_url_with(settings._replace(offline=True), f"{origin.url}/data.bin")
    assert [f.code for f in record.findings] == ["SS217"]
    assert not record.verified
    assert record.sha256 == DIGEST
    assert again.path == record.path


def test_an_interrupted_fetch_goes_on(settings: Settings) -> None:
    with Origin({"data.bin": DATA}, faults=[CutAfter(700_000)]) as origin:
        record = fetch_url_with(settings, f"{origin.url}/data.bin", limits=QUICK)
        assert origin.bytes_sent() < 1.1 * len(DATA)
    assert record.sha256 == DIGEST


def test_pieces_of_its_own_repair_a_damaged_copy(settings: Settings) -> None:
    with Origin({"data.bin": DATA}) as origin:
        url = f"{origin.url}/data.bin"
        record = fetch_url_with(settings, url, sha256=DIGEST)
        Path(record.path).chmod(0o600)
        Path(record.path).write_bytes(DATA[:1_500_000] + b"?" + DATA[1_500_001:])
        origin.reset()
        healed = fetch_url_with(settings, url, sha256=DIGEST)
        assert origin.bytes_sent() == 1 << 20
    assert Path(healed.path).read_bytes() == DATA


@pytest.mark.parametrize("fault", [FlippedBit(1_000_000), Portal(), Status(404), Status(403)])
def test_a_failure_leaves_nothing_at_the_target(settings: Settings, tmp_path: Path, fault: object) -> None:
    target = tmp_path / "out.bin"
    with Origin({"data.bin": DATA}, faults=[fault]) as origin, pytest.raises(SteadysetError):  # type: ignore[list-item]
        fetch_url_with(settings, f"{origin.url}/data.bin", sha256=DIGEST, to=target, limits=QUICK)
    assert not target.exists()
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.parent.parent.name == "objects"]


def test_a_wrong_digest_is_named(settings: Settings) -> None:
    with Origin({"data.bin": DATA}) as origin, pytest.raises((DigestError, FetchError)) as caught:
        fetch_url_with(settings, f"{origin.url}/data.bin", sha256="0" * 64, limits=QUICK)
    assert caught.value.code == "SS203"


def test_what_stood_at_the_target_is_renamed(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "out.bin").write_text("mine")
    with Origin({"data.bin": DATA}) as origin:
        fetch_url_with(settings, f"{origin.url}/data.bin", to=tmp_path / "out.bin")
    (aside,) = tmp_path.glob("out.bin.replaced-*")
    assert aside.read_text() == "mine"


def test_a_directory_gets_the_file_under_its_name(settings: Settings, tmp_path: Path) -> None:
    with Origin({"a b.bin": DATA}) as origin:
        record = fetch_url_with(settings, f"{origin.url}/a%20b.bin?token=secret", to=tmp_path)
    assert record.path == str(tmp_path / "a b.bin")
    assert "secret" not in str(record)
    assert not [p for p in Path(settings.home).rglob("*.json") if "secret" in p.read_text()]


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "ftp://h/x"},
        {"url": "mnist.npz"},
        {"url": "http://"},
        {"url": "http://[::1/x"},
        {"url": "http://h/x", "sha256": "abc"},
        {"url": "http://h/x", "size": -1},
        {"url": "http://h/x", "size": True},
    ],
)
def test_wrong_arguments_are_refused(settings: Settings, arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentError):
        fetch_url_with(settings, **arguments)  # type: ignore[arg-type]


def test_offline_asks_nobody(settings: Settings) -> None:
    with pytest.raises(NotStoredError):
        fetch_url_with(settings._replace(offline=True), "http://127.0.0.1:9/x")
