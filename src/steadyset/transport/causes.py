"""From an exception of the HTTP engine to the cause it stands for, with its code.

The engine wraps the operating system's and OpenSSL's exceptions; the innermost one tells the cause.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx2

from ..errors import (
    ConnectionCutError,
    ConnectTimeoutError,
    FetchError,
    NameNotResolvedError,
    NetworkUnreachableError,
    PeerRefusedError,
    ProtocolError,
    ProxyError,
    TLSError,
    TransferStalledError,
    TruncatedError,
)

# X509_V_ERR_* of OpenSSL's x509_vfy.h: certificate not yet valid, expired, host name mismatch, IP mismatch.
_CERTIFICATE_INVALID = frozenset({9, 10, 62, 64})
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
# A record that is no TLS record: the other side speaks plain HTTP (ssl.SSLError.reason).
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"})


def cause(error: Exception, *, host: str) -> FetchError:
    """Return the coded error that an exception of the HTTP engine stands for.

    Args:
        error: what the engine raised.
        host: the host that was to be reached, for the message.
    """
    for inner in _chain(error):
        found = _of_system(inner, host)
        if found is not None:
            return found
    return _of_engine(error, host)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the causes of an exception, the innermost first."""
    seen: list[BaseException] = []
    inner: BaseException | None = error
    while inner is not None and inner not in seen:
        seen.append(inner)
        inner = inner.__cause__ or inner.__context__
    yield from reversed(seen)


def _of_system(error: BaseException, host: str) -> FetchError | None:
    if isinstance(error, ssl.SSLError):
        return _of_tls(error, host)
    if isinstance(error, socket.gaierror):
        said = error.strerror or str(error)
        return NameNotResolvedError(
            f"the name {host} does not resolve", evidence=[("host", host), ("resolver", said)]
        )
    if isinstance(error, ConnectionRefusedError):
        return PeerRefusedError(f"{host} refuses the connection", evidence=[("host", host)])
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return ConnectionCutError(f"{host} cut the connection", evidence=[("host", host), ("system", str(error))])
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return NetworkUnreachableError(
            f"there is no route to {host}", evidence=[("host", host), ("system", str(error))]
        )
    return None


def _of_tls(error: ssl.SSLError, host: str) -> FetchError | None:
    seen = [("host", host), ("tls", getattr(error, "verify_message", "") or error.reason or str(error))]
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _CERTIFICATE_INVALID:
            return TLSError(f"the certificate of {host} is not valid", code="SS122", evidence=seen)
        return TLSError(f"the certificate of {host} is not signed by a trusted CA", code="SS121", evidence=seen)
    if error.reason in _NOT_TLS:
        return TLSError(f"{host} does not speak TLS on this port", code="SS123", evidence=seen)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ConnectionCutError(f"{host} cut the connection in the TLS layer", evidence=seen)
    return None


def _of_engine(error: Exception, host: str) -> FetchError:
    seen = [("host", host), ("engine", str(error) or type(error).__name__)]
    if isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return ConnectTimeoutError(f"{host} did not accept a connection in time", evidence=seen)
    if isinstance(error, httpx2.TimeoutException):
        return TransferStalledError(f"{host} stopped sending", evidence=seen)
    if isinstance(error, httpx2.ProxyError):
        code = "SS112" if str(error).startswith("407") else "SS111"
        return ProxyError(f"the proxy did not connect to {host}", code=code, evidence=seen)
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return ProxyError(f"the address of {host}, or of a proxy, is not usable", evidence=seen)
    if isinstance(error, httpx2.RemoteProtocolError):
        return _of_protocol(error, host, seen)
    return ConnectionCutError(f"the connection to {host} failed", evidence=seen)


def _of_protocol(error: Exception, host: str, seen: list[tuple[str, str]]) -> FetchError:
    said = str(error).lower()
    if "without sending complete message body" in said or "incomplete chunked read" in said:
        return TruncatedError(f"{host} closed the connection before the end of the file", evidence=seen)
    if "disconnected" in said or "without sending" in said:
        return ConnectionCutError(f"{host} closed the connection without an answer", evidence=seen)
    return ProtocolError(f"{host} does not answer as HTTP asks", evidence=seen)
