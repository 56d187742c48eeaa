from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from steadyset import errors
from steadyset.cli.failing import answer, redacted_traceback
from steadyset.cli.options import Common, Run
from steadyset.errors import SteadysetError
from steadyset.store.layout import Layout
from steadyset.store.partials import Partial
from steadyset.transport.records import Event

LEAVES = [getattr(errors, name) for name in errors.__all__ if name != "SteadysetWarning"]
CONFIGURATION = {
    "ArgumentError",
    "InternalError",
    "ManifestError",
    "MirrorError",
    "PathArgumentError",
    "StorePathError",
    "StoreVersionError",
    "UnknownDatasetError",
    "UsageError",
}


def failed(error: BaseException, *, as_json: bool = False, quiet: int = 0) -> int:
    run = Run("load", Common(as_json=as_json, quiet=quiet, color="never"))
    run.datasets = ("mnist",)
    return answer(error, run, ["load", "mnist"])


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_error_has_its_exit_code(kind: type[SteadysetError], capsys: pytest.CaptureFixture[str]) -> None:
    error = kind("it went wrong", evidence=[("seen", "this")])
    assert failed(error) == (2 if kind.__name__ in CONFIGURATION else 1)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"{error}\n"


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_error_is_a_document(
    kind: type[SteadysetError],
    capsys: pytest.CaptureFixture[str],
    validator: jsonschema.Draft202012Validator,
) -> None:
    code = failed(kind("it went wrong"), as_json=True)
    said = capsys.readouterr()
    document: dict[str, Any] = json.loads(said.out)
    validator.validate(document)
    assert document["exit_code"] == code
    assert [f["code"] for f in document["findings"]] == [kind.default_code]
    assert [(d["name"], d["ok"]) for d in document["datasets"]] == [("mnist", False)]


def test_the_attempts_of_a_failed_load_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    from steadyset.transport.records import Attempt

    error = errors.NoSourceError("no luck")
    error.attempts = (
        Attempt("https://a.example/f", 1.0, 0.5, 10, 0, 503, "SS134", "busy"),
        Attempt("/mirror/f", 1.0, 0.25, 7, 0, None, "SS203", "other"),
    )
    failed(error, as_json=True)
    record = json.loads(capsys.readouterr().out)["datasets"][0]
    assert [a["code"] for a in record["attempts"]] == ["SS134", "SS203"]
    assert (record["bytes_downloaded"], record["seconds"]) == (10, 0.75)


@pytest.mark.parametrize(("quiet", "silent"), [(1, False), (2, True)])
def test_quiet_twice_is_the_exit_code_alone(quiet: int, silent: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert failed(errors.DigestError("bad"), quiet=quiet) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert (said.err == "") is silent


def raised(said: str) -> Exception:
    with pytest.raises(KeyError) as caught:
        raise KeyError(said)
    return caught.value


def test_the_unforeseen_is_our_bug_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    secret = f"{Path.home()}/thesis and https://me:pw@host/x?sig=1"
    assert failed(raised(secret)) == 2
    said = capsys.readouterr().err
    assert said.startswith("[SS901] unexpected KeyError")
    assert "our bug" in said
    assert "test_failing.py" in said
    for private in ("Traceback (most", str(Path.home()), "pw", "sig=1", str(Path(__file__).parent)):
        assert private not in said


def test_frames_are_told_without_the_path_to_them() -> None:
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    lines = redacted_traceback(caught.value)
    assert lines[-1].startswith("JSONDecodeError: Expecting")
    assert not any(line.startswith("/") for line in lines)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_says_what_is_kept(
    error: BaseException, capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    unfinished(store, "ab", "tiny.npz", 1_500_000)
    unfinished(store, "cd", "of another call.npz", 2_000_000)
    run = Run("load", Common(color="never", quiet=1))
    with run.progress() as tell:
        tell(Event("advance", "tiny.npz", 1_500_000, 4_000_000))
        tell(Event("advance", "kept in memory.npz", 1_500_000, 4_000_000))
    assert answer(error, run, ["load"]) == 130
    said = capsys.readouterr().err
    assert said == "interrupted\n  1.5 of 4.0 MB of tiny.npz are kept; the same command goes on from there\n"


def unfinished(store: Path, key: str, name: str, size: int) -> None:
    with Partial(Layout(str(store)), key * 32, name) as partial:
        partial.write_at(0, bytes(size))


def test_an_interruption_says_nothing_of_what_others_left(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    unfinished(store, "ab", "tiny.npz", 1_500_000)
    assert failed(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_an_interruption_with_nothing_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert failed(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_an_interruption_is_a_document(
    capsys: pytest.CaptureFixture[str], validator: jsonschema.Draft202012Validator
) -> None:
    assert failed(KeyboardInterrupt(), as_json=True) == 130
    document = json.loads(capsys.readouterr().out)
    validator.validate(document)
    assert document["summary"] == "interrupted"
    assert document["findings"] == []


def test_the_words_of_a_server_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    failed(errors.NotTheFileError("a \x1b[2J page", evidence=[("begins", "\x1b]0;owned\x07")]))
    assert "\x1b" not in capsys.readouterr().err
