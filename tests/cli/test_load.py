from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import tiny

from .conftest import Document, Run


def test_a_first_load_tells_whence_what_and_how_many(cli: Run, data: tiny.Tiny, mirror: Path, store: Path) -> None:
    result = cli("load", data.name, "--mirror", mirror)
    assert result.exit_code == 0, result.stderr
    text = result.stdout
    assert text.startswith("tiny  Tiny\n")
    assert f"from      {mirror / 'tiny.npz'}" in text
    assert "verified  SHA-256 of every file" in text
    assert f"store     {store}" in text
    assert "train  x 60×28×28 uint8  y 60 uint8" in text
    assert "test   x 10×28×28 uint8  y 10 uint8" in text
    assert "  label  0  1  2  3  4  5  6  7  8  9\n  train  6  6  6  6  6  6  6  6  6  6\n" in text
    assert sum(any(block in line for block in "░▒▓█▀▄") for line in text.splitlines()) >= 7
    assert "\x1b" not in text


def test_a_second_load_is_from_the_store(cli: Run, data: tiny.Tiny, mirror: Path) -> None:
    cli("load", data.name, "--mirror", mirror)
    result = cli("load", data.name, "--offline", "--verify", "full")
    assert result.exit_code == 0
    assert "from      the store" in result.stdout
    assert f"origin    {mirror / 'tiny.npz'}" in result.stdout
    assert "verified  SHA-256 of every array" in result.stdout


def test_the_document(document: Document, data: tiny.Tiny, mirror: Path) -> None:
    found = document("load", data.name, "--mirror", mirror)
    (record,) = found["datasets"]
    assert (record["name"], record["ok"], record["recipe"]) == ("tiny", True, "keras-npz")
    assert record["source"] == str(mirror / "tiny.npz")
    assert record["attempts"][0]["code"] is None
    described = json.loads(Path(data.name).read_text())["arrays"]
    for name, array in data.arrays.items():
        assert record["arrays"][name] == {
            "shape": list(array.shape),
            "dtype": "uint8",
            "sha256": described[name]["sha256"],
        }
    again = document("load", data.name)
    assert again["datasets"][0]["source"] == "store"


def test_quiet_says_nothing_when_all_is_well(cli: Run, data: tiny.Tiny, mirror: Path) -> None:
    result = cli("load", data.name, "--mirror", mirror, "-q")
    assert (result.exit_code, result.output) == (0, "")


