"""The catalogue of codes: its shape, its promises, and that it gives no bad advice."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import click
import pytest

from steadyset.cli.app import COMMANDS, app
from steadyset.findings.catalogue import FAMILIES, Entry, entries, entry

# What was published once stays: codes and names may be added here, never changed or taken away.
PUBLISHED = """
SS101 dns-failure
SS102 network-unreachable
SS103 connection-refused
SS104 connection-timeout
SS105 connection-reset
SS106 transfer-stalled
SS107 download-truncated
SS108 not-stored-and-offline
SS109 time-limit-reached
SS111 proxy-misconfigured
SS112 proxy-authentication-required
SS113 proxy-replaced-the-body
SS121 tls-issuer-not-trusted
SS122 tls-certificate-invalid
SS123 tls-not-spoken
SS124 tls-module-missing
SS131 http-forbidden
SS132 http-not-found
SS133 http-rate-limited
SS134 http-server-error
SS135 web-page-instead-of-data
SS136 host-retired
SS137 no-source-delivered
SS138 http-broken
SS139 http-unexpected-status
SS141 redirect-refused
SS201 file-damaged
SS202 file-unfinished
SS203 digest-mismatch
SS204 not-the-expected-format
SS205 still-compressed
SS206 permission-denied
SS207 cache-moved-silently
SS208 disk-full
SS209 concurrent-writers
SS210 extraction-misplaced
SS211 file-not-where-expected
SS212 store-path-not-a-directory
SS213 store-from-newer-version
SS214 archive-not-safe
SS215 store-not-writable
SS216 equivalent-copy-used
SS301 package-missing
SS302 keras-tensorflow-mismatch
SS303 name-moved-or-removed
SS304 dataset-library-skew
SS305 numpy-binary-mismatch
SS306 numpy-name-removed
SS307 numpy-forbids-pickle
SS308 protobuf-mismatch
SS309 python-unsupported
SS310 native-library-failed
SS311 module-shadowed
SS312 python2-pickle
SS401 unpack-wrong-shape
SS402 unpack-swapped
SS403 unpack-duplicate-name
SS404 loader-not-called
SS405 result-misused
SS406 path-is-a-cache-name
SS407 argument-not-accepted
SS408 loader-removed
SS409 module-misspelt
SS410 result-is-a-dataframe
SS411 tfds-not-batched
SS421 shape-does-not-fit-model
SS422 labels-do-not-fit-loss
SS423 dtype-does-not-fit
SS431 tls-verification-disabled
SS432 allow-pickle-forced
SS433 scale-constant-wrong
SS434 result-discarded
SS435 preprocessing-refitted-on-test
SS436 labels-scaled
SS441 dataset-unknown
SS442 mirror-malformed
SS443 argument-invalid
SS501 array-contract-broken
SS502 arrays-known-but-transformed
SS503 manifest-malformed
SS901 internal-error
"""

FORBIDDEN = (
    "allow_pickle=True",
    "verify=False",
    "_create_unverified_context",
    "--trusted-host",
    "rm -rf",
    "rm -r",
    "rmtree",
    "uninstall",
    "CERT_NONE",
)

each = pytest.mark.parametrize("known", entries().values(), ids=lambda e: e.code)


def raw_codes() -> list[dict[str, Any]]:
    text = resources.files("steadyset.findings").joinpath("catalogue.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["codes"]
    return found


def commands(known: Entry) -> Iterator[tuple[str, ...]]:
    yield from itertools.chain.from_iterable(remedy.commands for remedy in known.remedies)
    yield known.verify


def prose(known: Entry) -> list[str]:
    return [known.means, *known.causes, known.ignore, *(remedy.text for remedy in known.remedies)]


def test_codes_are_unique_and_sorted() -> None:
    codes = [raw["code"] for raw in raw_codes()]
    assert codes == sorted(set(codes))


def test_names_are_unique() -> None:
    names = [known.name for known in entries().values()]
    assert len(set(names)) == len(names)


def test_published_codes_and_names_never_change() -> None:
    published = dict(line.split() for line in PUBLISHED.split("\n") if line)
    assert {code: entries()[code].name for code in published} == published


@each
def test_code_name_and_family_have_the_agreed_form(known: Entry) -> None:
    assert re.fullmatch(r"SS[1-9]\d\d", known.code)
    assert known.code[:3] in FAMILIES
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", known.name)
    assert re.fullmatch(r"[a-z_]+", known.category)


@each
def test_nothing_is_left_empty(known: Entry) -> None:
    assert known.title
    assert known.title[-1] != "."
    assert known.means
    assert known.causes
    assert known.remedies or known.ignore
    assert known.example
    assert re.fullmatch(r"\d+\.\d+\.\d+", known.since)


@each
def test_texts_are_short_sentences(known: Entry) -> None:
    assert all(text == text.strip() and text.endswith(".") for text in prose(known) if text)
    assert len(known.means) < 450
    assert all(len(remedy.text) < 200 for remedy in known.remedies)


@each
def test_backticks_come_in_pairs(known: Entry) -> None:
    assert all(text.count("`") % 2 == 0 for text in prose(known))


@each
def test_no_exclamation_and_no_blame(known: Entry) -> None:
    told = re.sub(r"`[^`]*`", "", " ".join(prose(known)))
    assert "!" not in told
    assert not re.search(r"\b(stupid|obviously|simply|just do)\b", told)


@each
def test_the_meaning_never_contains_the_fix(known: Entry) -> None:
    assert not re.search(r"pip install|steadyset (load|fetch|verify|cache)\b|--mirror", known.means)


@each
def test_at_most_three_remedies(known: Entry) -> None:
    assert len(known.remedies) <= 3


@each
def test_commands_are_argument_lists(known: Entry) -> None:
    assert known.verify
    for argv in commands(known):
        assert isinstance(argv, tuple)
        assert argv
        assert all(isinstance(word, str) and word for word in argv)


@each
def test_remedies_are_labelled_with_what_may_be_done_unasked(known: Entry) -> None:
    for remedy in known.remedies:
        assert remedy.safety in ("safe", "unsafe", "shown-only")
        assert set(remedy.platforms) <= {"linux", "darwin", "win32"}
        if not remedy.commands:
            assert remedy.safety == "shown-only"


@each
def test_a_command_with_a_placeholder_is_only_shown(known: Entry) -> None:
    placeholder = re.compile(r"\b(DIR|URL|FILE|PACKAGE|NAME|HOST|PORT|ENVIRONMENT|SCRIPT|NN)\b")
    for remedy in known.remedies:
        if any(placeholder.search(word) for argv in remedy.commands for word in argv):
            assert remedy.safety == "shown-only"


@each
def test_installing_is_never_done_unasked(known: Entry) -> None:
    for remedy in known.remedies:
        if any("install" in argv for argv in remedy.commands):
            assert remedy.safety != "safe"


@each
def test_forbidden_advice_is_not_given(known: Entry) -> None:
    advice = [*(remedy.text for remedy in known.remedies), *(" ".join(argv) for argv in commands(known))]
    assert [bad for bad in FORBIDDEN for text in advice if bad in text] == []
    assert not any("prune" in argv for argv in commands(known))


@each
def test_a_remedy_for_the_network_does_not_need_the_package_index(known: Entry) -> None:
    if known.code.startswith("SS1"):
        assert not any("pip" in argv for argv in commands(known))
        assert not any("pip install" in remedy.text for remedy in known.remedies)


def _command(words: Sequence[str]) -> tuple[click.Command, Sequence[str]]:
    """Return the command that the words call, and what is left of them."""
    command: click.Command = app
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, words
        command, words = found, words[1:]
    return command, words


@each
def test_steadyset_commands_exist(known: Entry) -> None:
    for argv in commands(known):
        if argv[0] == "steadyset":
            command, rest = _command(argv[1:])
            options = {opt for parameter in command.params for opt in (*parameter.opts, *parameter.secondary_opts)}
            assert {word for word in rest if word.startswith("-")} <= options
    told = re.findall(r"`steadyset ([a-z]+)", " ".join(prose(known)))
    assert set(told) <= set(COMMANDS)


@each
def test_explained_codes_exist(known: Entry) -> None:
    told = " ".join([*prose(known), *(" ".join(argv) for argv in commands(known))])
    assert set(re.findall(r"SS\d{3}", told)) <= set(entries())


@each
def test_references_are_addresses(known: Entry) -> None:
    assert isinstance(known.references, tuple)
    assert all(re.fullmatch(r"https?://[^\s<>]+", link) for link in known.references)
    assert len(set(known.references)) == len(known.references)


def test_an_entry_is_found_by_code_in_any_case_and_by_name() -> None:
    assert entry("ss101") is entry(" SS101 ") is entry("dns-failure")


@pytest.mark.parametrize(("wanted", "near"), [("SS10l", "SS101"), ("dns-failures", "dns-failure")])
def test_an_unknown_code_names_the_nearest(wanted: str, near: str) -> None:
    with pytest.raises(KeyError, match=near):
        entry(wanted)


def test_the_address_of_a_page_ends_in_its_code() -> None:
    assert entry("SS101").url.endswith("/codes/SS101.html")
