from __future__ import annotations

import os
from pathlib import Path

import pytest

import tiny
from steadyset.practice.origin import Origin

from .conftest import Document, Run


def spoil(path: Path) -> bytes:
    """Change one byte of a file, and return what it holds then."""
    content = bytearray(path.read_bytes())
    content[5000 % len(content)] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))
    return bytes(content)


@pytest.fixture
def loaded(cli: Run, data: tiny.Tiny, mirror: Path) -> tiny.Tiny:
    assert cli("load", data.name, "--mirror", mirror).exit_code == 0
    return data


@pytest.fixture
def of_keras() -> Path:
    """Half a file where Keras looks."""
    path = Path(os.environ["KERAS_HOME"], "datasets", "tiny.npz")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"<html>Sign in</html>")
    return path


def everything(*roots: Path) -> dict[Path, bytes]:
    files = [p for root in roots for p in root.rglob("*") if p.is_file()]
    return {p: p.read_bytes() for p in files if p.suffix != ".lock"}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["", "dry-run"])
def test_nothing_to_heal(cli: Run, document: Document, loaded: tiny.Tiny, dry: list[str]) -> None:
    for names in ([], [loaded.name]):
        result = cli("heal", *names, *dry)
        assert (result.exit_code, result.output) == (0, "nothing to heal\n")
    found = document("heal", *dry)
    assert (found["steps"], found["findings"]) == ([], [])


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    cli: Run, document: Document, loaded: tiny.Tiny, store: Path, of_keras: Path
) -> None:
    (bad,) = store.glob("objects/*/*")
    spoil(bad)
    before = everything(store, of_keras.parent)
    result = cli("heal", loaded.name, "--dry-run")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "! tiny.npz (file)  to heal",
        "    found     tiny.npz is not the recorded file [SS203]",
        f"    at        {bad}",
        "    would     move it to quarantine and fetch what is missing",
        "! tiny.npz (file of Keras)  to heal",
        "    found     tiny.npz is an HTML page [SS204]",
        f"    at        {of_keras}",
        "    would     rename it and put a verified copy in its place",
        "2 damaged files to heal; nothing was changed",
    ]
    found = document("heal", loaded.name, "--dry-run")
    assert [(s["kind"], s["state"], s["moved_to"]) for s in found["steps"]] == [
        ("object", "planned", None),
        ("keras", "planned", None),
    ]
    assert found["findings"][0]["remedies"][0]["commands"] == [["steadyset", "heal", loaded.name]]
    assert everything(store, of_keras.parent) == before


def test_what_hurts_only_keras_is_something_to_heal(cli: Run, loaded: tiny.Tiny, of_keras: Path) -> None:
    assert cli("heal", loaded.name, "--dry-run", "-qq").exit_code == 1
    quiet = cli("heal", loaded.name, "--dry-run", "-q")
    assert quiet.stdout.startswith("✗ SS204 not-the-expected-format\n")
    assert f"            steadyset heal {loaded.name}\n" in quiet.stdout


def test_each_step_tells_what_was_found_where_it_is_and_what_replaced_it(
    cli: Run, document: Document, loaded: tiny.Tiny, mirror: Path, store: Path, of_keras: Path
) -> None:
    (bad,) = store.glob("objects/*/*")
    array = max(store.glob("arrays/*/*.npy"), key=lambda p: p.stat().st_size)
    damaged = {spoil(bad), spoil(array), of_keras.read_bytes()}
    result = cli("heal", loaded.name, "--mirror", mirror)
    assert result.exit_code == 0, result.output
    text = result.stdout
    assert text.count("✓ ") == 3
    assert text.count("  healed\n") == 3
    assert f"    now       a copy from {mirror / 'tiny.npz'}, SHA-256 verified\n" in text
    assert "    now       made again from the store, SHA-256 verified\n" in text
    assert "    now       a copy from the store, SHA-256 verified\n" in text
    assert text.endswith("\n3 damaged files healed; nothing was deleted\n")
    assert text.count("SS20") == 3, "what was found is told once"
    moved = [Path(line.split("moved to  ")[1]) for line in text.splitlines() if "moved to" in line]
    assert {path.read_bytes() for path in moved} == damaged
    assert of_keras.read_bytes() == loaded.files["tiny.npz"]
    assert cli("verify", loaded.name, "-q").output == ""
    assert document("heal", loaded.name)["summary"] == "nothing to heal"


def test_the_document_of_what_was_healed(document: Document, loaded: tiny.Tiny, mirror: Path, store: Path) -> None:
    (bad,) = store.glob("objects/*/*")
    spoil(bad)
    found = document("heal", loaded.name, "--mirror", mirror)
    (step,) = found["steps"]
    assert (step["state"], step["path"], step["code"]) == ("healed", str(bad), "SS203")
    assert step["replaced_by"] == str(mirror / "tiny.npz")
    assert Path(step["moved_to"]).is_relative_to(store / "quarantine")
    assert found["counts"] == {"errors": 0, "warnings": 0, "notes": 1}


