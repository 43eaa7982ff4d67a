"""What made a result: hashes of the files behind it and versions of the software."""

import hashlib
from importlib.metadata import version

PACKAGES = ("torch", "transformers", "accelerate", "numpy", "safetensors")


def fingerprint(path):
    """The first 16 hex digits of a file's SHA-256."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def of(files, **settings):
    """Provenance of a result: {role: fingerprint} of `files`, settings and package versions."""
    return {
        "files": {role: fingerprint(path) for role, path in files.items() if path},
        "settings": settings,
        "versions": {package: version(package) for package in PACKAGES},
    }
