"""How fast files come, checked, against curl without a check; and over a bad line against aria2.

    python benchmarks/download.py [--size BYTES] [--files N] [--runs N] [--write]

The server is a process of its own on loopback and sends from memory, so that it is not what is measured.
Files go to a directory in memory where there is one. The bad line (100 ms, 1 % loss) is a network namespace
with ``tc netem``, which needs root.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from harness import ROOT, Row, pair_ratio, table, timed, write_section

SMALL = 10_000  # bytes of a small file
LINE = 8 << 20  # bytes over the bad line
SERVER = """
import hashlib, os, re, socket, sys, threading
block = hashlib.shake_128(b"steadyset").digest(1 << 20)
def serve(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    held = b""
    while True:
        while b"\\r\\n\\r\\n" not in held:
            more = sock.recv(65536)
            if not more:
                return
            held += more
        head, _, held = held.partition(b"\\r\\n\\r\\n")
        size = int(re.match(rb"GET /(\\d+)", head)[1])
        wish = re.search(rb"(?i)range: bytes=(\\d+)-(\\d*)", head)
        at = int(wish[1]) if wish else 0
        end = min(size, int(wish[2]) + 1) if wish and wish[2] else size
        told = b"206 Partial Content\\r\\nContent-Range: bytes %d-%d/%d" % (at, end - 1, size) if wish else b"200 OK"
        head = b"HTTP/1.1 %b\\r\\nAccept-Ranges: bytes\\r\\nContent-Length: %d\\r\\n\\r\\n" % (told, end - at)
        if end - at < 65536:
            first = at % len(block)
            sock.sendall(head + (block + block[:65536])[first : first + end - at])
            continue
        sock.sendall(head)
        while at < end:
            first = at % len(block)
            part = memoryview(block)[first : first + end - at]
            sock.sendall(part)
            at += len(part)
def run(sock):
    try:
        serve(sock)
    except OSError:
        pass
listener = socket.create_server((sys.argv[1], 0), backlog=256)
print(listener.getsockname()[1], flush=True)
while True:
    sock, _ = listener.accept()
    threading.Thread(target=run, args=(sock,), daemon=True).start()
"""
OURS = """
import sys, time
from steadyset.loading.urls import fetch_url_with
from steadyset.settings import Settings
home, sha256, size, *urls = sys.argv[1:]
for url in urls:
    fetch_url_with(Settings(home), url, sha256=sha256, size=int(size), progress=False)
"""
ENGINE = """
import os, sys
from steadyset.store.layout import Layout
from steadyset.store.partials import Partial
from steadyset.transport.client import Client
from steadyset.transport.engine import Fetch
from steadyset.transport.records import Limits, Source, Wanted
home, sha256, size, base, count = sys.argv[1:]
with Client(Limits()) as client:
    for number in range(int(count)):
        with Partial(Layout(home), f"{number:064x}", "f") as partial:
            wanted = Wanted("f", int(size), sha256)
            Fetch(wanted, [Source(f"{base}?{number}")], partial, client=lambda: client, openers={}).run()
            partial.publish(os.path.join(home, f"{number % 256:02x}", str(number)))
"""


def content_digest(size: int) -> str:
    """Return the SHA-256 of what the server sends for a size."""
    block = hashlib.shake_128(b"steadyset").digest(1 << 20)
    digest = hashlib.sha256()
    for at in range(0, size, len(block)):
        digest.update(block[: size - at])
    return digest.hexdigest()


@contextlib.contextmanager
def server(address: str = "127.0.0.1", *prefix: str) -> Iterator[str]:
    """Run the server, behind a command that puts it elsewhere, and yield its URL."""
    command = [*prefix, sys.executable, "-c", SERVER, address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            yield f"http://{address}:{port}"
        finally:
            process.kill()


def in_place(command: Callable[[Path], list[str]], folder: Path, *, text: str | None = None) -> Callable[[], None]:
    """Return a call that runs a command with a new directory to write to, which is emptied before the next."""

    def run() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        subprocess.run(command(folder), check=True, input=text, text=True, env=env, stdout=subprocess.DEVNULL)

    return run


def compared(what: str, ours: Callable[[], None], peer: Callable[[], None], size: int, runs: int, goal: str) -> Row:
    """Time both in turn and return rates; the ratio is that of the rates."""
    ours()
    peer()
    pairs = [(timed(ours), timed(peer)) for _ in range(runs)]
    a, b = [p[0] for p in pairs], [p[1] for p in pairs]

    def rate(seconds: list[float]) -> str:
        return f"{size / statistics.median(seconds) / 1e6:.2f} MB/s"

    return Row(what, rate(a), rate(b), f"{1 / pair_ratio(a, b):.2f}×", goal)


def loopback_rows(size: int, files: int, runs: int, folder: Path) -> list[Row]:
    """One large file and many small ones, each process from its start to its end."""
    curl = shutil.which("curl")
    if curl is None:
        return [Row("download on loopback", "-", "-", "skipped: no curl", "≥ 0.90×")]
    with server() as base:
        url = f"{base}/{size}"
        ours = in_place(
            lambda at: [sys.executable, "-c", OURS, str(at), content_digest(size), str(size), url], folder / "a"
        )
        peer = in_place(lambda at: [curl, "-sf", "-o", str(at / "f"), url], folder / "b")
        what = f"{size / 1e6:.0f} MB, checked and stored / curl, unchecked"
        rows = [compared(what, ours, peer, size, runs, "≥ 0.90×")]
        rows += small_rows(curl, f"{base}/{SMALL}", files, runs, folder)
    return rows


def small_rows(curl: str, url: str, files: int, runs: int, folder: Path) -> list[Row]:
    """Many small files: by the engine into published files; curl with one connection, and one process each."""
    digest = content_digest(SMALL)
    ours = in_place(
        lambda at: [sys.executable, "-c", ENGINE, str(at), digest, str(SMALL), url, str(files)], folder / "a"
    )
    text = "".join(f'url = "{url}?{n}"\noutput = "{folder}/b/{n}"\n' for n in range(files))
    at_once = in_place(lambda _: [curl, "-sf", "-K", "-"], folder / "b", text=text)
    command = f'for n in $(seq {files}); do {curl} -sf -o "$0/$n" "{url}?$n"; done'
    each = in_place(lambda at: ["sh", "-c", command, str(at)], folder / "b")
    total = files * SMALL
    name = f"{files} files of 10 kB, checked and published"
    return [
        compared(f"{name} / one curl for all", ours, at_once, total, runs, "≥ 0.90×"),
        compared(f"{name} / a curl for each", ours, each, total, 1, "≥ 0.90×"),
    ]


@contextlib.contextmanager
def bad_line() -> Iterator[str | None]:
    """Make a namespace behind 100 ms and 1 % loss; yield its address, or nothing where that is not allowed."""
    space = f"steadyset{os.getpid()}"
    near, far = f"ssa{os.getpid() % 100000}", f"ssb{os.getpid() % 100000}"
    steps = [
        f"ip netns add {space}",
        f"ip link add {near} type veth peer name {far} netns {space}",
        f"ip addr add 10.213.77.1/30 dev {near}",
        f"ip link set {near} up",
        f"ip -n {space} addr add 10.213.77.2/30 dev {far}",
        f"ip -n {space} link set {far} up",
        f"tc -n {space} qdisc add dev {far} root netem delay 100ms loss 1% limit 10000",
    ]
    try:
        done = all(_runs(step) for step in steps)
        yield space if done else None
    finally:
        _runs(f"ip link del {near}")
        _runs(f"ip netns del {space}")


def _runs(command: str) -> bool:
    try:
        return subprocess.run(command.split(), capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def line_rows(folder: Path) -> list[Row]:
    """One file over the bad line, against aria2 with four connections."""
    what, goal = f"{LINE >> 20} MiB over 100 ms with 1 % loss / aria2c -x4", "≥ 1×"
    aria2 = shutil.which("aria2c")
    if aria2 is None:
        return [Row(what, "-", "-", "skipped: no aria2c", goal)]
    with bad_line() as space:
        if space is None:
            return [Row(what, "-", "-", "skipped: no network namespace with netem here", goal)]
        with server("10.213.77.2", "ip", "netns", "exec", space) as base:
            url, digest = f"{base}/{LINE}", content_digest(LINE)
            ours = in_place(lambda at: [sys.executable, "-c", OURS, str(at), digest, str(LINE), url], folder / "a")
            flags = ["-q", "-x4", "-s4", "-k1M", "--file-allocation=none", "--no-conf"]
            peer = in_place(lambda at: [aria2, *flags, "-d", str(at), "-o", "f", url], folder / "b")
            begun = time.monotonic()
            a, b = timed(ours), timed(peer)
            pairs = [(a, b)]
            while time.monotonic() - begun < 40 and len(pairs) < 3:
                pairs.append((timed(ours), timed(peer)))
    medians = [statistics.median(p[side] for p in pairs) for side in (0, 1)]
    rates = [f"{LINE / seconds / 1e6:.2f} MB/s" for seconds in medians]
    return [Row(what, rates[0], rates[1], f"{medians[1] / medians[0]:.2f}×", goal)]


def main() -> None:
    """Measure, print, and write the section if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, help="bytes of the large file (default: 1 GB, 200 MB where room is short)")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    asked = parser.parse_args()
    parent = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        size = asked.size or (10**9 if shutil.disk_usage(name).free > 4 * 10**9 else 2 * 10**8)
        rows = [*loopback_rows(size, asked.files, asked.runs, Path(name)), *line_rows(Path(name))]
    body = table(rows)
    print(body)
    if asked.write:
        write_section("Download", "python benchmarks/download.py", body)


if __name__ == "__main__":
    main()
