"""What is wrong, in records: findings, remedies, the catalogue of codes, reports and how they are shown."""

from .records import Confidence, Evidence, Finding, Level, Location, Remedy, Safety

__all__ = ["Confidence", "Evidence", "Finding", "Level", "Location", "Remedy", "Safety"]