def test_only_the_damaged_piece_comes_over_the_wire(cli: Run, data: tiny.Tiny, store: Path) -> None:
    with Origin({"tiny.npz": data.files["tiny.npz"]}) as origin:
        cli("load", data.name, "--mirror", origin.url)
        (bad,) = store.glob("objects/*/*")
        spoil(bad)
        origin.reset()
        result = cli("heal", data.name, "--mirror", origin.url)
        assert origin.bytes_sent() == tiny.PIECE
    assert result.exit_code == 0
    assert f"tiny.npz: goes on at {(len(data.files['tiny.npz']) - tiny.PIECE) / 1000:.1f} of " in result.stderr


def test_what_cannot_be_had_is_still_failing_and_never_called_healed(
    cli: Run, document: Document, loaded: tiny.Tiny, of_keras: Path, store: Path
) -> None:
    (bad,) = store.glob("objects/*/*")
    spoil(bad)
    for array in store.glob("arrays/*/*.npy"):
        spoil(array)
    result = cli("heal", loaded.name, "--offline")
    assert result.exit_code == 1
    assert "healed" not in result.output
    assert result.stdout.count("  still failing\n") == 6
    assert result.stdout.count("✗ SS108 not-stored-and-offline\n") == 1, "one cause is told once"
    assert "6 damaged files still failing; nothing was deleted" in result.stdout
    assert not of_keras.exists()
    assert len(list(of_keras.parent.glob("tiny.npz.corrupt-*"))) == 1


def test_a_file_that_nothing_needs_is_moved_aside_only(
    cli: Run, document: Document, loaded: tiny.Tiny, store: Path
) -> None:
    (bad,) = store.glob("objects/*/*")
    spoil(bad)
    result = cli("heal", loaded.name, "--offline")
    assert result.exit_code == 0
    assert result.stdout.startswith("– tiny.npz (file)  moved aside; the dataset loads without it\n")
    assert "healed" not in result.stdout
    assert cli("load", loaded.name, "--offline", "-q").exit_code == 0


def test_quiet_leaves_what_fails(cli: Run, loaded: tiny.Tiny, of_keras: Path) -> None:
    result = cli("heal", loaded.name, "--offline", "-qq")
    assert (result.exit_code, result.output) == (0, ""), "the store has the file"
    assert of_keras.read_bytes() == loaded.files["tiny.npz"]


def test_what_lies_beside_a_bad_file_of_keras_is_moved_aside_too(
    cli: Run, document: Document, loaded: tiny.Tiny, of_keras: Path
) -> None:
    of_keras.unlink()
    (of_keras.parent / "tiny.npz.gz").write_bytes(b"\x1f\x8b packed once more")
    planned = document("heal", loaded.name, "--dry-run")
    assert "leftover" in [step["kind"] for step in planned["steps"]]
    result = cli("heal", loaded.name)
    assert result.exit_code == 0, result.output
    assert "(beside Keras' file)  moved aside\n" in result.stdout
    assert "now       nothing" not in result.stdout


def test_what_cannot_be_moved_stays_and_is_said(
    cli: Run, loaded: tiny.Tiny, of_keras: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def refused(source: str, target: str) -> None:
        if source == str(of_keras):
            raise PermissionError(13, "Permission denied", source)
        rename(source, target)

    monkeypatch.setattr("os.rename", refused)
    result = cli("heal", loaded.name)
    assert result.exit_code == 1
    assert result.stdout.startswith("✗ tiny.npz (file of Keras)  still failing\n")
    assert "moved to" not in result.stdout
    assert "✗ SS206 permission-denied\n" in result.stdout
    assert of_keras.read_bytes() == b"<html>Sign in</html>"


def test_an_endless_failure_ends_with_the_time_that_was_given(cli: Run, loaded: tiny.Tiny, store: Path) -> None:
    from steadyset.practice.faults import StallAfter

    (bad,) = store.glob("objects/*/*")
    bad.chmod(0o644)
    bad.write_bytes(b"")
    for array in store.glob("arrays/*/*.npy"):
        spoil(array)
    with Origin({"tiny.npz": loaded.files["tiny.npz"]}, [StallAfter(10_000, 600.0)]) as origin:
        result = cli("heal", loaded.name, "--mirror", origin.url, "--timeout", "0.5")
    assert result.exit_code == 1
    assert "still failing" in result.stdout
    assert "within 0.5 s" in result.stdout
