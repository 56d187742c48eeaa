"""A malformed manifest is refused with its file and line; the schema refuses it too where it can tell."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any, NamedTuple

import jsonschema
import pytest

from steadyset.errors import ManifestError
from steadyset.manifests import ArraySpec, FileSpec, Licence, Origin, SplitSpec, names, reading
from steadyset.manifests.records import PIECE

HEX = "0123456789abcdef" * 4
GONE = object()


def good() -> dict[str, Any]:
    """Return a manifest with everything a manifest may have."""
    file = {
        "name": "toy.npz",
        "size": PIECE + 1,
        "sha256": HEX,
        "md5": HEX[:32],
        "piece_size": PIECE,
        "pieces": [HEX, HEX],
        "sources": ["https://example.org/toy.npz", "practice:toy.npz"],
    }
    labels = {"shape": [4], "dtype": "uint8", "sha256": HEX, "min": 0, "max": 1, "label_counts": [1, 3]}
    samples = {"shape": [4, 2, 2], "dtype": "uint8", "sha256": HEX, "xxh3_128": HEX[:32]}
    return {
        "$schema": "../manifest.schema.json",
        "comment": "for the tests",
        "schema": "steadyset.manifest/1",
        "name": "toy",
        "aliases": ["playthings"],
        "title": "Toy",
        "summary": "Eight small images.",
        "licence": {"name": "CC0", "url": "https://example.org/cc0"},
        "citation": "",
        "homepage": "https://example.org/",
        "label_names": ["no", "yes"],
        "splits": {"train": {"x": "xa", "y": "ya"}, "test": {"x": "xb", "y": "yb"}},
        "arrays": {"xa": samples, "ya": labels, "xb": samples, "yb": labels},
        "recipes": [
            {
                "name": "npz",
                "decoder": "npz",
                "files": [file],
                "arrays": {n: {"file": "toy.npz", "member": n} for n in ("xa", "ya", "xb", "yb")},
                "places": {"keras": "datasets/{file}"},
            },
            {"name": "made", "decoder": "drawn"},
        ],
    }


class Case(NamedTuple):
    """One thing set to a value that is not accepted.

    ``says`` is part of the message; ``crosses`` tells that parts of the manifest contradict one another,
    or that JSON Schema has no words for it, so that only the reader can refuse it.
    """

    path: str
    value: Any
    says: str
    crosses: bool = False


FILE, ARRAY = "recipes.0.files.0", "arrays.ya"
CASES = [
    Case("schema", "steadyset.manifest/2", "must be 'steadyset.manifest/1'"),
    Case("schema", GONE, "schema is missing"),
    Case("name", "Toy Digits", "must be a lower-case name, not 'Toy Digits'"),
    Case("name", "", "must be a lower-case name"),
    Case("name", 7, "must be text"),
    Case("name", GONE, "is missing"),
    Case("title", None, "must be text"),
    Case("summary", ["one"], "must be text"),
    Case("citation", GONE, "is missing"),
    Case("homepage", None, "must be text"),
    Case("licence", "CC0", "must be an object"),
    Case("licence.url", GONE, "is missing"),
    Case("licence.owner", "me", "is not a key of a manifest"),
    Case("aliases", "playthings", "must be a list"),
    Case("aliases.0", "Play Things", "must be a lower-case name"),
    Case("label_names.1", 1, "must be text"),
    Case("mirrors", [], "is not a key of a manifest"),
    Case("splits", [], "must be an object"),
    Case("splits.test", GONE, "exactly train and test"),
    Case("splits.dev", {"x": "xa", "y": "ya"}, "exactly train and test"),
    Case("splits.train.y", GONE, "is missing"),
    Case("splits.train.x", "images", "names no array of the contract: images", crosses=True),
    Case("arrays", GONE, "is missing"),
    Case("arrays.xa", 3, "must be an object"),
    Case(f"{ARRAY}.shape", GONE, "is missing"),
    Case(f"{ARRAY}.shape", 4, "must be a list"),
    Case(f"{ARRAY}.shape.0", -4, "not negative"),
    Case(f"{ARRAY}.shape.0", "4", "must be a whole number"),
    Case(f"{ARRAY}.shape.0", 4.0, "must be a whole number", crosses=True),
    Case(f"{ARRAY}.dtype", "object", "must be one of bool, uint8"),
    Case(f"{ARRAY}.dtype", GONE, "is missing"),
    Case(f"{ARRAY}.sha256", HEX.upper(), "must be a SHA-256"),
    Case(f"{ARRAY}.sha256", HEX[1:], "must be a SHA-256"),
    Case(f"{ARRAY}.sha256", HEX + "\n", "must be a SHA-256"),
    Case(f"{ARRAY}.sha256", None, "must be text"),
    Case(f"{ARRAY}.xxh3_128", HEX, "must be an XXH3-128"),
    Case(f"{ARRAY}.min", True, "must be a whole number"),
    Case(f"{ARRAY}.max", -1, "must not be less than min", crosses=True),
    Case(f"{ARRAY}.label_counts", None, "must be a list"),
    Case(f"{ARRAY}.label_counts.0", 2, "must add up to the 4 elements", crosses=True),
    Case(f"{ARRAY}.mean", 0.5, "is not a key of a manifest"),
    Case("recipes", GONE, "is missing"),
    Case("recipes", [], "must hold at least one recipe"),
    Case("recipes.0.name", "Keras npz", "must be a lower-case name"),
    Case("recipes.1.name", "npz", "is the name of another recipe", crosses=True),
    Case("recipes.0.decoder", "pickle", "must be one of npz, idx, drawn"),
    Case("recipes.0.files", GONE, "must hold a file"),
    Case("recipes.1.files", [{"name": "a", "size": 0, "sha256": HEX}], "drawn digits have none"),
    Case("recipes.1.arrays", {}, "is not a key of a manifest"),
    Case("recipes.0.arrays", GONE, "is missing"),
    Case("recipes.0.arrays.xb", GONE, "must place every array", crosses=True),
    Case("recipes.0.arrays.xa.file", "other.npz", "names no file of this recipe: other.npz", crosses=True),
    Case("recipes.0.arrays.xa.member", 0, "must be text"),
    Case("recipes.0.places.keras", "/etc/{file}", "directories and then {file}"),
    Case("recipes.0.places.keras", "../{file}", "directories and then {file}"),
    Case("recipes.0.places.keras", "datasets/{name}", "directories and then {file}"),
    Case(FILE, "toy.npz", "must be an object"),
    Case(f"{FILE}.name", "sub/toy.npz", "must be a plain file name"),
    Case(f"{FILE}.name", "..", "must be a plain file name"),
    Case(f"{FILE}.size", GONE, "is missing"),
    Case(f"{FILE}.size", -1, "must not be negative"),
    Case(f"{FILE}.size", "11 MB", "must be a whole number"),
    Case(f"{FILE}.size", 3 * PIECE, "must have one digest per", crosses=True),
    Case(f"{FILE}.md5", HEX, "must be an MD5"),
    Case(f"{FILE}.piece_size", 0, "must be positive"),
    Case(f"{FILE}.pieces.1", "no digest", "must be a SHA-256"),
    Case(f"{FILE}.sources", "https://example.org/toy.npz", "must be a list"),
    Case(f"{FILE}.sources.0", "ftp://example.org/toy.npz", "must be an http, https, file or practice URL"),
    Case(f"{FILE}.sources.0", "https://example.org/a b", "must be an http, https, file or practice URL"),
    Case(f"{FILE}.sources.1", None, "must be an http, https, file or practice URL"),
]


def steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in path.split(".")]


def spoilt(case: Case) -> dict[str, Any]:
    manifest = good()
    *way, last = steps(case.path)
    at: Any = manifest
    for step in way:
        at[step] = copy.copy(at[step])  # samples and labels are shared between the splits
        at = at[step]
    if case.value is GONE:
        del at[last]
    else:
        at[last] = case.value
    return manifest


def validator() -> jsonschema.Draft202012Validator:
    text = resources.files("steadyset.manifests").joinpath("manifest.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def ids(case: Case) -> str:
    return f"{case.path}={'gone' if case.value is GONE else json.dumps(case.value)[:20]}"


def line_that_shows(case: Case) -> int:
    """Return the line of the value; of what should hold it, when it is gone. Found without the reader."""
    marked = spoilt(case)
    *way, last = steps(case.path)
    at: Any = marked
    for step in way:
        at = at[step]
    if case.value is GONE:
        at["~mark~"] = 0
        lines = json.dumps(marked, indent=1).splitlines()
        mark = next(i for i, line in enumerate(lines) if "~mark~" in line)
        indent = len(lines[mark]) - len(lines[mark].lstrip())
        return next(i for i in range(mark, -1, -1) if len(lines[i]) - len(lines[i].lstrip()) < indent) + 1
    at[last] = "~mark~"
    return 1 + next(i for i, line in enumerate(json.dumps(marked, indent=1).splitlines()) if "~mark~" in line)


ELSEWHERE = {  # a contradiction is reported where it shows, which need not be where it was made
    ("splits.test", "exactly train and test"): "splits",
    ("splits.dev", "exactly train and test"): "splits",
    ("arrays.ya.label_counts.0", "must add up to the 4 elements"): "arrays.ya.label_counts",
    ("recipes.0.arrays.xb", "must place every array"): "recipes.0.arrays",
    ("recipes.0.files.0.size", "must have one digest per"): "recipes.0.files.0.pieces",
}


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_refused_with_file_and_line(case: Case) -> None:
    text = json.dumps(spoilt(case), indent=1)
    with pytest.raises(ManifestError) as caught:
        reading.parse(text, path="toy.json")
    error = caught.value
    assert case.says in error.message
    assert error.code == "SS503"
    file, line, _ = error.message.split(":", 2)
    assert file == "toy.json"
    assert dict(error.evidence) == {"file": "toy.json", "line": line}
    elsewhere = ELSEWHERE.get((case.path, case.says))
    assert int(line) == line_that_shows(Case(elsewhere, None, "") if elsewhere else case)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_schema_refuses_the_same(case: Case) -> None:
    assert validator().is_valid(spoilt(case)) == case.crosses


def test_what_is_good_is_read() -> None:
    manifest = reading.parse(json.dumps(good()), path="toy.json")
    assert manifest.name == "toy"
    assert manifest.aliases == ("playthings",)
    assert manifest.licence == Licence("CC0", "https://example.org/cc0", "")
    assert manifest.splits == {"train": SplitSpec("xa", "ya"), "test": SplitSpec("xb", "yb")}
    assert manifest.arrays["ya"] == ArraySpec("ya", (4,), "uint8", HEX, None, 0, 1, (1, 3))
    assert [r.name for r in manifest.recipes] == ["npz", "made"]
    npz, made = manifest.recipes
    assert npz.arrays["xa"] == Origin("toy.npz", "xa")
    assert npz.places == {"keras": "datasets/{file}"}
    assert (made.files, made.arrays, made.places) == ((), {}, {})


OPTIONAL = [
    *("homepage", "label_names", "aliases", "comment", "$schema", "recipes.0.places", "arrays.xa.xxh3_128"),
    *(f"{FILE}.{key}" for key in ("md5", "piece_size", "sources")),
    *(f"{ARRAY}.{key}" for key in ("min", "max", "label_counts")),
]


@pytest.mark.parametrize("path", OPTIONAL)
def test_what_is_optional_may_be_left_out(path: str) -> None:
    manifest = spoilt(Case(path, GONE, ""))
    reading.parse(json.dumps(manifest), path="toy.json")
    validator().validate(manifest)


def test_a_file_without_pieces_and_digest_of_the_world() -> None:
    manifest = good()
    manifest["recipes"][0]["files"] = [{"name": "toy.npz", "size": 0, "sha256": HEX}]
    recipe = reading.parse(json.dumps(manifest), path="toy.json").recipes[0]
    assert recipe.files == (FileSpec("toy.npz", 0, HEX),)
    assert recipe.files[0].piece_size == PIECE


BROKEN = {
    "empty": ("", 1, "not JSON"),
    "not JSON": ("{\n 'name': 1}", 2, "not JSON"),
    "cut": ('{\n "name":\n "to', 3, "not JSON"),
    "byte order mark": ("\ufeff{}", 1, "not JSON"),
    "a list": ("[]", 1, "the manifest must be an object"),
    "null": ("null", 1, "the manifest must be an object"),
    "deep": ("[" * 200_000 + "]" * 200_000, 1, "not JSON that can be read"),
    "a number too long for Python": ('{"size": ' + "1" * 5000 + "}", 1, "not JSON that can be read"),
    "twins": ('{"a": {"b": 1},\n "b": 2,\n "a": 3}', 3, "the key 'a' stands twice"),
    "twins below": ('{"a": [{"b": "\\"b\\":"},\n {"b": 1,\n "\\u0062": 2}]}', 3, "the key 'b' stands twice"),
    "a key of the wrong place": ('{"schema": "steadyset.manifest/1",\n\n"name": 3}', 3, "name must be text"),
}


@pytest.mark.parametrize(("text", "line", "says"), BROKEN.values(), ids=BROKEN)
def test_broken_text_is_refused(text: str, line: int, says: str) -> None:
    with pytest.raises(ManifestError) as caught:
        reading.parse(text, path="toy.json")
    assert caught.value.message.startswith(f"toy.json:{line}: ")
    assert says in caught.value.message


def test_the_built_in_manifests_keep_the_schema() -> None:
    folder = resources.files("steadyset.manifests").joinpath("data")
    for name in names():
        validator().validate(json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8")))
