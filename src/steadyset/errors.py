"""Every error steadyset raises, and the warnings it gives.

Each carries a ``code`` of the catalogue, the ``evidence`` that was measured and the ``remedies`` that
help; each also is the standard error people already catch, and survives pickling::

    SteadysetError
    ├── FetchError (ConnectionError)            the bytes could not be had
    │   ├── NameNotResolvedError                SS101
    │   ├── NetworkUnreachableError             SS102
    │   ├── PeerRefusedError                    SS103 (ConnectionRefusedError)
    │   ├── ConnectTimeoutError                 SS104 (TimeoutError)
    │   ├── ConnectionCutError                  SS105 (ConnectionResetError)
    │   ├── TransferStalledError                SS106 (TimeoutError)
    │   ├── TruncatedError                      SS107
    │   ├── NotStoredError                      SS108 (FileNotFoundError)
    │   ├── TimeLimitError                      SS109 (TimeoutError)
    │   ├── ProxyError                          SS111, SS112, SS113
    │   ├── TLSError                            SS121, SS122, SS123, SS124
    │   ├── HTTPStatusError                     SS131, SS132, SS133, SS134, SS139, SS141
    │   ├── NotTheFileError                     SS135
    │   ├── NoSourceError                       SS137, and every cause in ``.failures``
    │   └── ProtocolError                       SS138
    ├── DataError (ValueError)                  the bytes are not what they should be
    │   ├── DamagedError                        SS201, SS202
    │   ├── DigestError                         SS203
    │   ├── FormatError                         SS204, SS205, SS214
    │   └── ContractError                       SS501
    ├── StoreError (OSError)                    the store cannot be used
    │   ├── StorePermissionError                SS206 (PermissionError)
    │   ├── DiskFullError                       SS208
    │   ├── StorePathError                      SS212 (NotADirectoryError)
    │   └── StoreVersionError                   SS213
    ├── ManifestError (ValueError)              SS503
    ├── UsageError (ValueError)                 the call is wrong
    │   ├── UnknownDatasetError                 SS441 (LookupError)
    │   ├── MirrorError                         SS442
    │   ├── PathArgumentError                   SS406
    │   └── ArgumentError                       SS443
    └── InternalError (RuntimeError)            SS901

    SteadysetWarning (UserWarning)              it worked, and something is worth knowing
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from .findings.records import Evidence, Remedy

__all__ = [
    "ArgumentError",
    "ConnectTimeoutError",
    "ConnectionCutError",
    "ContractError",
    "DamagedError",
    "DataError",
    "DigestError",
    "DiskFullError",
    "FetchError",
    "FormatError",
    "HTTPStatusError",
    "InternalError",
    "ManifestError",
    "MirrorError",
    "NameNotResolvedError",
    "NetworkUnreachableError",
    "NoSourceError",
    "NotStoredError",
    "NotTheFileError",
    "PathArgumentError",
    "PeerRefusedError",
    "ProtocolError",
    "ProxyError",
    "SteadysetError",
    "SteadysetWarning",
    "StoreError",
    "StorePathError",
    "StorePermissionError",
    "StoreVersionError",
    "TLSError",
    "TimeLimitError",
    "TransferStalledError",
    "TruncatedError",
    "UnknownDatasetError",
    "UsageError",
]


class SteadysetWarning(UserWarning):
    """Something worth knowing that did not stop the work; the message begins with its code."""


class SteadysetError(Exception):
    """The root of all errors of steadyset.

    ``str(error)`` says what happened, what was seen and what to do, in that order.

    Args:
        message: what happened, in one sentence and the user's nouns.
        code: the code, where the class stands for several.
        evidence: measured facts, labelled.
        remedies: what helps; left out, the catalogue's remedies for the code.
    """

    default_code: ClassVar[str] = "SS901"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        evidence: Iterable[tuple[str, str]] = (),
        remedies: Iterable[Remedy] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.evidence = tuple(Evidence(label, str(value)) for label, value in evidence)
        self._remedies = None if remedies is None else tuple(remedies)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What to do, the smallest remedy first."""
        if self._remedies is not None:
            return self._remedies
        from .findings.catalogue import entries

        try:
            found = entries().get(self.code)
        except OSError:  # too many open files, perhaps: the message must come through all the same
            return ()
        return found.remedies if found else ()

    def __str__(self) -> str:
        from .findings.lines import error_lines

        return "\n".join(error_lines(self.code, self.message, self.evidence, self.remedies))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, self.__dict__ | {"__notes__": []})


