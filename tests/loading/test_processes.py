"""Several processes at once, and processes that are killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tiny
from steadyset.practice.faults import Drip
from steadyset.practice.origin import Origin

LOAD = """
import hashlib, sys, steadyset
s = steadyset.load(sys.argv[1], progress=False)
print(hashlib.sha256(s.train.x.tobytes()).hexdigest())
"""


def start(data: tiny.Tiny, home: Path, mirror: str) -> subprocess.Popen[str]:
    env = os.environ | {"STEADYSET_HOME": str(home), "STEADYSET_MIRRORS": mirror}
    return subprocess.Popen([sys.executable, "-c", LOAD, data.name], env=env, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


def test_eight_processes_share_one_download(data: tiny.Tiny, tmp_path: Path) -> None:
    with Origin({"tiny.npz": data.files["tiny.npz"]}) as origin:
        running = [start(data, tmp_path / "home", origin.url) for _ in range(8)]
        said = {p.communicate(timeout=120)[0].strip() for p in running}
        assert [p.returncode for p in running] == [0] * 8
        assert len(origin.requests) == 1
    assert said == {hashlib.sha256(data.arrays["x_train"].tobytes()).hexdigest()}


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_download_is_taken_up_by_the_next_process(data: tiny.Tiny, tmp_path: Path) -> None:
    size = len(data.files["tiny.npz"])
    home = tmp_path / "home"
    with Origin({"tiny.npz": data.files["tiny.npz"]}, faults=[Drip(size // 8, 0.3)]) as origin:
        first = start(data, home, origin.url)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            parts = list((home / "partials").glob("*.part")) if (home / "partials").exists() else []
            if parts and parts[0].stat().st_size > size // 4:
                break
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        held = parts[0].stat().st_size
        origin.set_faults([])
        origin.reset()
        second = start(data, home, origin.url)
        said = second.communicate(timeout=60)[0].strip()
        assert second.returncode == 0
        assert origin.bytes_sent() == size - held
    assert said == hashlib.sha256(data.arrays["x_train"].tobytes()).hexdigest()
    assert list((home / "partials").iterdir()) == []
