from __future__ import annotations

from pathlib import Path

import tiny

from .conftest import Document, Run


def test_the_paths_alone_are_on_stdout(cli: Run, data: tiny.Tiny, mirror: Path, store: Path) -> None:
    result = cli("fetch", data.name, "--mirror", mirror)
    assert result.exit_code == 0, result.stderr
    (path,) = result.stdout.splitlines()
    assert Path(path).read_bytes() == data.files["tiny.npz"]
    assert Path(path).is_relative_to(store)
    assert result.stderr.startswith(f"✓ tiny: keras-npz from {mirror / 'tiny.npz'}, SHA-256 verified (")


def test_quiet_leaves_the_paths(cli: Run, data: tiny.Tiny, mirror: Path) -> None:
    result = cli("fetch", data.name, "--mirror", mirror, "-q")
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""
    assert cli("fetch", data.name, "-qq").output == ""


def test_copies_go_where_they_are_wanted(
    cli: Run, document: Document, data: tiny.Tiny, mirror: Path, tmp_path: Path
) -> None:
    result = cli("fetch", data.name, "--mirror", mirror, "--to", tmp_path / "out put")
    assert result.stdout == f"{tmp_path / 'out put' / 'tiny.npz'}\n"
    assert (tmp_path / "out put" / "tiny.npz").read_bytes() == data.files["tiny.npz"]
    (record,) = document("fetch", data.name, "--to", "keras")["datasets"]
    assert record["paths"] == [str(tmp_path.parent / record["paths"][0])]
    assert Path(record["paths"][0]).read_bytes() == data.files["tiny.npz"]
    assert record["arrays"] == {}


def test_a_wrong_file_there_is_renamed_and_told_on_stderr(
    cli: Run, data: tiny.Tiny, mirror: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tiny.npz").write_text("half a file")
    result = cli("fetch", data.name, "--mirror", mirror, "--to", tmp_path / "out")
    assert result.stdout == f"{tmp_path / 'out' / 'tiny.npz'}\n"
    assert "SS203" in result.stderr
    assert any("corrupt" in path.name for path in (tmp_path / "out").iterdir())


def test_one_failure_does_not_stop_the_others(cli: Run, document: Document, tmp_path: Path) -> None:
    good, bad = tiny.make(tmp_path / "a"), tiny.make(tmp_path / "b", seed=8)
    mirror = good.mirror(tmp_path / "mirror")
    result = cli("fetch", bad.name, good.name, "--mirror", mirror)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert "tiny could not be had" in result.stderr
    found = document("fetch", bad.name, good.name, "--mirror", mirror)
    assert [record["ok"] for record in found["datasets"]] == [True, False]
    assert "1 file of tiny" in found["summary"]


def test_a_failure_of_the_only_one_is_said_as_load_says_it(cli: Run, data: tiny.Tiny) -> None:
    result = cli("fetch", data.name, "--offline")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("[SS108]")
