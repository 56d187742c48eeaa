"""Bytes in motion: one fetch engine that resumes, checks while it streams and changes its source."""
