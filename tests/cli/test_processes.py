"""The command line as a real process: pipes, encodings, signals, a full disk."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import tiny
from steadyset.practice.faults import CutAfter, RateLimit, StallAfter
from steadyset.practice.origin import Origin

COMMAND = [sys.executable, "-m", "steadyset"]
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and devices")


def run(*argv: object, **extra: Any) -> subprocess.CompletedProcess[bytes]:
    environ = os.environ | extra.pop("env", {})
    return subprocess.run(
        [*COMMAND, *map(str, argv)],
        capture_output=extra.pop("capture", True),
        env=environ,
        timeout=60,
        check=False,
        **extra,
    )


def test_the_module_is_the_command() -> None:
    done = run("load", "minst")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().startswith("[SS441] there is no dataset called 'minst'; did you mean mnist?")


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "utf-8"])
def test_every_encoding_carries_the_output(data: tiny.Tiny, mirror: Path, encoding: str) -> None:
    done = run("load", data.name, "--mirror", mirror, env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    assert "60x28x28" in text if encoding != "utf-8" else "60×28×28" in text
    assert done.stderr == b""


def test_ascii_art_where_there_are_no_blocks(data: tiny.Tiny, mirror: Path) -> None:
    text = run("load", data.name, "--mirror", mirror, env={"PYTHONIOENCODING": "ascii"}).stdout.decode("ascii")
    drawn = [line for line in text.splitlines() if line and not set(line) - set(" .:-=+*#%@")]
    assert len(drawn) == 14


def test_a_usage_error_with_odd_letters_in_ascii() -> None:
    done = run("löad", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert b"l\\xf6ad" in done.stderr


@POSIX
@pytest.mark.parametrize(
    "argv", [["list"], ["-h"], ["--version"], ["explain", "SS105"], ["list", "--json"]], ids=" ".join
)
def test_a_closed_pipe_is_silent(argv: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run(*argv, capture=False, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert done.stderr == b""
    assert done.returncode == (1 if argv[0].startswith("-") else 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "argv", [["list"], ["-h"], ["--version"], ["list", "--json"], ["load", "minst", "--json"]], ids=" ".join
)
def test_a_full_disk_is_noticed(argv: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = run(*argv, capture=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("[SS208] the output could not be written")
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


@POSIX
def test_without_any_stdout_the_work_is_done(data: tiny.Tiny, mirror: Path, store: Path) -> None:
    words = [*COMMAND, "load", data.name, "--mirror", str(mirror)]
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *words], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert list(store.glob("arrays/*/*.npy"))


@POSIX
@pytest.mark.parametrize("as_json", [False, True])
def test_an_interrupted_load_keeps_what_came_and_says_so(
    data: tiny.Tiny, store: Path, as_json: bool, validator: jsonschema.Draft202012Validator
) -> None:
    whole = data.files["tiny.npz"]
    with Origin({"tiny.npz": whole}, [StallAfter(20_000, 600.0)]) as origin:
        words = [*COMMAND, "load", data.name, "--mirror", origin.url, *(["--json"] if as_json else [])]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        while sum(p.stat().st_size for p in store.glob("partials/*.part")) < 16_000:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    if as_json:
        document = json.loads(out)
        validator.validate(document)
        assert document["exit_code"] == 130
        assert "kept" in document["summary"]
        assert document["datasets"][0]["ok"] is False
    else:
        assert out == b""
        assert b" kB of tiny.npz are kept; the same command goes on from there" in err
    assert sum(p.stat().st_size for p in store.glob("partials/*.part")) > 0


def test_the_next_call_goes_on_from_there(data: tiny.Tiny, store: Path) -> None:
    from steadyset.store.layout import Layout
    from steadyset.store.partials import Partial

    whole = data.files["tiny.npz"]
    described = json.loads(Path(data.name).read_text())["recipes"][0]["files"][0]
    with Partial(Layout(str(store)), described["sha256"], "tiny.npz") as partial:
        partial.write_at(0, whole[:20_480])
    with Origin({"tiny.npz": whole}) as origin:
        done = run("load", data.name, "--mirror", origin.url, "--json")
    (record,) = json.loads(done.stdout)["datasets"]
    assert record["ok"]
    assert record["bytes_downloaded"] == len(whole) - 20_480
    assert f"tiny.npz: goes on at 20.5 of {len(whole) / 1000:.1f} kB".encode() in done.stderr


def interrupted(*argv: object, store: Path, enough: int) -> tuple[int, str, str]:
    """Run a command until so many bytes have come, then interrupt it as Ctrl-C does."""
    process = subprocess.Popen([*COMMAND, *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while sum(p.stat().st_size for p in store.glob("partials/*.part")) < enough:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)  # what was written is told a moment later
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, out.decode(), err.decode()


@POSIX
def test_an_interrupted_fetch_of_a_url_leaves_nothing_there_and_goes_on(store: Path, tmp_path: Path) -> None:
    whole, target = os.urandom(200_000), tmp_path / "out.bin"
    with Origin({"f.bin": whole}, [StallAfter(120_000, 600.0)]) as origin:
        url = origin.url_of("f.bin")
        code, out, err = interrupted("fetch", url, "-o", target, store=store, enough=120_000)
        assert (code, out) == (130, "")
        assert err == "\ninterrupted\n  120.0 of 200.0 kB of f.bin are kept; the same command goes on from there\n"
        assert not target.exists()
        origin.set_faults([])
        done = run("fetch", url, "-o", target)
        assert origin.bytes_sent() == len(whole)
    assert done.returncode == 0
    assert done.stderr.decode().startswith("f.bin: goes on at 120.0 kB\n")
    assert target.read_bytes() == whole


@POSIX
def test_an_interrupted_heal_keeps_what_came(data: tiny.Tiny, mirror: Path, store: Path) -> None:
    run("load", data.name, "--mirror", mirror)
    (bad,) = store.glob("objects/*/*")
    bad.chmod(0o644)
    bad.write_bytes(b"<html>")
    with Origin({"tiny.npz": data.files["tiny.npz"]}, [StallAfter(20_480, 600.0)]) as origin:
        code, _, err = interrupted("heal", data.name, "--mirror", origin.url, store=store, enough=20_480)
    assert code == 130
    size = f"{len(data.files['tiny.npz']) / 1000:.1f}"
    assert re.search(rf"\d\d\.\d of {size} kB of tiny\.npz are kept; the same command goes on from there", err)
    healed = run("heal", data.name, "--mirror", mirror)
    assert healed.returncode == 0, healed.stderr
    assert run("verify", data.name, "-q").stdout == b""


@POSIX
def test_quiet_says_nothing_on_the_way(data: tiny.Tiny) -> None:
    with Origin({"tiny.npz": data.files["tiny.npz"]}, [CutAfter(10_000, times=2)]) as origin:
        done = run("load", data.name, "--mirror", origin.url, "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_line_for_each_tenth_where_there_is_no_terminal() -> None:
    whole = bytes(1_000_000)
    with Origin({"f.bin": whole}, [RateLimit(500_000)]) as origin:
        done = run("fetch", origin.url_of("f.bin"), env={"CI": "true"})
    lines = [line for line in done.stderr.decode().splitlines() if " % of 1.0 MB from 127.0.0.1:" in line]
    assert 4 <= len(lines) <= 10
    assert all("kB/s, " in line and line.endswith(" s left") for line in lines)
    tenths = [int(line.split(": ")[1].split(" %")[0]) for line in lines]
    assert tenths == sorted(set(tenths))
