"""What there is, is documented; what is documented, is there and works."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import steadyset
from steadyset import errors
from steadyset.cli.app import COMMANDS, CONTEXT, app
from steadyset.findings.catalogue import entries

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCES = sorted(Path(steadyset.__file__).parent.rglob("*.py"))


def read(*parts: str) -> str:
    return DOCS.joinpath(*parts).read_text(encoding="utf-8")


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            assert member is not None
            yield from walk(
                member,
                click.Context(
                    member,
                    parent=context,
                    info_name=name,
                    terminal_width=80,
                    help_option_names=CONTEXT["help_option_names"],
                ),
            )


TREE = list(
    walk(
        app,
        click.Context(app, info_name="steadyset", terminal_width=80, help_option_names=CONTEXT["help_option_names"]),
    )
)
LEAVES = [(name, command, context) for name, command, context in TREE if not isinstance(command, click.Group)]


@pytest.mark.parametrize(("name", "command", "context"), TREE, ids=[name for name, _, _ in TREE])
def test_every_option_is_in_help_and_reference(name: str, command: click.Command, context: click.Context) -> None:
    said = command.get_help(context)
    page = read("reference", "command-line.md")
    section = re.split(r"^#+ ", page, flags=re.MULTILINE)
    own = next((part for part in section if part.startswith(f"{name}\n")), "")
    for parameter in command.get_params(context):
        for spelling in parameter.opts if isinstance(parameter, click.Option) else ():
            assert spelling in said
            assert spelling in own
        if isinstance(parameter, click.Option):
            assert parameter.help


@pytest.mark.parametrize(("name", "command"), [leaf[:2] for leaf in LEAVES], ids=[leaf[0] for leaf in LEAVES])
def test_every_command_has_the_common_options(name: str, command: click.Command) -> None:
    options = {spelling for p in command.params for spelling in p.opts}
    assert {"--json", "-q", "-v", "--offline", "--mirror", "--color"} <= options


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"steadyset {name}" in README


def run_tool(name: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(ROOT / "tools" / f"{name}.py"), "--check"]
    return subprocess.run(argv, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)


@pytest.mark.parametrize("tool", ["cli_pages", "code_pages"])
def test_generated_pages_are_up_to_date(tool: str) -> None:
    done = run_tool(tool)
    assert done.returncode == 0, f"make pages\n{done.stderr}"


def variables() -> set[str]:
    return {name for path in SOURCES for name in re.findall(r"STEADYSET_[A-Z]+", path.read_text(encoding="utf-8"))}


def test_every_variable_is_documented() -> None:
    page = read("reference", "environment.md")
    assert variables() == {"STEADYSET_HOME", "STEADYSET_LAYERS", "STEADYSET_MIRRORS", "STEADYSET_OFFLINE"}
    for name in variables():
        assert f"| `{name}` |" in page
        assert f"| `{name}` |" in README


def everything_written() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *DOCS.rglob("*.md")])


def test_no_variable_is_invented() -> None:
    assert set(re.findall(r"STEADYSET_[A-Z]+", everything_written())) <= variables()


@pytest.mark.parametrize("name", steadyset.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    assert f"steadyset.{name}" in read("reference", "python.md")


def public() -> list[Any]:
    functions = [steadyset.load, steadyset.fetch, steadyset.verify, steadyset.datasets.mnist.load_data]
    return [*functions, steadyset.Split, steadyset.Splits, steadyset.Provenance]


@pytest.mark.parametrize("thing", public(), ids=lambda thing: thing.__name__)
def test_every_public_thing_says_what_it_does(thing: Any) -> None:
    text = inspect.getdoc(thing)
    assert text
    assert text.splitlines()[0].endswith(".")
    if inspect.isfunction(thing):
        described = text.partition("Args:")[2].partition("Returns:")[0]
        for parameter in inspect.signature(thing).parameters:
            assert re.search(rf"^\s+{parameter}: ", described, re.MULTILINE)


def test_errors_are_documented_by_their_docstrings() -> None:
    assert ".. automodule:: steadyset.errors" in read("reference", "errors.md")
    for name in errors.__all__:
        assert inspect.getdoc(getattr(errors, name))


@pytest.mark.parametrize("code", entries())
def test_every_code_has_a_page_and_a_place_in_the_overview(code: str) -> None:
    assert read("codes", f"{code}.md").startswith(f"# {code} ")
    assert f"[{code}]({code}.md)" in read("codes", "index.md")


def test_no_code_is_invented() -> None:
    assert set(re.findall(r"\bSS\d{3}\b", everything_written())) <= set(entries())


def links() -> list[tuple[Path, str]]:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    found = []
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [(page, target) for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)]
    return [(page, target) for page, target in found if "://" not in target]


def test_no_link_is_dead() -> None:
    dead = [f"{page.relative_to(ROOT)}: {to}" for page, to in links() if not (page.parent / to).exists()]
    assert dead == []


def test_every_page_is_in_the_contents() -> None:
    contents = read("index.md")
    pages = [path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")]
    rooms = ("tutorial", "how-to", "reference", "explanation")
    assert [str(p) for p in pages if p.parts[0] in rooms and p.as_posix() not in contents] == []


def test_the_two_commands_are_on_the_first_screen() -> None:
    first = README.splitlines()[:20]
    assert [line.split("#")[0].strip() for line in first if line.startswith("make ")] == ["make demo", "make test"]
    assert any("docs/_static/demo.svg" in line for line in first)
    assert (DOCS / "_static" / "demo.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_the_picture_fetches_nothing() -> None:
    picture = (DOCS / "_static" / "demo.svg").read_text(encoding="utf-8")
    assert re.findall(r"(?:href|src|url)\s*[=(]\s*['\"]?https?:", picture) == []


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_python_of_the_readme_works(mnist_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    for block in blocks(README, "python"):
        exec(block, space)
    assert space["x_train"].shape == (60000, 28, 28)


def test_the_tutorial_works(mnist_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import doctest

    monkeypatch.setenv("STEADYSET_MIRRORS", str(mnist_dir))
    text = "\n".join(blocks(read("tutorial", "first-load.md"), "pycon"))
    examples = doctest.DocTestParser().get_doctest(text, {}, "first-load.md", None, 0)
    assert len(examples.examples) > 8
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(examples, out=said.append)
    assert result.failed == 0, "".join(said)


def commands_of(text: str) -> list[str]:
    lines = [line.removeprefix("$ ") for block in blocks(text, "console") for line in block.splitlines()]
    return [re.sub(r"^(\w+=\S+ )+", "", line).split("#")[0].strip() for line in lines]


def written_commands() -> list[str]:
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    pages = [page for page in pages if page.parent.name != "codes"]
    found = {line for page in pages for line in commands_of(page.read_text(encoding="utf-8"))}
    return sorted(line for line in found if line.startswith("steadyset "))


@pytest.mark.parametrize("line", written_commands())
def test_every_command_that_is_written_down_parses(line: str) -> None:
    argv = line.split()[1:]
    command: click.Command = app
    context = click.Context(app, info_name="steadyset", help_option_names=CONTEXT["help_option_names"])
    while isinstance(command, click.Group):
        name = argv.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        command, context = (
            found,
            click.Context(found, parent=context, info_name=name, help_option_names=CONTEXT["help_option_names"]),
        )
    command.parse_args(context, argv)


def test_the_guide_to_digests_gives_a_manifest_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    import numpy as np

    monkeypatch.chdir(tmp_path)
    names = ("x_train", "y_train", "x_test", "y_test")
    arrays: dict[str, Any] = {n: np.arange(6, dtype=np.uint8) for n in names}
    np.savez_compressed("toys.npz", **{n: a.reshape(3, 2) if n[0] == "x" else a[:3] for n, a in arrays.items()})
    (block,) = blocks(read("how-to", "add-a-dataset.md"), "python")
    exec(block, {})
    made = json.loads(capsys.readouterr().out)
    manifest = {
        "schema": "steadyset.manifest/1",
        "name": "toys",
        "title": "Toys",
        "summary": "Numbers.",
        "licence": {"name": "CC0", "url": ""},
        "citation": "",
        "splits": {s: {"x": f"x_{s}", "y": f"y_{s}"} for s in ("train", "test")},
        "arrays": made["arrays"],
        "recipes": [
            {
                "name": "npz",
                "decoder": "npz",
                "files": [made["file"]],
                "arrays": {n: {"file": "toys.npz", "member": n} for n in names},
            }
        ],
    }
    Path("toys.json").write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setenv("STEADYSET_MIRRORS", os.curdir)
    assert steadyset.load("toys.json", offline=True).train.x.shape == (3, 2)
