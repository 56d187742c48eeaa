from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadyset.practice.faults import CutAfter, Empty, Fault, FlippedBit, Portal, StallAfter, Status, Truncated
from steadyset.practice.origin import Origin

from .conftest import Document, Run

DATA = random.Random(3).randbytes(300_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin({"d/data.bin": DATA, "other.bin": DATA[:1000]}) as serving:
        yield serving


def test_the_path_alone_is_on_stdout(cli: Run, origin: Origin, tmp_path: Path) -> None:
    target = tmp_path / "out put.bin"
    result = cli("fetch", origin.url_of("d/data.bin"), "--sha256", DIGEST.upper(), "--size", len(DATA), "-o", target)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{target}\n"
    assert target.read_bytes() == DATA
    url = origin.url_of("d/data.bin")
    assert result.stderr.startswith(f"✓ 300.0 kB of {url}, SHA-256 verified (300.0 kB downloaded, ")
    assert "SS217" not in result.stderr


def test_without_a_digest_it_is_called_unverified_with_the_command_that_proves_it(
    cli: Run, origin: Origin, store: Path
) -> None:
    url = origin.url_of("d/data.bin")
    for _ in range(2):  # from the store as well
        result = cli("fetch", url)
        assert result.exit_code == 0
        assert Path(result.stdout.strip()).read_bytes() == DATA
        assert "unverified" in result.stderr.splitlines()[0]
        assert "– SS217 bytes-unverified\n" in result.stderr
        assert f"    sha256 seen  {DIGEST}\n" in result.stderr
        assert f"            steadyset fetch {url} --sha256 {DIGEST}\n" in result.stderr
    assert len(origin.requests) == 1
    again = cli("fetch", url, "--sha256", DIGEST, "--offline", "-q")
    assert (again.exit_code, again.stderr) == (0, "")


def test_quiet_leaves_the_path_and_the_note(cli: Run, origin: Origin) -> None:
    result = cli("fetch", origin.url_of("d/data.bin"), "-q")
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr.startswith("– SS217")
    assert cli("fetch", origin.url_of("d/data.bin"), "-qq").output == ""


def test_the_document(document: Document, origin: Origin) -> None:
    url = origin.url_of("d/data.bin")
    found = document("fetch", url, "--sha256", DIGEST)
    (record,) = found["files"]
    assert "datasets" not in found
    assert (record["url"], record["source"], record["sha256"]) == (url, url, DIGEST)
    assert (record["size"], record["bytes_downloaded"], record["verified"], record["ok"]) == (
        len(DATA),
        len(DATA),
        True,
        True,
    )
    assert Path(record["path"]).read_bytes() == DATA
    assert record["attempts"][0]["status"] == 200
    again = document("fetch", url)
    assert (again["files"][0]["source"], again["files"][0]["verified"]) == ("store", False)
    assert [f["code"] for f in again["findings"]] == ["SS217"]
    assert again["findings"][0]["verify"] == ["steadyset", "fetch", url, "--sha256", DIGEST]


FAILURES = {
    "flipped": (FlippedBit(1000), "SS203"),
    "truncated": (Truncated(1000), "SS"),
    "empty": (Empty(), "SS"),
    "portal": (Portal(), "SS135"),
    "absent": (Status(404), "SS132"),
    "forbidden": (Status(403), "SS131"),
}


@pytest.mark.parametrize(("fault", "code"), FAILURES.values(), ids=list(FAILURES))
def test_a_failure_leaves_nothing_at_the_file(
    cli: Run, document: Document, tmp_path: Path, fault: Fault, code: str
) -> None:
    target = tmp_path / "out.bin"
    with Origin({"data.bin": DATA}, [fault]) as origin:
        argv = ["fetch", origin.url_of("data.bin"), "--sha256", DIGEST, "-o", target, "--timeout", "5"]
        result = cli(*argv)
        found = document(*argv)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"[{code}" in result.stderr
    assert "mnist" not in result.stderr
    assert list(tmp_path.iterdir()) == []
    (record,) = found["files"]
    assert (record["ok"], record["path"], record["sha256"], record["size"]) == (False, None, None, None)
    assert "datasets" not in found


@pytest.mark.parametrize(("size", "code"), [(0, "SS135"), (200_000, "SS135"), (300_001, "SS107")])
def test_a_wrong_size_is_refused_also_when_the_file_is_stored(
    cli: Run, origin: Origin, tmp_path: Path, size: int, code: str
) -> None:
    url = origin.url_of("d/data.bin")
    for _ in range(2):
        result = cli("fetch", url, "--size", size, "-o", tmp_path / "out.bin", "--timeout", "5")
        assert result.exit_code == 1
        assert f"[{code}] " in result.stderr
        assert cli("fetch", url).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_what_stood_there_is_renamed_only_for_the_right_bytes(cli: Run, origin: Origin, tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    target.write_text("mine")
    assert cli("fetch", origin.url_of("d/data.bin"), "--sha256", "0" * 64, "-o", target).exit_code == 1
    assert target.read_text() == "mine"
    assert cli("fetch", origin.url_of("d/data.bin"), "--sha256", DIGEST, "-o", target).exit_code == 0
    assert target.read_bytes() == DATA
    (aside,) = tmp_path.glob("out.bin.replaced-*")
    assert aside.read_text() == "mine"


@pytest.mark.parametrize("folder", ["there", "new/"])
def test_a_directory_gets_it_under_its_name(cli: Run, origin: Origin, tmp_path: Path, folder: str) -> None:
    (tmp_path / "there").mkdir()
    result = cli("fetch", origin.url_of("d/data.bin"), "-o", f"{tmp_path}/{folder}")
    assert result.stdout == f"{tmp_path / folder / 'data.bin'}\n"


def test_the_name_in_a_url_leads_nowhere_else(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with Origin({"../evil.bin": DATA}) as origin:
        result = cli("fetch", f"{origin.url}/..%2fevil.bin", "-o", tmp_path / "in")
    assert result.exit_code == 0, result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
    assert (tmp_path / "in" / "evil.bin").read_bytes() == DATA


def test_a_query_makes_another_file(cli: Run, origin: Origin) -> None:
    one = cli("fetch", f"{origin.url}/d/data.bin?id=1&sig=secret", "-v")
    origin.put("d/data.bin", DATA[::-1])
    other = cli("fetch", f"{origin.url}/d/data.bin?id=2&sig=secret")
    assert Path(one.stdout.strip()).read_bytes() == DATA
    assert Path(other.stdout.strip()).read_bytes() == DATA[::-1]
    assert "secret" not in one.output + other.output
    assert "steadyset fetch URL --sha256" in other.stderr


def test_several_urls_go_on_after_a_failure(cli: Run, document: Document, origin: Origin) -> None:
    urls = [origin.url_of("absent.bin"), origin.url_of("d/data.bin"), origin.url_of("other.bin")]
    result = cli("fetch", *urls)
    assert result.exit_code == 1
    assert [len(Path(line).read_bytes()) for line in result.stdout.splitlines()] == [len(DATA), 1000]
    assert "SS132" in result.stderr
    found = document("fetch", *urls)
    assert [record["ok"] for record in found["files"]] == [True, True, False]
    assert found["summary"] == "2 files fetched; 1 could not be fetched"


def test_the_remedies_are_for_the_url(cli: Run, origin: Origin) -> None:
    url = origin.url_of("d/data.bin")
    result = cli("fetch", url, "--offline")
    assert result.exit_code == 1
    assert result.stderr.startswith("[SS108] data.bin is not on this machine")
    assert f"            steadyset fetch {url}\n" in result.stderr
    assert "mnist" not in result.stderr


def test_an_endless_failure_ends_with_the_time_that_was_given(cli: Run, tmp_path: Path) -> None:
    with Origin({"data.bin": DATA}, [StallAfter(100_000, 600.0)]) as origin:
        argv = ["fetch", origin.url_of("data.bin"), "--sha256", DIGEST, "--size", len(DATA), "-o", tmp_path / "out"]
        result = cli(*argv, "--timeout", "0.5")
        origin.set_faults([])
        again = cli(*argv)
    assert result.exit_code == 1
    assert result.stderr.startswith("[SS109] data.bin was not complete within 0.5 s")
    assert "data.bin: goes on at 100.0 of 300.0 kB\n" in again.stderr
    assert (tmp_path / "out").read_bytes() == DATA


def test_the_attempts_are_told_where_there_were_several(cli: Run) -> None:
    with Origin({"data.bin": DATA}, [CutAfter(200_000)]) as origin:
        result = cli("fetch", origin.url_of("data.bin"), "--sha256", DIGEST)
    assert result.exit_code == 0
    assert f"    {origin_of(result.stderr)}" in result.stderr
    assert "SS105" in result.stderr or "SS107" in result.stderr


def origin_of(text: str) -> str:
    return text.split(" of ")[1].split(",")[0]
