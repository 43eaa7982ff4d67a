"""safetensors files, read memory-mapped and written one tensor at a time, with their checksum."""

import hashlib
import json
import math
import struct
from functools import cache
from pathlib import Path

import numpy as np
from landscape.jobs.command import InputError, whole
from landscape.jobs.sealed import DAMAGED
from safetensors import SafetensorError, safe_open

CHECKSUM = "content_sha256"  # in the metadata
BLOCK = 1 << 20  # bytes hashed at a time


def opened(path, framework, verified=True):
    """A safetensors file, memory-mapped; its tensors are numpy's ("np") or torch's ("pt").

    verified: whether its checksum is compared, for which it is read once.
    Raises InputError for a file that is missing, cut short or damaged, or a checkpoint that was
    deleted.
    """
    if Path(path).is_file() and not Path(path).stat().st_size:
        raise InputError(
            f"{path}: empty, as keep_checkpoints: false leaves a checkpoint after its use; "
            "remove the file, and the same command trains that run again and all that follows it"
        )
    try:
        file = safe_open(path, framework=framework)
        if verified:
            verify(path, Path(path).stat().st_mtime_ns)
        return file
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path}: not a whole safetensors file ({error})")


def checksum(path):
    """The checksum that a file of ours carries, in hex; None for another program's.

    Raises InputError as `opened`.
    """
    with opened(path, "np") as file:
        return (file.metadata() or {}).get(CHECKSUM)


@cache
def verify(path, changed):
    """Raise ValueError where a file that `write` made is not as it was written.

    changed: its time, so that a file is read once in a process unless it changes. A file of
    another program has no checksum and passes.
    """
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        written = header.get("__metadata__", {}).pop(CHECKSUM, None)
        digest = hashlib.sha256(described(header))
        while written and (block := file.read(BLOCK)):
            digest.update(block)
    if written and digest.hexdigest() != written:
        raise ValueError(DAMAGED)


def described(header):
    """Names, types, shapes and places of a file's tensors, and its metadata, as bytes."""
    return json.dumps(header, sort_keys=True).encode()


def write(path, shapes, tensor, metadata=None):
    """Write a safetensors file of float32 with its checksum, one tensor in memory at a time.

    shapes: {name: shape}; tensor: name → array; metadata: {str: str}.
    """
    header, offset = {"__metadata__": {"format": "pt"} | (metadata or {})}, 0
    for name, shape in shapes.items():
        end = offset + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    digest = hashlib.sha256(described(header))
    later = "0" * 2 * digest.digest_size  # known when all is written
    header["__metadata__"][CHECKSUM] = later
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with whole(path) as beside, open(beside, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in shapes:
            content = np.ascontiguousarray(tensor(name), "<f4").data
            digest.update(content)
            file.write(content)
        file.seek(8 + text.index(later.encode()))
        file.write(digest.hexdigest().encode())


def write_tensors(path, tensors, metadata=None):
    """Write {name: tensor of torch} in float32, from whatever device and dtype they have."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    write(path, shapes, lambda name: tensors[name].detach().float().cpu().numpy(), metadata)
