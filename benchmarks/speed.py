"""How fast loading is, against stock NumPy and stock Keras in the same run.

    python benchmarks/speed.py [--mnist DIR] [--runs N] [--write]

Makes an environment of its own with TensorFlow (for its Keras) and this checkout, and measures there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
from harness import MNIST, ROOT, Row, in_turn, ms, pair_ratio, process

ENV = ROOT / ".venv-bench"


def python() -> str:
    """Return the interpreter of the benchmark's environment, made on the first call."""
    exe = ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (ENV / ".made").exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENV)], check=True)
        subprocess.run([exe, "-m", "pip", "install", "-q", "-e", str(ROOT), "tensorflow-cpu"], check=True)
        (ENV / ".made").touch()
    return str(exe)


def import_row(runs: int) -> Row:
    """``import steadyset`` against an interpreter that does nothing."""
    ours, peer = in_turn(process("import steadyset"), process("pass"), runs)
    return Row(
        "`python -c 'import steadyset'` / `-c pass`", ms(ours), ms(peer), f"{pair_ratio(ours, peer):.2f}×", "≤ 1.5×"
    )


def process_row(runs: int, env: dict[str, str]) -> Row:
    """A whole process that loads MNIST from the store, against one that imports numpy."""
    code = "import steadyset; steadyset.load('mnist')"
    ours, peer = in_turn(process(code, env), process("import numpy", env), runs)
    excess = statistics.median(a - 1.15 * b for a, b in zip(ours, peer, strict=True)) * 1e3
    return Row(
        "process that loads MNIST, verified / `-c 'import numpy'`",
        ms(ours),
        ms(peer),
        f"{pair_ratio(ours, peer):.2f}× (1.15× {excess:+.1f} ms)",
        "≤ 1.15× + 10 ms",
    )


def stock_npz(path: Path) -> Callable[[], Any]:
    """Return a call that reads all four arrays with ``np.load``."""
    import numpy as np

    def read() -> Any:
        with np.load(path, allow_pickle=False) as archive:
            return [archive[name] for name in archive.files]

    return read


