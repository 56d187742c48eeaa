"""What a file is, from its first bytes: one row per kind, and what must not be mistaken."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyset.sniff import HEAD, printable, sniff


def _gzip(name: str) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=out, mtime=0) as file:
        file.write(b"content")
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x_test.npy", b"content")
    return out.getvalue()


def _tar(kind: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        archive.addfile(tarfile.TarInfo("cifar-10-batches-py/data_batch_1"))
    return out.getvalue()


def _npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros((3, 2), ">u2"))
    return out.getvalue()


LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
QUOTA = b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head>"
S3 = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>no</Message></Error>'
MATLAB = b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x01IM"

KINDS = [
    (b"", "empty", ""),
    (b"\0" * 5000, "zeros", "4,096"),
    (b"\0", "zeros", "1"),
    (_gzip("train-images.idx3-ubyte"), "gzip", "train-images.idx3-ubyte"),
    (b"\x1f\x8b\x08\x0c\0\0\0\0\0\x03\x02\0ab" + b"name\0", "gzip", "name"),
    (gzip.compress(b""), "gzip", ""),
    (_zip(), "zip", "x_test.npy"),
    (b"PK\x07\x08" + _zip(), "zip", "x_test.npy"),
    (b"PK\x05\x06" + b"\0" * 18, "empty-zip", ""),
    (_npy(), "npy", "'shape': (3, 2)"),
    (b"\x93NUMPY\x01\x00", "npy", ""),
    *(
        (b"\0\0" + bytes([code, 3]) + struct.pack(">3I", 60000, 28, 28), "idx", f"{name}, 60000 x 28 x 28")
        for code, name in {
            0x08: "uint8",
            0x09: "int8",
            0x0B: "int16",
            0x0C: "int32",
            0x0D: "float32",
            0x0E: "float64",
        }.items()
    ),
    (b"\0\0\x08\x01\0", "idx", "uint8, rank 1"),
    (_tar(tarfile.USTAR_FORMAT), "tar", "cifar-10-batches-py/data_batch_1"),
    (_tar(tarfile.GNU_FORMAT), "tar", "cifar-10-batches-py/data_batch_1"),
    (bz2.compress(b"content"), "bzip2", ""),
    (bz2.compress(b""), "bzip2", ""),
    (lzma.compress(b"content"), "xz", ""),
    (b"\x28\xb5\x2f\xfd\x04\x00\x01", "zstd", ""),
    (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z", ""),
    (b"Rar!\x1a\x07\x01\x00", "rar", ""),
    (b"\x89HDF\r\n\x1a\n\x00", "hdf5", ""),
    (b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n", "hdf5", "MATLAB 7.3"),
    (b"PAR1\x15\x04", "parquet", ""),
    (b"%PDF-1.7\n", "pdf", ""),
    (b"\x89PNG\r\n\x1a\n\0", "png", ""),
    (b"\xff\xd8\xff\xe0", "jpeg", ""),
    (MATLAB, "matlab5", "Platform: GLNXA64"),
    (LFS, "git-lfs-pointer", "size 12345"),
    (LFS.replace(b"\n", b"\r\n"), "git-lfs-pointer", "oid sha256:4d7a2146"),
    (S3, "xml", "AccessDenied"),
    (b"<Error><Code>NoSuchKey</Code></Error>", "xml", "NoSuchKey"),
    (b'<?xml version="1.0"?><svg width="3"/>', "xml", "svg"),
    (b'{"message": "Not Found", "status": "404"}', "json", "Not Found"),
    (json.dumps([{"a": 1}]).encode(), "json", ""),
    (b"[1, 2, 3]", "json", ""),
    (b"{}", "json", ""),
    (b"label,1x1,1x2\n5,0,0\n", "text", "label,1x1,1x2"),
    ("Ärger über Prüfsummen".encode("latin-1"), "text", "rger"),
    ("﻿naïve".encode(), "text", "naïve"),
    ("pixel".encode("utf-16"), "text", "pixel"),
    (b"\xde\xad\xbe\xef" * 20, "unknown", "de ad be ef"),
    (b"\0\0\x08\x00", "unknown", "00 00 08 00"),
    (b"\0\0\x08\xff\0\0\0\1", "unknown", "00 00 08 ff"),
    (b"\x01\x02\x03", "unknown", "01 02 03"),
]


@pytest.mark.parametrize(("data", "name", "detail"), KINDS, ids=lambda v: v if isinstance(v, str) else "")
def test_names_the_kind_and_its_detail(data: bytes, name: str, detail: str) -> None:
    kind = sniff(data)
    assert kind.name == name
    assert detail in kind.detail
    assert sniff(memoryview(data), size=len(data)).name == name


@pytest.mark.parametrize("description", {sniff(data).description for data, _, _ in KINDS})
def test_descriptions_fit_into_a_sentence(description: str) -> None:
    assert description.startswith(("a ", "an "))
    assert len(description) < 45


PAGES = [
    (QUOTA, "a Google Drive quota page (HTML)", "Google Drive - Quota exceeded"),
    (
        b"<html><title>Google Drive - Virus scan warning</title>",
        "a Google Drive virus-scan warning (HTML)",
        "Virus",
    ),
    (
        b"<html><head><title>Hotel WLAN</title><meta name=captive-portal>",
        "a network login page (HTML)",
        "Hotel WLAN",
    ),
    (b"<HTML><BODY><FORM><INPUT TYPE='password'>", "a login page (HTML)", ""),
    (b"<html><title>Sign in to your account</title>", "a login page (HTML)", "Sign in"),
    (b"<html><title>Web Filter Violation</title>", "a web filter's block page (HTML)", "Web Filter"),
    (
        b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>",
        "a Cloudflare challenge page (HTML)",
        "Att",
    ),
    (
        b"<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>",
        "an error page (HTML)",
        "404 Not Found",
    ),
    (b"<html><title>Index of /exdb/mnist</title>", "a directory listing (HTML)", "Index of"),
    (b"<html lang=en><title> MNIST \n &amp; kin</title>", "an HTML page", "MNIST &amp; kin"),
]


@pytest.mark.parametrize(("data", "description", "title"), PAGES, ids=[d for _, d, _ in PAGES])
def test_says_which_page_it_is(data: bytes, description: str, title: str) -> None:
    kind = sniff(data)
    assert kind.name == "html"
    assert kind.description == description
    assert title in kind.detail


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf<!DOCTYPE HTML>",
        b"\r\n\t  <html>",
        b"<!-- saved by a proxy -->\n<!-- twice --><HEAD>",
        b"<!-- a comment longer than the head " + b"x" * HEAD,
        b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">',
        "<html><title>pörtal</title>".encode("utf-16"),
        "<html><title>pörtal</title>".encode("utf-16-le"),
        "<html><title>pörtal</title>".encode("utf-16-be"),
        b"<h1>It works!</h1>",
        b"<script>location='http://login.local'</script>",
    ],
)
def test_recognises_html_however_it_begins(data: bytes) -> None:
    assert sniff(data).name == "html"


def test_reads_a_title_in_the_page_s_own_encoding() -> None:
    page = b"<html><meta charset=gbk><title>" + "上网认证".encode("gbk") + b"</title>"
    assert sniff(page).detail == "上网认证"


class Thing:
    """Something whose pickle names a class."""


VALUES: list[Any] = [
    {"data": [1, 2], "labels": "x"},
    [1, 2.5, None],
    (np.arange(3), "y"),
    np.arange(3),
    "words",
    b"bytes",
    1234567,
    [],
    {},
    Thing(),
]


# In protocol 1 a scalar is a few bytes that mean nothing by themselves.
PICKLED = [(v, p) for v in VALUES for p in range(6) if p != 1 or not isinstance(v, str | bytes | int)]


@pytest.mark.parametrize(("value", "protocol"), PICKLED, ids=repr)
def test_recognises_pickles_of_every_protocol(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol=protocol)
    kind = sniff(data, size=len(data))
    assert kind.name == "pickle"
    assert kind.detail.startswith("protocol")


@pytest.mark.parametrize(
    "data",
    [
        b"(lp1\n(iREADME\n",  # Python 2, instances
        b"(dp1\nS'batch_label'\np2\nS'training batch 1 of 5'\np3\ns",
        b"\x80\x02}q\x01(U\x0bbatch_label",
        b"]q\x01(K\x05K\x00",
        b"cnumpy.core.multiarray\r\n_reconstruct\r\np1\r\n(cnumpy",  # what git made of it with autocrlf
    ],
)
def test_recognises_what_python_2_wrote(data: bytes) -> None:
    assert sniff(data).name == "pickle"


@pytest.mark.parametrize(
    "text",
    [
        "I am a README\nfor MNIST\n",
        "I5\nI6\nI7\n",
        "I01\nI02\n.hidden",
        "L1\n.",
        "(see below)\np1\n",
        "Sources:\np1\nmore",
        "cat\ndog\nparrot\n",
        "cats\ndogs\np. 12\n",
        "N.\n",
        "]quote[",
        "(lost)",
        "V1\n",
        ".",
        "5,0,0,0\n",
    ],
)
def test_takes_no_prose_for_a_pickle(text: str) -> None:
    data = text.encode()
    assert sniff(data).name == ("pickle" if text == "L1\n." else "text")


def test_a_number_and_a_stop_mark_are_a_pickle_only_when_they_are_the_whole_file() -> None:
    assert sniff(b"I5\n.", size=4).name == "pickle"
    assert sniff(b"I5\n.", size=400).name == "text"


def test_says_of_how_many_bytes_the_zeros_were_seen() -> None:
    assert sniff(b"\0" * HEAD, size=11_490_434).detail == "the first 4,096 of 11,490,434 bytes are zero"


def test_text_may_be_cut_inside_a_character() -> None:
    text = "手写数字数据集".encode() * 200
    assert [sniff(text[:length]).name for length in (4094, 4095, 4096, 5000)] == ["text"] * 4


def test_a_tar_header_with_a_wrong_checksum_is_no_tar() -> None:
    data = bytearray(_tar(tarfile.USTAR_FORMAT))
    data[0] ^= 1
    assert sniff(bytes(data)).name != "tar"


@pytest.mark.parametrize("data", [data for data, _, _ in KINDS + PAGES])
def test_any_part_of_a_head_has_a_kind(data: bytes) -> None:
    for length in range(min(len(data), 700)):
        kind = sniff(data[:length])
        assert kind.detail.isprintable()


PARTS = st.sampled_from(
    [
        b"<title>",
        b"<!--",
        b"-->",
        b"<?xml",
        b"<html ",
        b"charset=gbk",
        b"\xff\xfe",
        b"\0\0\x08\x03",
        b"(lp0\n",
        b'{"',
    ]
)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=40) | PARTS, max_size=12).map(b"".join))
def test_never_raises_and_never_says_anything_a_terminal_acts_upon(data: bytes) -> None:
    kind = sniff(data, size=len(data))
    assert kind.description
    assert kind.detail.isprintable()
    assert len(kind.detail) <= 120


def test_a_title_cannot_smuggle_escape_sequences_into_a_message() -> None:
    assert sniff(b"<html><title>\x1b[31mred\x07</title>").detail == "[31mred"
    assert printable("a\n b\u202e\x00c", most=10) == "a bc"
    assert printable("x" * 100, most=10) == "x" * 9 + "…"


def test_importing_it_is_cheap() -> None:
    code = "import sys, steadyset.sniff; print({'numpy', 'json', 'zipfile', 'gzip'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