def _restore(kind: type[SteadysetError], message: str, state: dict[str, Any]) -> SteadysetError:
    error = kind(message)
    state.pop("__notes__", None)
    error.__dict__.update(state)
    return error


class FetchError(SteadysetError, ConnectionError):
    """The bytes could not be had from where they were looked for.

    ``attempts`` is the record of every try: source, time, bytes, status and what the other side said.
    """

    default_code = "SS105"
    attempts: tuple[Any, ...] = ()


class NameNotResolvedError(FetchError):
    """SS101: the host name does not resolve."""

    default_code = "SS101"


class NetworkUnreachableError(FetchError):
    """SS102: there is no route to the network."""

    default_code = "SS102"


class PeerRefusedError(FetchError, ConnectionRefusedError):
    """SS103: nothing listens on that port."""

    default_code = "SS103"


class ConnectTimeoutError(FetchError, TimeoutError):
    """SS104: no connection within the limit."""

    default_code = "SS104"


class ConnectionCutError(FetchError, ConnectionResetError):
    """SS105: the connection was cut during the handshake or the transfer."""

    default_code = "SS105"


class TransferStalledError(FetchError, TimeoutError):
    """SS106: the transfer stopped making progress."""

    default_code = "SS106"


class TruncatedError(FetchError):
    """SS107: fewer bytes arrived than were announced."""

    default_code = "SS107"


class NotStoredError(FetchError, FileNotFoundError):
    """SS108: no copy is on this machine and contacting anybody was ruled out."""

    default_code = "SS108"


class TimeLimitError(FetchError, TimeoutError):
    """SS109: the time allowed for the whole download ran out."""

    default_code = "SS109"


class ProxyError(FetchError):
    """SS111, SS112, SS113: a proxy stands in the way."""

    default_code = "SS111"


class TLSError(FetchError):
    """SS121 to SS124: no trusted TLS connection could be made."""

    default_code = "SS121"


class HTTPStatusError(FetchError):
    """SS131 to SS134, SS139, SS141: a status that is no success, or a redirect that is not followed."""

    default_code = "SS134"


class NotTheFileError(FetchError):
    """SS135: the body is a web page, a quota notice or a Git LFS pointer, not the file."""

    default_code = "SS135"


class ProtocolError(FetchError):
    """SS138: the answer breaks the rules of HTTP."""

    default_code = "SS138"


class NoSourceError(FetchError):
    """SS137: every source was tried and none delivered, for more than one reason.

    ``failures`` is an ``ExceptionGroup`` with one error per source.
    """

    default_code = "SS137"
    failures: ExceptionGroup[SteadysetError] | None = None


class DataError(SteadysetError, ValueError):
    """The bytes are not what they should be."""

    default_code = "SS201"


class DamagedError(DataError):
    """SS201, SS202: the structure of the file is broken, or the file ends too early."""

    default_code = "SS201"


class DigestError(DataError):
    """SS203: the digest is not the recorded one."""

    default_code = "SS203"


class FormatError(DataError):
    """SS204, SS205, SS214: the file is something else than expected, or is not safe to open."""

    default_code = "SS204"


class ContractError(DataError):
    """SS501: the arrays are not the dataset's."""

    default_code = "SS501"


class StoreError(SteadysetError, OSError):
    """The store cannot be used."""

    default_code = "SS206"


class StorePermissionError(StoreError, PermissionError):
    """SS206: the store, or a file asked for, cannot be read or written."""

    default_code = "SS206"


class DiskFullError(StoreError):
    """SS208: no space or quota is left."""

    default_code = "SS208"


class StorePathError(StoreError, NotADirectoryError):
    """SS212: the place of the store is not a directory."""

    default_code = "SS212"


class StoreVersionError(StoreError):
    """SS213: the store was written by a newer steadyset."""

    default_code = "SS213"


class ManifestError(SteadysetError, ValueError):
    """SS503: a manifest is malformed; the message has its file and line."""

    default_code = "SS503"


class UsageError(SteadysetError, ValueError):
    """The call is wrong; nothing was done."""

    default_code = "SS443"


class UnknownDatasetError(UsageError, LookupError):
    """SS441: there is no dataset of that name."""

    default_code = "SS441"


class MirrorError(UsageError):
    """SS442: a mirror is neither a URL nor a directory."""

    default_code = "SS442"


class PathArgumentError(UsageError):
    """SS406: ``path=`` holds a directory; it names a file inside the cache."""

    default_code = "SS406"


class ArgumentError(UsageError):
    """SS443: an argument has a value that is not accepted."""

    default_code = "SS443"


class InternalError(SteadysetError, RuntimeError):
    """SS901: our own bug."""

    default_code = "SS901"
