"""Every exception of the engine below becomes the error for its true cause."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx2
import pytest

from steadyset.errors import FetchError
from steadyset.transport.causes import cause


def wrapped(inner: BaseException, outer: type[httpx2.HTTPError] = httpx2.ConnectError) -> httpx2.HTTPError:
    """Wrap an exception as httpcore and httpx do."""
    try:
        try:
            raise inner
        except BaseException as error:
            raise OSError("in between") from error
    except OSError as error:
        told = outer(str(error))
        told.__cause__ = error
        return told


def untrusted(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_code, error.verify_message = code, "as OpenSSL puts it"
    return error


def tls(reason: str, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, f"[SSL: {reason}] something")
    error.reason = reason
    return error


SYSTEM: list[tuple[BaseException, str]] = [
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "SS101"),
    (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "SS101"),
    (UnicodeEncodeError("idna", "x", 0, 1, "label too long"), "SS101"),
    (OSError(errno.ENETUNREACH, "Network is unreachable"), "SS102"),
    (OSError(errno.EHOSTUNREACH, "No route to host"), "SS102"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "SS103"),
    (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "SS105"),
    (ConnectionAbortedError(errno.ECONNABORTED, "aborted"), "SS105"),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), "SS105"),
    (untrusted(18), "SS121"),
    (untrusted(19), "SS121"),
    (untrusted(20), "SS121"),
    (untrusted(21), "SS121"),
    (untrusted(9), "SS122"),
    (untrusted(10), "SS122"),
    (untrusted(62), "SS122"),
    (untrusted(64), "SS122"),
    (tls("WRONG_VERSION_NUMBER"), "SS123"),
    (tls("HTTP_REQUEST"), "SS123"),
    (tls("TLSV1_ALERT_PROTOCOL_VERSION"), "SS123"),
    (tls("UNEXPECTED_EOF_WHILE_READING", ssl.SSLEOFError), "SS105"),
    (tls("BAD_RECORD_MAC"), "SS105"),
]


@pytest.mark.parametrize(("inner", "code"), SYSTEM, ids=lambda v: v if isinstance(v, str) else repr(v)[:40])
def test_the_innermost_cause_counts(inner: BaseException, code: str) -> None:
    found = cause(wrapped(inner), host="h.example")
    assert isinstance(found, FetchError)
    assert found.code == code
    assert "h.example" in found.message


INCOMPLETE = "peer closed connection without sending complete message body (received 1 bytes, expected 2)"
ENGINE: list[tuple[Exception, str]] = [
    (httpx2.ConnectTimeout("timed out"), "SS104"),
    (httpx2.PoolTimeout("timed out"), "SS104"),
    (httpx2.ReadTimeout("timed out"), "SS106"),
    (httpx2.WriteTimeout("timed out"), "SS106"),
    (httpx2.ProxyError("407 Proxy Authentication Required"), "SS112"),
    (httpx2.ProxyError("403 Forbidden"), "SS111"),
    (httpx2.ProxyError("503 Service Unavailable"), "SS134"),
    (httpx2.UnsupportedProtocol("unsupported"), "SS132"),
    (httpx2.InvalidURL("invalid"), "SS132"),
    (httpx2.RemoteProtocolError(INCOMPLETE), "SS107"),
    (httpx2.RemoteProtocolError("peer closed connection ... (incomplete chunked read)"), "SS107"),
    (httpx2.RemoteProtocolError("Server disconnected without sending a response."), "SS105"),
    (httpx2.RemoteProtocolError("illegal status line"), "SS138"),
    (httpx2.ReadError(""), "SS105"),
]


@pytest.mark.parametrize(("error", "code"), ENGINE, ids=lambda v: v if isinstance(v, str) else repr(v)[:40])
def test_what_the_engine_says_itself(error: Exception, code: str) -> None:
    assert cause(error, host="h.example").code == code


@pytest.mark.parametrize("inner", [s for s, code in SYSTEM if code in {"SS101", "SS102", "SS103"}], ids=repr)
def test_a_proxy_that_is_not_reached_is_named(inner: BaseException) -> None:
    found = cause(wrapped(inner), host="h.example", proxy="proxy.example:3128")
    assert found.code == "SS111"
    assert "proxy.example:3128" in found.message
    assert "h.example" not in found.message


def test_what_the_caller_was_handling_is_no_cause() -> None:
    told = httpx2.ConnectTimeout("timed out")
    handled = told.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, "the stock loader's own failure")
    assert cause(told, host="h").code == "SS103"
    assert cause(told, host="h", handled=handled).code == "SS104"


def test_a_circle_of_causes_ends() -> None:
    one, two = httpx2.ReadError("one"), httpx2.ReadError("two")
    one.__cause__, two.__cause__ = two, one
    assert cause(one, host="h").code == "SS105"


def test_credentials_do_not_come_through() -> None:
    found = cause(httpx2.InvalidURL("bad http://me:secret@h/?token=secret"), host="h")
    assert "secret" not in str(found)
