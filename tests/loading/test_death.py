"""Death at any moment: whatever step a process dies at, the next one goes on, and nothing wrong is served."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tiny
from mortality import Mother, Order, held_bytes, leftovers, wrong_things
from steadyset.loading.warm import load_with
from steadyset.practice.faults import Drip
from steadyset.practice.origin import Origin
from steadyset.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

DEATHS = 12
SEED = int(os.environ.get("STEADYSET_TEST_SEED", "20261122"))


@pytest.fixture
def rng() -> random.Random:
    print(f"seed {SEED}")
    return random.Random(SEED)


@pytest.fixture
def data(tmp_path: Path) -> tiny.Tiny:
    return tiny.make(tmp_path / "manifest")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def mother(tmp_path: Path) -> Iterator[Mother]:
    with Mother(KERAS_HOME=str(tmp_path / "keras")) as found:
        yield found


def digests(data: tiny.Tiny) -> dict[str, str]:
    return {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in data.arrays.items()}


def test_a_download_goes_on_after_each_death(
    data: tiny.Tiny, home: Path, mother: Mother, rng: random.Random, tmp_path: Path
) -> None:
    content = {"tiny.npz": data.files["tiny.npz"]}
    with Origin(content, faults=[Drip(2048, 0.003)]) as origin:
        steps = mother.bear(Order("load", data.name, str(tmp_path / "dry"), [origin.url])).steps
        order = Order("load", data.name, str(home), [origin.url])
        for _ in range(DEATHS):
            before = held_bytes(home)
            end = mother.kill_at_random(order, steps, rng)
            assert wrong_things(home) == []
            assert held_bytes(home) >= before - tiny.PIECE or list(home.glob("objects/*/*"))
            if not end.killed or rng.random() < 0.3:
                held = held_bytes(home)
                last = mother.bear(order)
                assert last.said["arrays"] == digests(data)
                assert wrong_things(home) == leftovers(home) == []
                if last.said["resumed_from"]:
                    assert last.said["resumed_from"][0] >= held // tiny.PIECE * tiny.PIECE
                shutil.rmtree(home)
        assert mother.bear(order).said["arrays"] == digests(data)
        assert leftovers(home) == []


def test_storing_the_arrays_is_all_or_nothing(
    data: tiny.Tiny, home: Path, mother: Mother, rng: random.Random, tmp_path: Path
) -> None:
    mirror = str(data.mirror(tmp_path / "mirror", "tiny.npz"))
    order = Order("load", data.name, str(home), [mirror])
    steps = mother.bear(order).steps
    offline = order._replace(mirrors=(), offline=True)
    for _ in range(DEATHS):
        shutil.rmtree(home / "arrays")
        deaths = [mother.kill_at_random(offline, steps, rng) for _ in range(rng.randint(1, 3))]
        assert wrong_things(home) == [], deaths
        last = mother.bear(offline)
        assert last.said["arrays"] == digests(data)
        assert last.said["codes"] == []
        assert wrong_things(home) == leftovers(home) == []


def test_a_healing_that_dies_is_healed(
    data: tiny.Tiny, home: Path, mother: Mother, rng: random.Random, tmp_path: Path
) -> None:
    mirror = str(data.mirror(tmp_path / "mirror", "tiny.npz"))
    settings = Settings(str(home), (mirror,))
    order = Order("heal", data.name, str(home), [mirror])
    target = tmp_path / "keras" / "datasets" / "tiny.npz"
    target.parent.mkdir(parents=True)
    good = data.files["tiny.npz"]

    def damage() -> None:
        for path in (*home.glob("objects/*/*"), *home.glob("arrays/*/*.npy")):
            content = bytearray(path.read_bytes())
            content[rng.randrange(len(content))] ^= 255
            path.chmod(0o600)
            path.write_bytes(content)
        target.unlink(missing_ok=True)
        target.write_bytes(b"<html>")

    load_with(settings, data.name)
    damage()
    steps = mother.bear(order).steps
    for _ in range(DEATHS):
        damage()
        mother.kill_at_random(order, steps, rng)
        assert not target.exists() or target.read_bytes() in (b"<html>", good)
        assert mother.bear(order).said["ok"]
        assert target.read_bytes() == good
        assert wrong_things(home) == []
        assert list(target.parent.glob("*.tmp")) == []
        last = mother.bear(Order("load", data.name, str(home), offline=True))
        assert last.said["arrays"] == digests(data)
        assert wrong_things(home) == leftovers(home) == []
    assert b"<html>" in {path.read_bytes() for path in target.parent.glob("tiny.npz.corrupt-*")}
