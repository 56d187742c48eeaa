"""The project around the code says what is so: version, targets, dependencies, surface, no traces of a machine."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import steadyset

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

PUBLIC = [
    "Provenance",
    "Split",
    "Splits",
    "__version__",
    "datasets",
    "errors",
    "fetch",
    "fetch_url",
    "heal",
    "load",
    "verify",
]
# Written so that this file is not among those it finds.
HOSTS = [host.replace("_", ".") for host in ("pypi_org", "pypi_python_org", "files_pythonhosted_org", "piwheels_org")]
PLACES = re.compile(r"(?<![\w.~/-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot"]) + r")/")
NOT_OURS = {".git", "__pycache__", "build", "dist", "_build", "htmlcov"}


def test_version() -> None:
    assert PROJECT["project"]["version"] == steadyset.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(steadyset.__version__)} - ", changes, re.MULTILINE)


def test_public_surface() -> None:
    assert steadyset.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(steadyset))
    for name in PUBLIC:
        assert getattr(steadyset, name) is not None


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'steadyset' has no attribute 'lood'"):
        _ = steadyset.lood


def test_python_versions_agree() -> None:
    least = PROJECT["project"]["requires-python"].removeprefix(">=")
    listed = [c.rpartition(" ")[2] for c in PROJECT["project"]["classifiers"] if ":: 3." in c]
    assert listed[0] == least == PROJECT["tool"]["mypy"]["python_version"]
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + least.replace(".", "")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert f"python: {listed}".replace("'", '"') in workflow


@pytest.mark.parametrize("requirement", PROJECT["project"]["dependencies"])
def test_dependencies_have_lower_bounds_only(requirement: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+>=[0-9.]+", requirement)


def imported() -> Iterator[tuple[str, str]]:
    """Yield every module that the package imports, and where."""
    package = Path(steadyset.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name.split(".")[0], str(path)) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield node.module.split(".")[0], str(path)


def test_what_is_imported_is_declared() -> None:
    import sys

    declared = {re.split(r"\W", r.replace("-", "_"))[0] for r in PROJECT["project"]["dependencies"]}
    known = declared | set(sys.stdlib_module_names) | {"steadyset"}
    assert {(name, where) for name, where in imported() if name not in known} == set()


def phony() -> list[str]:
    lines = re.findall(r"^\.PHONY:(.*)$", MAKEFILE, re.MULTILINE)
    return " ".join(lines).split()


def test_help_lists_every_target() -> None:
    assert {"help", "setup", "demo", "test", "test-frameworks", "lint", "type", "docs", "bench", "clean"} <= set(
        phony()
    )
    described = re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE)
    assert described == phony()
    if shutil.which("make") is None or shutil.which("awk") is None:
        pytest.skip("needs make and awk")
    ran = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert [line.split()[1] for line in ran.stdout.splitlines() if line.startswith("  make ")] == phony()


def test_every_target_is_told_in_contributing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [t for t in phony() if t not in ("help", "clean") and f"make {t}" not in text] == []


def test_ci_runs_exactly_three() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "cd ", "set "))]
    assert commands == ["make demo", "make test", "make test-frameworks"]
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines


def ours() -> Iterator[Path]:
    """Yield every file of the repository, or of a source distribution."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(p in NOT_OURS or p.endswith((".egg-info", "_cache")) or p.startswith(".venv") for p in parts)
        if path.is_file() and not hidden and parts[0] not in (".hypothesis", ".coverage"):
            yield path


def test_no_trace_of_a_machine() -> None:
    found = []
    for path in ours():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in PLACES.finditer(text)]
        found += [f"{path.relative_to(ROOT)}: {host}" for host in HOSTS if host in text.lower()]
    assert found == []


def test_the_licence_is_the_one_that_is_named() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text


@pytest.mark.parametrize("name", ["py.typed", "manifests/manifest.schema.json", "manifests/data/mnist.json"])
def test_data_files_are_there(name: str) -> None:
    assert Path(steadyset.__file__).parent.joinpath(*name.split("/")).is_file()