def warm_rows(runs: int, mnist: Path, keras_home: str) -> list[Row]:
    """In process, from the store and verified, against stock NumPy and stock Keras with its file cached."""
    import steadyset

    def load() -> object:
        return steadyset.load("mnist")

    ours, peer = in_turn(load, stock_npz(mnist / "mnist.npz"), runs)
    rows = [
        Row(
            "warm `load('mnist')` / `np.load`, four arrays",
            ms(ours),
            ms(peer),
            f"1/{1 / pair_ratio(ours, peer):.0f}",
            "≤ 1/30",
        )
    ]
    os.environ |= {"KERAS_HOME": keras_home, "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras

    ours, peer = in_turn(load, keras.datasets.mnist.load_data, runs)
    name = f"warm `load('mnist')` / Keras {keras.__version__} `load_data()`, file cached"
    rows.append(Row(name, ms(ours), ms(peer), f"1/{1 / pair_ratio(ours, peer):.0f}", "≤ 1/20"))
    return rows


def first_rows(runs: int, mnist: Path) -> list[Row]:
    """The ``.npz`` to checked arrays; and the whole first load with the file in a local directory."""
    from steadyset import manifests
    from steadyset.loading.cold import decoded
    from steadyset.loading.session import Content
    from steadyset.store.objects import sha256_of

    manifest = manifests.get("mnist")
    recipe = manifest.recipe("keras-npz")
    content = Content(recipe.files[0], "", str(mnist / "mnist.npz"))

    def prove_and_decode() -> object:
        if sha256_of(str(content.path)) != content.file.sha256:
            raise ValueError("not the recorded file")
        return decoded(manifest, recipe, [content])

    ours, peer = in_turn(prove_and_decode, stock_npz(mnist / "mnist.npz"), runs)
    rows = [
        Row(
            "`.npz` to arrays, file and arrays verified / `np.load`",
            ms(ours),
            ms(peer),
            f"{pair_ratio(ours, peer):.2f}×",
            "≤ 0.7×",
        )
    ]
    ours, peer = in_turn(lambda: cold_load(mnist), stock_npz(mnist / "mnist.npz"), max(3, runs // 4))
    rows.append(
        Row(
            "whole first load from a directory, stored and flushed / `np.load`",
            ms(ours),
            ms(peer),
            f"{pair_ratio(ours, peer):.2f}×",
            "–",
        )
    )
    return rows


def cold_load(mnist: Path) -> None:
    """Load into a new store from a directory."""
    from steadyset.loading.warm import load_with
    from steadyset.settings import Settings

    home = tempfile.mkdtemp(prefix="steadyset-bench-")
    try:
        load_with(Settings(home, mirrors=(str(mnist),)), "mnist", progress=False)
    finally:
        shutil.rmtree(home, ignore_errors=True)


_HOLDER = "import sys, numpy\n{code}\nprint('ready', flush=True)\nsys.stdin.readline()"


def pss(code: str, env: dict[str, str], count: int) -> float:
    """Return the summed proportional set size in MB of processes that hold what the code loads."""
    command = [sys.executable, "-c", _HOLDER.format(code=code)]
    merged = os.environ | env
    holders = [
        subprocess.Popen(command, env=merged, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)
    ]
    try:
        for holder in holders:
            assert holder.stdout is not None
            holder.stdout.readline()
        return sum(_pss_of(h.pid) for h in holders) / 1e6
    finally:
        for holder in holders:
            holder.communicate(b"\n")


def _pss_of(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def memory_row(env: dict[str, str], mnist: Path, count: int = 16) -> Row:
    """Sixteen processes that hold the dataset, against one copy of the arrays plus the interpreters."""
    if not Path("/proc/self/smaps_rollup").exists():
        return Row("PSS of 16 processes", "–", "–", "not measured: no /proc/PID/smaps_rollup", "≤ 1.3×")
    touch = "held = steadyset.load('mnist'); total = sum(int(a.sum()) for s in held for a in s)"
    ours = pss(f"import steadyset; {touch}", env, count)
    bare = pss("import steadyset; steadyset.load", env, count)
    stock = pss(f"f = numpy.load({str(mnist / 'mnist.npz')!r}); held = [f[n] for n in f.files]", env, count)
    fair = bare + 54.95
    return Row(
        f"PSS of {count} processes holding MNIST / one copy + interpreters (stock `np.load`: {stock:.0f} MB)",
        f"{ours:.0f} MB",
        f"{fair:.0f} MB",
        f"{ours / fair:.2f}×",
        "≤ 1.3×",
    )


def measure(mnist: Path, runs: int) -> list[Row]:
    """Return all rows."""
    cache = tempfile.mkdtemp(prefix="steadyset-bench-")
    try:
        os.environ["XDG_CACHE_HOME"] = cache
        env = {"XDG_CACHE_HOME": cache}
        keras_home = Path(cache, "keras")
        (keras_home / "datasets").mkdir(parents=True)
        shutil.copy(mnist / "mnist.npz", keras_home / "datasets")
        subprocess.run([sys.executable, "-m", "steadyset", "load", "mnist", "-qq", "--mirror", str(mnist)], check=True)
        rows = [import_row(runs), process_row(runs, env)]
        rows += warm_rows(runs, mnist, str(keras_home))
        rows += first_rows(runs, mnist)
        rows.append(memory_row(env, mnist))
        return rows
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def main() -> int:
    """Measure, print and, with ``--write``, keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--mnist", type=Path, default=MNIST, help="directory with mnist.npz")
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--write", action="store_true", help="keep the table in RESULTS.md")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not (args.mnist / "mnist.npz").is_file():
        print(f"no mnist.npz in {args.mnist}; name its directory with --mnist", file=sys.stderr)
        return 2
    if not args.here:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("STEADYSET_", "OPENBLAS_"))}
        return subprocess.run([python(), __file__, "--here", *sys.argv[1:]], check=False, env=clean).returncode
    body = harness.table(measure(args.mnist, args.runs))
    print(body)
    if args.write:
        harness.write_section("Loading", "python benchmarks/speed.py --write", body)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
