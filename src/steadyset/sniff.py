"""What a file is, judged by its first bytes.

A download that "worked" is often something else: a login page of the hotel's network, a quota notice, a
Git LFS pointer. ``sniff`` names it, so that the message can. It needs at most the first 4 KiB, holds no
state, reads no file and imports nothing heavy: the download engine asks it while the first piece arrives.

Signatures are those of the formats' own specifications; the tags that make a page HTML are those of the
MIME Sniffing Standard, section 7.1 (https://mimesniff.spec.whatwg.org/).
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

__all__ = ["HEAD", "Kind", "printable", "sniff"]

HEAD = 4096
"""How many bytes of the beginning are looked at, at most."""


class Kind(NamedTuple):
    """What a file is.

    Attributes:
        name: a stable word: ``"html"``, ``"gzip"``, ``"npy"``, … ``"unknown"``.
        description: a short noun phrase for messages: ``"an HTML page"``.
        detail: what more the bytes tell, printable and short: a page's title, the name inside a gzip file,
            a pointer's digest; ``""`` where there is nothing to add.
    """

    name: str
    description: str
    detail: str = ""


def sniff(head: bytes | memoryview, *, size: int | None = None) -> Kind:
    """Say what a file is from its first bytes.

    Args:
        head: the first bytes of the file; more than ``HEAD`` are ignored, fewer are fine.
        size: the size of the whole file in bytes, where known; it sharpens the answer here and there.

    Returns:
        The kind; ``unknown``, with the first bytes in hexadecimal, where nothing fits. Never raises for
        any content: a page in a wrong encoding or a cut header is judged by what can be read.
    """
    data = bytes(head[:HEAD])
    if not data:
        return Kind("empty", "an empty file")
    if not data.strip(b"\0"):
        of = "" if size is None or size <= len(data) else f" of {size:,}"
        return Kind("zeros", "a file of zero bytes", f"the first {len(data):,}{of} bytes are zero")
    for judge in (_signature, _tar, _idx, _markup):
        kind = judge(data)
        if kind:
            return kind
    unknown = Kind("unknown", "a file of unknown kind", data[:16].hex(" "))
    return _pickle(data, size) or _words(data) or unknown


def printable(text: str, *, most: int = 80) -> str:
    """Return text from an untrusted file so that it can stand in a message.

    White space is folded, characters a terminal could act upon are dropped, and what is longer than
    ``most`` characters ends in an ellipsis.
    """
    folded = " ".join(text.split())
    clean = "".join(c for c in folded if c.isprintable())
    return clean if len(clean) <= most else clean[: most - 1] + "…"


_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "gzip", "a gzip file"),  # RFC 1952, 2.3.1
    (b"PK\x03\x04", "zip", "a zip archive"),  # APPNOTE.TXT 4.3.7
    (b"PK\x07\x08PK\x03\x04", "zip", "a zip archive"),  # the mark of an archive once meant to span disks
    (b"PK\x05\x06", "empty-zip", "an empty zip archive"),
    (b"\x93NUMPY", "npy", "a .npy file"),  # NEP 1
    (b"\x89HDF\r\n\x1a\n", "hdf5", "an HDF5 file"),
    (b"PAR1", "parquet", "a Parquet file"),
    (b"\xfd7zXZ\0", "xz", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "zstd", "a Zstandard file"),  # RFC 8878, 3.1.1
    (b"7z\xbc\xaf\x27\x1c", "7z", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "rar", "a RAR archive"),
    (b"%PDF-", "pdf", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "png", "a PNG picture"),
    (b"\xff\xd8\xff", "jpeg", "a JPEG picture"),
)
_BZIP2 = rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"
_HDF5_USER_BLOCKS = (512, 1024, 2048)  # a block of the user's may come first; in MATLAB 7.3 it does


def _signature(data: bytes) -> Kind | None:
    for magic, name, description in _SIGNATURES:
        if data.startswith(magic):
            return Kind(name, description, _DETAILS[name](data) if name in _DETAILS else "")
    if re.match(_BZIP2, data):
        return Kind("bzip2", "a bzip2 file")
    if any(data.startswith(b"\x89HDF\r\n\x1a\n", start) for start in _HDF5_USER_BLOCKS):
        return Kind("hdf5", "an HDF5 file", printable(data[:64].decode("latin-1")))
    if data[126:128] in (b"IM", b"MI") and data.startswith(b"MATLAB"):
        return Kind("matlab5", "a MATLAB file", printable(data[:116].decode("latin-1")))
    return None


def _gzip_name(data: bytes) -> str:
    if len(data) < 10 or not data[3] & 8:
        return ""
    start = 10
    if data[3] & 4:
        start += 2 + int.from_bytes(data[10:12], "little")
    return printable(data[start:].split(b"\0", 1)[0].decode("latin-1"))


def _zip_name(data: bytes) -> str:
    start = data.find(b"PK\x03\x04")
    length = int.from_bytes(data[start + 26 : start + 28], "little")
    return printable(data[start + 30 : start + 30 + length].decode("utf-8", "replace"))


def _npy_header(data: bytes) -> str:
    start = data.find(b"{")
    return printable(data[start : data.find(b"\n", start)].decode("latin-1")) if start > 0 else ""


_DETAILS = {"gzip": _gzip_name, "zip": _zip_name, "npy": _npy_header}


def _tar(data: bytes) -> Kind | None:
    # Told by the header's checksum (POSIX.1-1988, ustar), which the older form without "ustar" has too.
    if len(data) < 512 or not data[0]:
        return None
    recorded = data[148:156].strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,7}", recorded):
        return None
    if int(recorded, 8) != sum(data[:148]) + 8 * 32 + sum(data[156:512]):
        return None
    return Kind("tar", "a tar archive", printable(data[:100].split(b"\0")[0].decode("utf-8", "replace")))


_IDX_TYPES = {8: "uint8", 9: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}


def _idx(data: bytes) -> Kind | None:
    # yann.lecun.com/exdb/mnist: two zero bytes, the type, the number of dimensions, then those dimensions.
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_TYPES or not 1 <= data[3] <= 8:
        return None
    detail = f"{_IDX_TYPES[data[2]]}, rank {data[3]}"
    if len(data) >= 4 + 4 * data[3]:
        shape = struct.unpack_from(f">{data[3]}I", data, 4)
        detail = f"{_IDX_TYPES[data[2]]}, " + " x ".join(map(str, shape))
    return Kind("idx", "an IDX file", detail)


# The patterns are compiled when first asked for: compiling all of them costs 5 ms, which a good file never needs.
_LFS = r"version https://(?:git-lfs|hawser)\.github\.com/spec/v\d+\s"
_HTML = (
    r"(?i)<(?:!doctype html|html|head|script|iframe|h[1-6]|div|font|table|a|style|title|b|body|br|p|meta|link"
    r"|center)[\s>/]"
)
_ELEMENT = r"<([A-Za-z_][\w.:-]*)[\s>/]"
_TITLE = r"(?i)<title[^>]{0,99}>([^<]{0,400})"
_CODE = r"<Code>([^<]{1,80})</Code>"
_CHARSET = (
    rb"(?i)charset=[\"']?(gbk|gb2312|gb18030|big5|shift_jis|euc-jp|euc-kr|koi8-r|windows-125\d"
    rb"|iso-8859-\d{1,2})\b"
)
_PAGES = (
    (r"(?i)google drive - quota exceeded|too many users have viewed or downl", "a Google Drive quota page"),
    (r"(?i)google drive - virus scan|scan this file for viruses", "a Google Drive virus-scan warning"),
    (r"(?i)cloudflare</title>|<title>just a moment|/cdn-cgi/challenge", "a Cloudflare challenge page"),
    (r"(?i)captive.?portal|hotspot|wi-?fi (?:log|access)|network (?:log|auth)", "a network login page"),
    (r"(?i)web.?filter|fortiguard|zscaler|blue ?coat|websense|been blocked", "a web filter's block page"),
    (r"(?i)type=[\"']?password|<title[^>]{0,99}>[^<]*(?:sign.?in|log.?[io]n\b|single sign)", "a login page"),
    (r"(?i)<title[^>]{0,99}>\s*index of /", "a directory listing"),
    (r"(?i)<title[^>]{0,99}>[^<]*(?:\b[45]\d\d\b|error|not found|forbidden|denied)", "an error page"),
)


def _markup(data: bytes) -> Kind | None:
    text = _decoded(data)
    if re.match(_LFS, text):
        return Kind("git-lfs-pointer", "a Git LFS pointer", printable(" ".join(text.splitlines()[1:3]), most=120))
    body, is_xml = _after_prolog(text)
    if re.match(_HTML, body) or (body != text.lstrip() and not body):
        return _page(text)
    element = re.match(_ELEMENT, body)
    if element and (is_xml or element[1] == "Error"):
        code = re.search(_CODE, text)
        description = "an XML error message" if element[1] == "Error" else "an XML file"
        return Kind("xml", description, printable(code[1] if code else element[1]))
    return _json(body)


def _page(text: str) -> Kind:
    title = re.search(_TITLE, text)
    found = next((d for pattern, d in _PAGES if re.search(pattern, text)), None)
    description = f"{found} (HTML)" if found else "an HTML page"
    return Kind("html", description, printable(title[1]) if title else "")


def _after_prolog(text: str) -> tuple[str, bool]:
    """Return what follows white space, comments and an XML declaration, and whether there was one."""
    is_xml = False
    while True:
        text = text.lstrip()
        if text.startswith("<!--"):
            text = text.partition("-->")[2]
        elif text.startswith("<?xml"):
            is_xml, text = True, text.partition("?>")[2]
        else:
            return text, is_xml


_JSON = r"\{\s*(?:\"|\}\s*$)|\[\s*(?:[\[{\"\]]|-?\d[\d.eE+-]*\s*[,\]]|(?:true|false|null)\b)"
_MESSAGE = r"\"(?:message|error|detail)\"\s*:\s*\"([^\"]{1,200})\""


def _json(body: str) -> Kind | None:
    if not re.match(_JSON, body):
        return None
    message = re.search(_MESSAGE, body)
    return Kind("json", "a JSON document", printable(message[1]) if message else "")


# The first opcodes that Python's own picklers write (pickletools). Protocols 0 and 1 have no signature, and
# protocol 0 is made of letters: asked for is a full first line with its memo mark, which no prose has.
_PICKLE_FRAMED = rb"(?s)\x80([\x04\x05])(?:\x95.{8}|[\x00-\x7f\x88-\x94])"
_PICKLE_BINARY = rb"\x80([\x02\x03])[(\])}cCGIJKLMNTUVX.\x88-\x8b]"
_PICKLE_1 = rb"[(\]})c][^\n]{0,80}\n?[^\n]{0,80}\n?q[\x00\x01]|[\]})]q[\x00\x01]"
_PICKLE_0 = rb"\(*(?:\([ld]p\d+|[SV][^\n]{0,200}\np\d+|c[A-Za-z_][\w.]*\r?\n[A-Za-z_]\w*\r?\np\d+|[IFL][\d.+-]+L?)\r?\n"
_PICKLE_0_NEXT = rb"[(.aSVIFLcdlgspNt]"


def _pickle(data: bytes, size: int | None) -> Kind | None:
    found = re.match(_PICKLE_FRAMED, data) or re.match(_PICKLE_BINARY, data)
    if found:
        return Kind("pickle", "a Python pickle", f"protocol {found[1][0]}")
    if re.match(_PICKLE_1, data):
        return Kind("pickle", "a Python pickle", "protocol 1")
    found = re.match(_PICKLE_0, data)
    if found and re.match(_PICKLE_0_NEXT, data[found.end() :]):
        # A bare number is a pickle only if the stop mark ends the file after it: "I5\n.", no list.
        bare = data[:1] in b"IFL"
        if not bare or (data[found.end() :] == b"." and size in (None, len(data))):
            return Kind("pickle", "a Python pickle", "protocol 0")
    return None


def _decoded(data: bytes) -> str:
    """Return the bytes as text as well as can be, for looking for tags; never raises."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8", "replace")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if data[:2] in (b"<\0", b"\0<"):
        return data.decode("utf-16-le" if data[0] else "utf-16-be", "replace")
    charset = re.search(_CHARSET, data)
    return data.decode(charset[1].decode() if charset else "utf-8", "replace")


_CONTROLS = r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]"


def _words(data: bytes) -> Kind | None:
    text = _as_prose(data)
    if not text or re.search(_CONTROLS, text):
        return None
    odd = sum(not (c.isprintable() or c.isspace()) for c in text)
    if odd > len(text) // 20:
        return None
    return Kind("text", "a text file", printable(text.lstrip().split("\n", 1)[0]))


def _as_prose(data: bytes) -> str | None:
    """Return the text in UTF-8, UTF-16 or, with few enough letters beyond ASCII, Latin-1; else ``None``."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decoded(data)
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # the head was cut within a character
            return data[: error.start].decode()
    return data.decode("latin-1") if sum(byte > 127 for byte in data) <= len(data) // 5 else None
