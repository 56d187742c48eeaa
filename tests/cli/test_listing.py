from __future__ import annotations

from pathlib import Path

from steadyset import manifests

from .conftest import Document, Run


def test_every_dataset_is_listed(cli: Run) -> None:
    result = cli("list")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert set(manifests.names()) < set(lines)
    assert "60,000 + 10,000" in lines["mnist"]
    assert "11.5 MB" in lines["mnist"]
    assert "no " in lines["mnist"]
    assert "MNIST handwritten digits" in lines["mnist"]


def test_quiet_leaves_the_names(cli: Run) -> None:
    assert cli("list", "-q").stdout.split() == list(manifests.names())
    assert cli("list", "-qq").output == ""


def test_verbose_tells_more(cli: Run) -> None:
    text = cli("list", "-v").stdout
    assert "CC BY-SA 3.0" in text
    assert "keras-npz, idx" in text
    assert all(len(line) <= 80 for line in text.splitlines() if line.startswith("    "))


def test_the_document(document: Document) -> None:
    found = document("list")
    by_name = {entry["name"]: entry for entry in found["catalogue"]}
    assert set(by_name) == set(manifests.names())
    mnist = by_name["mnist"]
    assert mnist["samples"] == {"train": 60000, "test": 10000}
    assert mnist["download_bytes"] == 11490434
    assert mnist["stored"] == {"arrays": False, "recipes": []}
    assert not mnist["loads_offline"]
    assert by_name["drawn-digits"]["loads_offline"]
    assert found["summary"] == f"{len(by_name)} datasets, 0 stored"


def test_what_is_stored_is_said(cli: Run, document: Document, mnist_dir: Path) -> None:
    cli("fetch", "mnist", "--mirror", mnist_dir)
    entry = next(e for e in document("list")["catalogue"] if e["name"] == "mnist")
    assert entry["stored"] == {"arrays": False, "recipes": ["keras-npz"]}
    assert "files" in cli("list").stdout
    cli("load", "mnist", "--offline")
    entry = next(e for e in document("list")["catalogue"] if e["name"] == "mnist")
    assert entry["stored"]["arrays"]
    assert entry["loads_offline"]
