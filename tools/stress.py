"""Kill processes at random steps of their work, and crowd them, until something breaks or the time is up.

Usage::

    python tools/stress.py                       300 deaths, then crowds of 64; about ten minutes at most
    python tools/stress.py --seed 7 --only 41    play round 41 of seed 7 once more

Each round draws its own dice from the seed and its number, so one that failed can be played alone. After each
death the store is read in full: every object and array by SHA-256. The next process must finish the work,
with exact arrays, from what is there, and leave nothing behind.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import tiny
from mortality import End, Mother, Order, held_bytes, leftovers, wrong_things
from steadyset.practice.faults import Drip, TinySegments
from steadyset.practice.origin import Origin

NPZ = "tiny.npz"


class Stage:
    """What a round plays on: a dataset, a mirror, an origin that counts, and a mother of processes."""

    def __init__(self, place: Path, origin: Origin, mother: Mother, data: tiny.Tiny) -> None:
        self.place = place
        self.origin = origin
        self.mother = mother
        self.data = data
        self.mirror = str(data.mirror(place / "mirror", NPZ))
        self.kept = place / "keras" / "datasets" / NPZ
        self.digests = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in data.arrays.items()}

    def order(self, home: Path, source: str) -> Order:
        """Return the order to load into a store from one source."""
        return Order("load", self.data.name, str(home), [source])

    def finish(self, order: Order, home: Path) -> End:
        """Let a process live, and hold what it says and leaves against what must be."""
        held = held_bytes(home)
        last = self.mother.bear(order)
        expect(last.said["arrays"] == self.digests, "the arrays are others")
        expect(wrong_things(home) == [], "something wrong has a good name")
        expect(leftovers(home) == [], f"left behind: {leftovers(home)}")
        resumed = last.said["resumed_from"]
        expect(not resumed or resumed[0] >= held // tiny.PIECE * tiny.PIECE, f"{held} bytes were held: {resumed}")
        return last


def expect(right: bool, otherwise: str) -> None:
    """Refuse what must not be."""
    if not right:
        raise AssertionError(otherwise)


def download(stage: Stage, home: Path, rng: random.Random) -> int:
    """Kill a download one to four times; the next process goes on from what is there."""
    stage.origin.set_faults([rng.choice([TinySegments(rng.randint(500, 9000)), Drip(rng.randint(2000, 9000), 0.002)])])
    order = stage.order(home, stage.origin.url)
    deaths = 0
    for _ in range(rng.randint(1, 4)):
        deaths += stage.mother.kill_at_random(order, 110, rng).killed
        expect(wrong_things(home) == [], "something wrong has a good name")
    stage.finish(order, home)
    return deaths


def publish(stage: Stage, home: Path, rng: random.Random) -> int:
    """Kill the storing of files and arrays."""
    order = stage.order(home, stage.mirror)
    deaths = 0
    for _ in range(rng.randint(1, 3)):
        deaths += stage.mother.kill_at_random(order, 110, rng).killed
        expect(wrong_things(home) == [], "something wrong has a good name")
    stage.finish(order, home)
    return deaths


def heal(stage: Stage, home: Path, rng: random.Random) -> int:
    """Damage a store and Keras' copy, and kill what heals them."""
    order = stage.order(home, stage.mirror)
    stage.mother.bear(order)
    for path in (*home.glob("objects/*/*"), *home.glob("arrays/*/*")):
        if rng.random() < 0.6:
            content = bytearray(path.read_bytes())
            content[rng.randrange(len(content))] ^= rng.randint(1, 255)
            path.chmod(0o600)
            path.write_bytes(content[: rng.choice([len(content), len(content) // 2, 0])])
    stage.kept.parent.mkdir(parents=True, exist_ok=True)
    stage.kept.unlink(missing_ok=True)
    stage.kept.write_bytes(b"<html>")
    healing = order._replace(act="heal")
    deaths = 0
    for _ in range(rng.randint(1, 3)):
        deaths += stage.mother.kill_at_random(healing, 160, rng).killed
        held = stage.kept.read_bytes() if stage.kept.exists() else b"<html>"
        expect(held in (b"<html>", stage.data.files[NPZ]), "half a file lies where Keras looks")
    expect(stage.mother.bear(healing).said["ok"], "it is not healed")
    expect(stage.kept.read_bytes() == stage.data.files[NPZ], "Keras has no copy")
    expect(not list(stage.kept.parent.glob("*.tmp")), "something is left where Keras looks")
    stage.finish(order, home)
    return deaths


ROUNDS: tuple[Callable[[Stage, Path, random.Random], int], ...] = (download, publish, heal)


def crowd(stage: Stage, home: Path, count: int, *, die_at: int) -> str:
    """Let many processes ask at once, the one that downloads dying or not; return what the origin saw."""
    stage.origin.set_faults([Drip(8000, 0.02)])
    stage.origin.reset()
    order = stage.order(home, stage.origin.url)
    if die_at:
        order = order._replace(die_at=die_at, how="amid", once=f"{home}-died")
    ends = stage.mother.bear_many(order, count)
    asked, sent = len(stage.origin.requests), stage.origin.bytes_sent()
    living = [end for end in ends if not end.killed]
    expect(len(living) >= count - bool(die_at), f"{len(living)} of {count} live")
    expect(all(end.said["arrays"] == stage.digests for end in living), "the arrays are others")
    expect(asked <= 1 + bool(die_at), f"{asked} requests")
    expect(wrong_things(home) == leftovers(home) == [], "something is left behind")
    return f"{asked} requests, {sent / len(stage.data.files[NPZ]):.2f} times the file"


def play(arguments: argparse.Namespace, stage: Stage) -> None:
    """Play rounds until enough have died, or the time is up; then the crowds."""
    until = time.monotonic() + arguments.minutes * 60
    deaths, number = 0, arguments.only or 0
    while deaths < arguments.deaths and time.monotonic() < until:
        rounds = ROUNDS[number % len(ROUNDS)]
        stage.origin.reset()
        print(f"\rround {number} ({rounds.__name__}), {deaths} deaths ", end="", flush=True)
        deaths += rounds(stage, stage.place / f"home{number}", random.Random(f"{arguments.seed}:{number}"))
        if arguments.only is not None:
            break
        number += 1
    print(f"\n{deaths} deaths in {number} rounds; each was survived")
    if arguments.only is None:
        rng = random.Random(arguments.seed)
        for die_at in (0, *(rng.randint(10, 50) for _ in range(6))):
            seen = crowd(stage, stage.place / f"crowd{die_at}", arguments.crowd, die_at=die_at)
            print(f"{arguments.crowd} at once{f', one killed at its step {die_at}' if die_at else ''}: {seen}")


def parse(given: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description="Kill and crowd processes at random; exit 1 when one is not survived.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="replay this run")
    parser.add_argument("--only", type=int, help="play this round alone")
    parser.add_argument("--deaths", type=int, default=300)
    parser.add_argument("--crowd", type=int, default=64)
    parser.add_argument("--minutes", type=float, default=8.0, help="begin no further round after so long")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    """Run; return the exit code."""
    arguments = parse(given)
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        data = tiny.make(place / "manifest")
        with Origin({NPZ: data.files[NPZ]}) as origin, Mother(KERAS_HOME=str(place / "keras")) as mother:
            try:
                play(arguments, Stage(place, origin, mother, data))
            except AssertionError as error:
                print(f"\nnot survived: {error}\nreplay: --seed {arguments.seed} --only ROUND (the round named above)")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
