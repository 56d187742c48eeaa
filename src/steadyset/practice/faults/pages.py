"""What stands in place of a file: a sign-in page, a quota notice, a Git LFS pointer."""


def portal_page() -> bytes:
    """Return the sign-in page of an imaginary guest network."""
    return b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Guest Wi-Fi: sign in</title></head>
<body><h1>Welcome to the guest network</h1>
<p>To use the internet from here, accept the terms of use.</p>
<form method="post" action="http://portal.example/login"><button>Accept and connect</button></form>
</body></html>
"""


def quota_page() -> bytes:
    """Return the page of an imaginary file host whose download limit is used up."""
    return b"""<!DOCTYPE html>
<html><head><title>Drive: quota exceeded</title></head>
<body><p>Sorry, this file cannot be viewed or downloaded at the moment.</p>
<p>Too many people have opened or fetched it lately. Its download quota is used up;
access may come back within 24 hours.</p>
</body></html>
"""


def lfs_pointer(sha256: str, size: int) -> bytes:
    """Return a Git LFS pointer.

    Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
