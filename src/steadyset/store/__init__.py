"""Bytes at rest: verified objects, unfinished downloads, decoded arrays, locks and quarantine."""
