"""What an import and a warm load pull in. Asserted on the modules, never on time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import steadyset
import tiny

NETWORK = {"httpx2", "httpcore2", "h11", "anyio", "truststore", "ssl", "http.client", "urllib.request"}
SCREEN = {"click", "rich", "pygments"}
DISK = {"filelock", "zipfile", "platformdirs", "deflate", "packaging"}
NUMBERS = {"numpy", "xxhash"}
RUN_COMMAND = """
sys.argv[1:] = {argv!r}
from steadyset.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def brought_by(code: str) -> set[str]:
    """Return the modules that some code brings into a new interpreter.

    Without ``site``, because what this environment's ``.pth`` files import is no fault of ours.
    """
    text = f"""
import sys
sys.path[:] = {sys.path!r}
before = set(sys.modules)
{code}
brought = set(sys.modules) - before
import json
print("\\n" + json.dumps(sorted(brought)))
"""
    argv = [sys.executable, "-S", "-c", text]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, encoding="utf-8", timeout=120)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_steadyset_brings_itself_only() -> None:
    assert brought_by("import steadyset") == {"steadyset"}


def test_the_names_of_the_package_bring_nothing() -> None:
    assert brought_by("import steadyset; dir(steadyset); steadyset.__version__") == {"steadyset"}


@pytest.mark.parametrize("module", ["errors", "datasets", "datasets.mnist", "manifests", "findings", "splits"])
def test_what_needs_no_numbers_brings_none(module: str) -> None:
    assert brought_by(f"import steadyset.{module}") & (NETWORK | SCREEN | DISK | NUMBERS) == set()


@pytest.mark.parametrize("verify", ["fast", "full", "stat"])
def test_a_warm_load_brings_no_network_and_no_screen(verify: str, tmp_path: Path) -> None:
    made = tiny.make(tmp_path)
    code = f"import steadyset; steadyset.load({made.name!r}, verify={verify!r}, offline=True)"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STEADYSET_MIRRORS", str(made.mirror(tmp_path / "mirror")))
        steadyset.load(made.name, progress=False)
    brought = brought_by(code)
    own = brought - brought_by("import numpy")
    assert own & (NETWORK | SCREEN | DISK) == set()
    assert "steadyset.loading.warm" in own
    for cold in ("loading.cold", "transport.engine", "decode", "findings.catalogue", "practice"):
        assert f"steadyset.{cold}" not in own


def test_the_version_brings_no_screen() -> None:
    brought = brought_by(RUN_COMMAND.format(argv=["--version"]))
    assert brought & (NETWORK | SCREEN | DISK | NUMBERS) == set()


@pytest.mark.parametrize("argv", [["--help"], ["load", "-h"], ["list", "-h"]])
def test_help_brings_no_numbers_and_no_network(argv: list[str]) -> None:
    assert brought_by(RUN_COMMAND.format(argv=argv)) & (NETWORK | {"rich"} | DISK | NUMBERS) == set()
