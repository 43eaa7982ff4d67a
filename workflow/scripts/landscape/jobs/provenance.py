"""What made a result: hashes of the files behind it and versions of the software."""

from importlib.metadata import version
from pathlib import Path

from landscape.jobs import sealed, tensor_files

PACKAGES = ("torch", "transformers", "accelerate", "numpy", "safetensors")


def fingerprint(path):
    """16 hex digits of the SHA-256 of a file; of its tensors, where it carries that."""
    written = None
    if Path(path).suffix == ".safetensors":  # read once for both, and it may be large
        written = tensor_files.checksum(path)
    return (written or sealed.digest(path))[:16]


def of(files, **settings):
    """Provenance of a result: {role: fingerprint} of `files`, settings and package versions."""
    return {
        "files": {role: fingerprint(path) for role, path in files.items() if path},
        "settings": settings,
        "versions": {package: version(package) for package in PACKAGES},
    }
