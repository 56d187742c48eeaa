"""The JSON Schema of manifests: valid itself, shipped, and of one mind with the reader."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import jsonschema
import pytest

from steadyset.manifests import reading

SCHEMA: dict[str, Any] = json.loads(
    resources.files("steadyset.manifests").joinpath("manifest.schema.json").read_text(encoding="utf-8")
)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("/2020-12/schema")


PLACES = SCHEMA["$defs"]["recipe"]["properties"]["places"]
SOURCES = SCHEMA["$defs"]["file"]["properties"]["sources"]


@pytest.mark.parametrize(
    ("pattern", "in_schema"),
    [
        (reading._NAME, SCHEMA["$defs"]["name"]["pattern"]),
        (reading._FILE, SCHEMA["$defs"]["file_name"]["pattern"]),
        (reading._HEX64, SCHEMA["$defs"]["sha256"]["pattern"]),
        (reading._HEX32, SCHEMA["$defs"]["hex128"]["pattern"]),
        (reading._SOURCE, SOURCES["items"]["pattern"]),
        (
            reading._PLACE,
            SCHEMA["$defs"]["recipe"]["properties"]["places"]["additionalProperties"]["pattern"],
        ),
    ],
)
def test_patterns_are_the_readers(pattern: re.Pattern[str], in_schema: str) -> None:
    assert in_schema == f"^{pattern.pattern}$"


def test_enumerations_are_the_readers() -> None:
    assert SCHEMA["properties"]["schema"]["const"] == reading.SCHEMA
    assert SCHEMA["$defs"]["array"]["properties"]["dtype"]["enum"] == list(reading._DTYPES)
    assert SCHEMA["$defs"]["recipe"]["properties"]["decoder"]["enum"] == list(reading._DECODERS)


def test_every_object_is_closed_and_takes_comments() -> None:
    described = [SCHEMA, SCHEMA["properties"]["licence"], *SCHEMA["$defs"].values()]
    for record in [d for d in described if "properties" in d]:
        assert record["additionalProperties"] is False
        assert set(record.get("required", ())) <= set(record["properties"])
        assert record["properties"]["comment"] is True
