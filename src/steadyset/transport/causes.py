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
    HTTPStatusError,
    NameNotResolvedError,
    NetworkUnreachableError,
    PeerRefusedError,
    ProtocolError,
    ProxyError,
    TLSError,
    TransferStalledError,
    TruncatedError,
)
from ..findings.redaction import redact_url

# X509_V_ERR_* of OpenSSL's x509_vfy.h: certificate not yet valid, expired, host name mismatch, IP mismatch.
_CERTIFICATE_INVALID = frozenset({9, 10, 62, 64})
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
# A record that is no TLS record: the other side speaks plain HTTP (ssl.SSLError.reason).
_NOT_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "UNKNOWN_PROTOCOL",
        "UNSUPPORTED_PROTOCOL",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
    }
)
_UNREACHED = NameNotResolvedError | NetworkUnreachableError | PeerRefusedError | ConnectTimeoutError


def cause(error: Exception, *, host: str, proxy: str | None = None, handled: BaseException | None = None) -> FetchError:
    """Return the coded error that an exception of the HTTP engine stands for.

    Args:
        error: what the engine raised.
        host: the host that was to be reached, for the message.
        proxy: host and port of the proxy that was being connected to instead, if one was.
        handled: the exception that our caller was handling all the while; it is no cause.
    """
    found = _cause(error, proxy or host, handled)
    if proxy and isinstance(found, _UNREACHED):
        return ProxyError(
            f"the proxy {proxy} cannot be reached: {found.message}",
            evidence=[("proxy", proxy), *((e.label, e.value) for e in found.evidence)],
        )
    return found


def _cause(error: Exception, host: str, handled: BaseException | None) -> FetchError:
    for inner in _chain(error, handled):
        found = _of_system(inner, host)
        if found is not None:
            return found
    return _of_engine(error, host)


def _chain(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    """Yield the causes of an exception, the innermost first."""
    seen: list[BaseException] = []
    inner: BaseException | None = error
    while inner is not None and inner is not handled and inner not in seen:
        seen.append(inner)
        # The context too: httpcore raises some errors "from None", which hides the cause they had.
        inner = inner.__cause__ or inner.__context__
    yield from reversed(seen)


def _of_system(error: BaseException, host: str) -> FetchError | None:
    seen = [("host", host), ("system", str(error))]
    if isinstance(error, ssl.SSLError):
        return _of_tls(error, host)
    if isinstance(error, socket.gaierror):
        said = error.strerror or str(error)
        return NameNotResolvedError(f"the name {host} does not resolve", evidence=[("host", host), ("resolver", said)])
    if isinstance(error, UnicodeError):  # a label that the resolver's encoding does not take
        return NameNotResolvedError(f"{host} is not a name that can be resolved", evidence=seen)
    if isinstance(error, ConnectionRefusedError):
        return PeerRefusedError(f"{host} refuses the connection", evidence=[("host", host)])
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return ConnectionCutError(f"{host} cut the connection", evidence=seen)
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return NetworkUnreachableError(f"there is no route to {host}", evidence=seen)
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
    said = redact_url(str(error)) or type(error).__name__
    seen = [("host", host), ("engine", said)]
    if isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return ConnectTimeoutError(f"{host} did not accept a connection in time", evidence=seen)
    if isinstance(error, httpx2.TimeoutException):
        return TransferStalledError(f"{host} stopped sending", evidence=seen)
    if isinstance(error, httpx2.ProxyError):
        return _of_proxy(said, host, seen)
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL | httpx2.LocalProtocolError | ValueError):
        return HTTPStatusError(f"the address of {host} is not usable", code="SS132", evidence=seen)
    if isinstance(error, httpx2.RemoteProtocolError):
        return _of_protocol(said.lower(), host, seen)
    return ConnectionCutError(f"the connection to {host} failed", evidence=seen)


def _of_proxy(said: str, host: str, seen: list[tuple[str, str]]) -> FetchError:
    if said.startswith("407"):
        return ProxyError("the proxy wants credentials", code="SS112", evidence=seen)
    if said.startswith("5"):  # RFC 9110, section 15.6: the proxy is in order, its way to the host is not
        return HTTPStatusError(f"the proxy cannot connect to {host}", code="SS134", evidence=seen)
    return ProxyError(f"the proxy does not connect to {host}", evidence=seen)


def _of_protocol(said: str, host: str, seen: list[tuple[str, str]]) -> FetchError:
    if "without sending complete message body" in said or "incomplete chunked read" in said:
        return TruncatedError(f"{host} closed the connection before the end of the file", evidence=seen)
    if "disconnected" in said or "without sending" in said:
        return ConnectionCutError(f"{host} closed the connection without an answer", evidence=seen)
    return ProtocolError(f"{host} does not answer as HTTP asks", evidence=seen)
