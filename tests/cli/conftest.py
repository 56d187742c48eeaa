"""A runner for the command line, the schema of its documents, and a small dataset behind a mirror."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

import tiny
from steadyset.cli.app import app

Run = Callable[..., Result]
Document = Callable[..., dict[str, Any]]


@pytest.fixture
def cli() -> Run:
    """Runs the command line in this process."""
    return lambda *argv, **extra: CliRunner().invoke(app, [str(word) for word in argv], **extra)


@pytest.fixture(scope="session")
def validator() -> jsonschema.Draft202012Validator:
    """The schema that ships, checked against its own."""
    text = resources.files("steadyset.findings").joinpath("report.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture
def document(cli: Run, validator: jsonschema.Draft202012Validator) -> Document:
    """Runs a command with ``--json`` and returns its one document, which the schema has accepted."""

    def run(*argv: object) -> dict[str, Any]:
        result = cli(*argv, "--json")
        found: dict[str, Any] = json.loads(result.stdout)
        validator.validate(found)
        assert found["exit_code"] == result.exit_code
        return found

    return run


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    """A dataset of a few kilobytes."""
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def mirror(data: tiny.Tiny, tmp_path: Path) -> Path:
    """A directory with the files of the dataset."""
    return data.mirror(tmp_path / "mirror")