def test_an_equivalent_copy_is_accepted_and_said(cli: Run, data: tiny.Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "repacked"
    folder.mkdir()
    np.savez(folder / "tiny.npz", **data.arrays)  # type: ignore[arg-type]
    result = cli("load", data.name, "--mirror", folder)
    assert result.exit_code == 0, result.stderr
    assert "from a copy with another digest and the same arrays" in result.stdout
    assert "– SS216 equivalent-copy-used" in result.stdout
    assert "SS216" in cli("load", data.name, "--mirror", folder, "-q", env={"STEADYSET_HOME": f"{tmp_path}/b"}).stdout


def test_verbose_tells_the_attempts(cli: Run, data: tiny.Tiny, mirror: Path) -> None:
    text = cli("load", data.name, "--mirror", mirror, "-v").stdout
    assert f"    {mirror / 'tiny.npz'}\n    ✓ " in text


def test_colours_are_drawn_when_asked_for(cli: Run, data: tiny.Tiny, mirror: Path) -> None:
    text = cli("load", data.name, "--mirror", mirror, "--color", "always", env={"COLORTERM": "truecolor"}).stdout
    assert "\x1b[38;2;" in text
    assert "\x1b[38;5;" in cli("load", data.name, env={"FORCE_COLOR": "1", "COLORTERM": ""}).stdout


def test_nothing_to_be_had_offline(cli: Run, document: Document, data: tiny.Tiny) -> None:
    result = cli("load", data.name, "--offline")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("[SS108] tiny is not on this machine")
    found = document("load", data.name, "--offline")
    assert [f["code"] for f in found["findings"]] == ["SS108"]
    assert found["datasets"][0]["ok"] is False


def test_a_damaged_copy_in_the_store_is_noted_and_replaced(
    cli: Run, data: tiny.Tiny, mirror: Path, store: Path
) -> None:
    cli("load", data.name, "--mirror", mirror)
    for path in store.glob("arrays/*/*.npy"):
        os.chmod(path, 0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    result = cli("load", data.name)
    assert result.exit_code == 0, result.stderr
    assert "SS203" in result.stdout
    assert "was damaged and is not used" in result.stdout


@pytest.mark.parametrize(
    ("argv", "environ", "code", "exit_code"),
    [
        (["load", "nope"], {}, "SS441", 2),
        (["load", "mnist", "--verify", "twice"], {}, "SS443", 2),
        (["load", "mnist", "--mirror", "example.org/data"], {}, "SS442", 2),
        (["load", "mnist", "--mirror", "ftp://example.org"], {}, "SS442", 2),
        (["load", "mnist", "--mirror", ""], {}, "SS442", 2),
        (["load", "mnist"], {"STEADYSET_MIRRORS": "ftp://x"}, "SS442", 2),
        (["load", "absent.json"], {}, "SS503", 2),
        (["load", "broken.json"], {}, "SS503", 2),
        (["load", "mnist"], {"STEADYSET_HOME": "file"}, "SS212", 2),
        (["load", "mnist"], {"STEADYSET_HOME": "file/below"}, "SS212", 2),
        (["load", "mnist"], {"STEADYSET_HOME": "newer"}, "SS213", 2),
        (["list"], {"STEADYSET_HOME": "file"}, "SS212", 2),
        (["verify"], {"STEADYSET_HOME": "newer"}, "SS213", 2),
        (["cache", "list"], {"STEADYSET_HOME": "newer"}, "SS213", 2),
        (["cache", "prune", "--all", "--yes"], {"STEADYSET_HOME": "newer"}, "SS213", 2),
        (["fetch", "mnist"], {"STEADYSET_HOME": "file"}, "SS212", 2),
        (["fetch", "nope", "mnist"], {}, "SS441", 2),
        (["fetch", "ftp://me:pw@example.org/mnist.npz"], {}, "SS443", 2),
        (["fetch", "mnist", "https://me:pw@example.org/f"], {}, "SS443", 2),
        (["fetch", "mnist", "--sha256", "0" * 64], {}, "SS443", 2),
        (["fetch", "mnist", "--size", "1"], {}, "SS443", 2),
        (["fetch", "mnist", "-o", "file"], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "--to", "keras"], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "--mirror", "https://example.net"], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "https://example.org/g", "-o", "out"], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "https://example.org/g", "--sha256", "0" * 64], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "--sha256", "abc"], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "--sha256", ""], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "--size", "-1"], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "--size", "1e6"], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "-o", ""], {}, "SS443", 2),
        (["fetch", "https://example.org/f", "-o", "-"], {}, "SS443", 2),
        (["fetch", "https://example.org/f"], {"STEADYSET_HOME": "file"}, "SS212", 2),
        (["load", "mnist", "--timeout", "0"], {}, "SS443", 2),
        (["load", "mnist", "--timeout", "-1"], {}, "SS443", 2),
        (["load", "mnist", "--timeout", "nan"], {}, "SS443", 2),
        (["fetch", "mnist", "--timeout", "inf"], {}, "SS443", 2),
        (["heal", "mnist", "--timeout", "soon"], {}, "SS443", 2),
        (["heal", "nope"], {}, "SS441", 2),
        (["heal", "--dry-run"], {"STEADYSET_HOME": "newer"}, "SS213", 2),
        (["fetch", "mnist", "--to", "file"], {}, "SS443", 2),
        (["fetch"], {}, "SS443", 2),
        (["explain"], {}, "SS443", 2),
        (["explain", "train.log"], {}, "SS443", 2),
        (["explain", "SS105", "SS106"], {}, "SS443", 2),
        (["nonsense"], {}, "SS443", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_screen_with_a_code_and_a_remedy(
    cli: Run,
    document: Document,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    environ: dict[str, str],
    code: str,
    exit_code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("not a store")
    (tmp_path / "broken.json").write_text('{\n "schema": 1\n}')
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "store.json").write_text('{"schema": "steadyset.store/99"}')
    for name, value in environ.items():
        monkeypatch.setenv(name, str(tmp_path / value) if name == "STEADYSET_HOME" else value)
    result = cli(*argv)
    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert result.stderr.startswith(f"[{code}] ")
    assert "  Do      " in result.stderr
    assert f"steadyset explain {code}" in result.stderr
    assert "Traceback" not in result.stderr
    assert "pw@" not in result.stderr
    assert len(result.stderr.splitlines()) <= 24
    found = document(*argv)
    assert [f["code"] for f in found["findings"]] == [code]
    assert found["exit_code"] == exit_code


def test_a_malformed_manifest_is_told_with_its_line(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{\n "schema": 1\n}')
    assert "broken.json:2: schema" in cli("load", tmp_path / "broken.json").stderr


def test_paths_with_spaces_and_letters_of_all_kinds(cli: Run, tmp_path: Path) -> None:
    place = tmp_path / "mes données ☃"
    data = tiny.make(place)
    result = cli(
        "load", data.name, "--mirror", data.mirror(place / "miroir é"), env={"STEADYSET_HOME": str(place / "s t")}
    )
    assert result.exit_code == 0, result.stderr
    assert "mes données ☃" in result.stdout


def test_the_real_mnist(cli: Run, mnist_dir: Path) -> None:
    result = cli("load", "mnist", "--mirror", mnist_dir)
    assert result.exit_code == 0, result.stderr
    assert "train  x 60000×28×28 uint8  y 60000 uint8" in result.stdout
    assert "train  5923  6742  5958  6131  5842  5421  5918  6265  5851  5949" in result.stdout
