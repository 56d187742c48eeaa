"""The records: what counts as remote, and what a manifest's file asks for."""

from __future__ import annotations

import pytest

from steadyset.manifests.records import FileSpec
from steadyset.transport.records import Source, Wanted


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("http://host/file", True),
        ("https://host/file", True),
        ("practice:drawn-digits.npz", False),
        ("/mirror/http://file", False),
        ("C:\\mirror\\file", False),
        ("file", False),
    ],
)
def test_only_http_opens_a_socket(url: str, *, remote: bool) -> None:
    assert Source(url).is_remote is remote


def test_a_manifests_file_is_wanted_with_all_that_is_known() -> None:
    spec = FileSpec("f", 3, "aa", md5="bb", piece_size=2, pieces=("c", "d"))
    assert Wanted.of(spec) == Wanted("f", 3, "aa", 2, ("c", "d"))
