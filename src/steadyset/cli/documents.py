"""The records of datasets and of other files in the JSON document of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..loading.fetching import FetchRecord
    from ..loading.urls import UrlRecord
    from ..manifests.records import Manifest
    from ..splits import Provenance


def loaded_record(manifest: Manifest, provenance: Provenance) -> dict[str, Any]:
    """Return the record of a dataset that was loaded."""
    return {
        "name": provenance.dataset,
        "ok": True,
        "source": provenance.source,
        "recipe": provenance.recipe,
        "origin": provenance.origin,
        "verified": provenance.verified,
        "equivalent": provenance.equivalent,
        "attempts": [attempt._asdict() for attempt in provenance.attempts],
        "bytes_downloaded": provenance.bytes_downloaded,
        "seconds": round(provenance.seconds, 6),
        "arrays": {
            name: {"shape": list(spec.shape), "dtype": spec.dtype, "sha256": spec.sha256}
            for name, spec in manifest.arrays.items()
        },
    }


def fetched_record(record: FetchRecord) -> dict[str, Any]:
    """Return the record of a dataset whose files were fetched; nothing was decoded."""
    return {
        "name": record.dataset,
        "ok": True,
        "source": record.source,
        "recipe": record.recipe,
        "attempts": [attempt._asdict() for attempt in record.attempts],
        "bytes_downloaded": record.bytes_downloaded,
        "seconds": round(record.seconds, 6),
        "arrays": {},
        "paths": list(record.paths),
    }


def failed_record(name: str, error: BaseException) -> dict[str, Any]:
    """Return the record of a dataset that could not be had."""
    attempts = getattr(error, "attempts", ())
    return {
        "name": name,
        "ok": False,
        "source": "",
        "recipe": "",
        "attempts": [attempt._asdict() for attempt in attempts],
        "bytes_downloaded": sum(a.bytes for a in attempts if a.source.startswith(("http://", "https://"))),
        "seconds": round(sum(a.seconds for a in attempts), 6),
        "arrays": {},
    }


def fetched_file(record: UrlRecord) -> dict[str, Any]:
    """Return the record of a file that was fetched by its URL."""
    return {
        "url": record.url,
        "ok": True,
        "path": record.path,
        "sha256": record.sha256,
        "size": record.size,
        "source": record.source,
        "verified": record.verified,
        "attempts": [attempt._asdict() for attempt in record.attempts],
        "bytes_downloaded": record.bytes_downloaded,
        "seconds": round(record.seconds, 6),
    }


def failed_file(url: str, error: BaseException) -> dict[str, Any]:
    """Return the record of a file that could not be had."""
    from ..findings.redaction import redact_url

    attempts = getattr(error, "attempts", ())
    return {
        "url": redact_url(url),
        "ok": False,
        "path": None,
        "sha256": None,
        "size": None,
        "source": "",
        "verified": False,
        "attempts": [attempt._asdict() for attempt in attempts],
        "bytes_downloaded": sum(attempt.bytes for attempt in attempts),
        "seconds": round(sum(attempt.seconds for attempt in attempts), 6),
    }
