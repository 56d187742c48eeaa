from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from steadyset.errors import DiskFullError, StoreError, StorePathError, StorePermissionError
from steadyset.store.writing import coded, discard, publish, write_all, write_file


def test_a_file_is_written_whole_and_read_only(tmp_path: Path) -> None:
    final = tmp_path / "a" / "b" / "file"
    write_file(str(final), [b"one", memoryview(b"two")])
    assert final.read_bytes() == b"onetwo"
    assert not final.stat().st_mode & 0o222
    assert [p.name for p in final.parent.iterdir()] == ["file"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def parts() -> object:
        yield b"one"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(str(tmp_path / "file"), parts())  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_the_second_writer_replaces_the_first(tmp_path: Path) -> None:
    write_file(str(tmp_path / "file"), [b"same"])
    write_file(str(tmp_path / "file"), [b"same"])
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, DiskFullError, "SS208"),
        (errno.EDQUOT, DiskFullError, "SS208"),
        (errno.EACCES, StorePermissionError, "SS206"),
        (errno.EROFS, StorePermissionError, "SS206"),
        (errno.ENOTDIR, StorePathError, "SS212"),
        (errno.EEXIST, StorePathError, "SS212"),
        (errno.EIO, StoreError, "SS206"),
    ],
)
def test_the_system_s_errors_get_a_code(number: int, kind: type[StoreError], code: str) -> None:
    with pytest.raises(kind) as caught, coded("/store/file"):
        raise OSError(number, os.strerror(number))
    assert caught.value.code == code
    assert ("path", "/store/file") in caught.value.evidence


def test_our_own_errors_pass_unchanged() -> None:
    error = DiskFullError("full")
    with pytest.raises(DiskFullError) as caught, coded("/x"):
        raise error
    assert caught.value is error


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_published_modes_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        (tmp_path / "aside").write_bytes(b"x")
        publish(str(tmp_path / "aside"), str(tmp_path / "final"))
        assert (tmp_path / "final").stat().st_mode & 0o777 == 0o440
    finally:
        os.umask(old)


def test_write_all_writes_all(tmp_path: Path) -> None:
    with open(tmp_path / "f", "wb") as file:
        write_all(file.fileno(), b"x" * 100_000)
    assert (tmp_path / "f").stat().st_size == 100_000


def test_discarding_what_is_gone_is_fine(tmp_path: Path) -> None:
    discard(str(tmp_path / "gone"))
    assert not (tmp_path / "gone").exists()
