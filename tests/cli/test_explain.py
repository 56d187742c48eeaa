from __future__ import annotations

import pytest

from steadyset.findings.catalogue import entries

from .conftest import Document, Run


@pytest.mark.parametrize("given", ["SS105", "ss105", "[SS105]", "connection-reset"])
def test_a_code_or_its_name(cli: Run, given: str) -> None:
    result = cli("explain", given)
    assert result.exit_code == 0
    assert result.stdout.startswith("SS105 connection-reset\n")
    assert "How to fix it" in result.stdout
    assert cli("explain", given, "-q").stdout == result.stdout


@pytest.mark.parametrize("code", sorted(entries()))
def test_every_code_is_explained_as_a_document(document: Document, code: str) -> None:
    found = document("explain", code)
    assert found["entry"]["code"] == code
    assert found["entry"]["causes"]


@pytest.mark.parametrize("given", ["SS1055", "SS999", "dns-failrue"])
def test_an_unknown_code(cli: Run, given: str) -> None:
    result = cli("explain", given)
    assert result.exit_code == 2
    assert f"there is no code {given!r}" in result.stderr


@pytest.mark.parametrize("argv", [[], ["-"], ["train.log"], ["SS105", "SS106"], ["--", "python", "train.py"]])
def test_anything_else_says_that_only_codes_are_explained(cli: Run, argv: list[str]) -> None:
    result = cli("explain", *argv)
    assert result.exit_code == 2
    assert "only codes are explained so far" in result.stderr
