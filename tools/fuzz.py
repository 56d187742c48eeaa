"""Fuzz one reader of foreign bytes, or all of them in turn.

    python tools/fuzz.py TARGET|all [--seconds N] [--seed N]

Guided by coverage where atheris is installed; where it is not, changed at random without guidance, and that
is said. What is found lies in build/fuzz/TARGET; put it into tests/fuzz_cases/TARGET, where a test replays it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import random
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuzz_targets import Target

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("npz", "npy", "idx", "gunzip", "sniff", "manifest", "journal", "seal", "recall", "wire")
_LONGEST = 8192


def targets(instrument: Callable[[], Any] | None = None) -> dict[str, Target]:
    """Import the targets, and with them steadyset, under coverage if asked for."""
    for name in list(os.environ):
        if name.startswith("STEADYSET_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    warnings.simplefilter("ignore")
    if instrument is None:
        from fuzz_targets import TARGETS
    else:
        with instrument():
            from fuzz_targets import TARGETS
    return TARGETS


def known(name: str) -> list[bytes]:
    """Return what was found before."""
    return [path.read_bytes() for path in sorted((ROOT / "tests" / "fuzz_cases" / name).glob("*.bin"))]


def quoted(token: bytes) -> str:
    """Return a token as libFuzzer's dictionaries have it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in token) + '"'


def guided(name: str, seconds: int, seed: int, found: Path) -> int:
    """Run atheris, which ends the process itself."""
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

    target = targets(lambda: atheris.instrument_imports(include=["steadyset"]))[name]
    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in [*target.seeds(), *known(name)]:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={found}{os.sep}", "-timeout=20"]
    options += [f"-max_len={_LONGEST}", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"]
    if target.tokens:
        lines = [quoted(token) for token in target.tokens if len(token) < 64]
        (found / "words").write_text("\n".join([*lines, ""]))
        options.append(f"-dict={found / 'words'}")
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.run)
    atheris.Fuzz()
    return 0


def unguided(name: str, seconds: int, seed: int, found: Path) -> int:
    """Change seeds at random until the time is over or something is found."""
    from fuzz_mutation import mutate

    target = targets()[name]
    seeds = [*target.seeds(), *known(name)]
    rng, end, count = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = mutate(rng.choice(seeds), rng, tokens=target.tokens, others=seeds)
        count += 1
        try:
            target.run(data)
        except Exception:
            traceback.print_exc()
            found.mkdir(parents=True, exist_ok=True)
            case = found / f"crash-{hashlib.sha256(data).hexdigest()[:16]}"
            case.write_bytes(data)
            print(f"{name}: found {case} after {count} runs")
            return 1
    print(f"{name}: {count} runs, nothing found")
    return 0


def every(seconds: int, seed: int) -> int:
    """Fuzz all targets, each in a process of its own, and say what each came to."""
    failed = []
    for name in NAMES:
        command = [sys.executable, __file__, name, "--seconds", str(seconds), "--seed", str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        runs = [line.split(":")[-1].strip() for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{name}: {'clean' if not done.returncode else 'FOUND'}{f', {runs[0]} runs' if runs else ''}", flush=True)
        if done.returncode:
            failed.append(name)
            print("\n".join((done.stderr + done.stdout).splitlines()[-40:]))
    return 1 if failed else 0


def main() -> int:
    """Fuzz what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=(*NAMES, "all"))
    parser.add_argument("--seconds", type=int, default=30, help="for each target (default: 30)")
    parser.add_argument("--seed", type=int, default=None, help="printed when it is left out")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1, 1 << 31)
    guide = importlib.util.find_spec("atheris") is not None
    if args.target == "all":
        how = "guided by coverage (atheris)" if guide else "at random without guidance: atheris is not installed"
        print(f"{len(NAMES)} targets, {args.seconds} s each, seed {seed}, {how}", flush=True)
        return every(args.seconds, seed)
    fuzz = guided if guide else unguided
    return fuzz(args.target, args.seconds, seed, ROOT / "build" / "fuzz" / args.target)


if __name__ == "__main__":
    raise SystemExit(main())
