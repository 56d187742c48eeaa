from __future__ import annotations

import pytest

from steadyset.cli.fitting import command, fitted
from steadyset.findings.catalogue import entries
from steadyset.findings.records import Remedy

URL = "https://example.org/f.bin"
NETWORK = [code for code in entries() if code.startswith(("SS1", "SS2"))]


@pytest.mark.parametrize("code", entries())
def test_without_a_url_nothing_changes(code: str) -> None:
    assert fitted(code, entries()[code].remedies, "") == entries()[code].remedies
    assert command(entries()[code].verify, "") == entries()[code].verify


@pytest.mark.parametrize("code", NETWORK)
def test_with_a_url_no_dataset_is_spoken_of(code: str) -> None:
    for remedy in fitted(code, entries()[code].remedies, URL):
        assert not any("mnist" in argv for argv in remedy.commands)
    assert "mnist" not in command(entries()[code].verify, URL)


def test_what_helps_with_a_url_comes_first() -> None:
    stays = Remedy("Look at the network.", (("ip", "route"),))
    goes = Remedy("Load from a mirror.", (("steadyset", "load", "mnist", "--mirror", "URL"),))
    first, second = fitted("SS105", [goes, stays], URL)
    assert first.commands == (("steadyset", "fetch", URL),)
    assert second == stays


@pytest.mark.parametrize("url", ["https://me:pw@example.org/f", "https://example.org/f?token=secret"])
def test_a_url_with_secrets_is_not_repeated(url: str) -> None:
    assert command(("steadyset", "load", "mnist"), url) == ("steadyset", "fetch", "URL")
    assert fitted("SS109", (), url)[0].commands == (("steadyset", "fetch", "URL"),)
