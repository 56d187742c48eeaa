from __future__ import annotations

import os
from pathlib import Path

import pytest

import tiny

from .conftest import Document, Run


def test_nothing_stored_is_no_problem(cli: Run, document: Document) -> None:
    result = cli("verify")
    assert (result.exit_code, result.stdout) == (0, "nothing stored yet; steadyset load mnist\n")
    found = document("verify")
    assert found["summary"] == "nothing stored yet; steadyset load mnist"
    assert "datasets" not in found


def test_a_named_dataset_that_is_not_stored(cli: Run) -> None:
    result = cli("verify", "mnist")
    assert (result.exit_code, result.stdout) == (0, "– mnist  nothing stored\n")


def test_all_is_well(cli: Run, document: Document, data: tiny.Tiny, mirror: Path) -> None:
    cli("load", data.name, "--mirror", mirror)
    result = cli("verify", data.name)
    assert (result.exit_code, result.stdout) == (0, "✓ tiny  5 stored files verified\n")
    text = cli("verify", data.name, "-v").stdout
    assert "✓ object  tiny.npz" in text
    assert "✓ array   x_train " in text
    (record,) = document("verify", data.name)["datasets"]
    assert record["ok"]
    assert set(record["arrays"]) == set(data.arrays)


@pytest.mark.parametrize("quiet", [[], ["-q"], ["-qq"]], ids=["", "q", "qq"])
def test_damage_is_found_and_left_alone(
    cli: Run, document: Document, data: tiny.Tiny, mirror: Path, store: Path, quiet: list[str]
) -> None:
    cli("load", data.name, "--mirror", mirror)
    (damaged,) = store.glob("objects/*/*")
    os.chmod(damaged, 0o644)
    damaged.write_bytes(damaged.read_bytes()[:-9])
    result = cli("verify", data.name, *quiet)
    assert result.exit_code == 1
    assert ("✗ tiny  1 of 5 stored files damaged" in result.stdout) is (not quiet)
    assert ("SS202" in result.stdout) is (quiet != ["-qq"])
    assert result.stderr == ""
    found = document("verify", data.name)
    assert (found["findings"][0]["code"], found["findings"][0]["location"]["path"]) == ("SS202", str(damaged))
    assert damaged.exists()
