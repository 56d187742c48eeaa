"""The machine's own proxies and certificates stay out of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

import network


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one authority, that of nobody here: it is read faster than the machine's hundreds."""
    path = tmp_path_factory.mktemp("certificates") / "strangers.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, strangers: Path) -> None:
    for name in network.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(strangers))
