"""Text, JSON and folders of our own with their checksums, so that damage is seen."""

import hashlib
import json
import zlib
from pathlib import Path

from landscape.jobs.command import InputError, one_line, whole

DAMAGED = "damaged: its checksum is another; delete it to have it made again"
SUMS = "SHA256SUMS"  # as sha256sum writes it: `sha256sum -c` reads it too


def crc(content):
    """The CRC-32 of bytes, in eight hex digits."""
    return f"{zlib.crc32(content):08x}"


# Text


def seal(text):
    """The text in UTF-8, a space and its checksum in eight hex digits, as bytes."""
    content = text.encode()
    return content + f" {crc(content)}".encode()


def unseal(content):
    """The text of what `seal` gave. Raises ValueError where that was damaged or cut short."""
    if content[-9:] != f" {crc(content[:-9])}".encode():
        raise ValueError(DAMAGED)
    return content[:-9].decode()


# Pages


def write_page(text, path):
    """Write Markdown, with its checksum in a comment at its end, which no reader of it shows."""
    with whole(path) as beside:
        beside.write_text(f"{text}\n{comment(text)}\n", encoding="utf-8")


def read_page(path):
    """What `write_page` was given. Raises InputError where the page is missing or damaged."""
    try:
        text, _, last = Path(path).read_text(encoding="utf-8").removesuffix("\n").rpartition("\n")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({one_line(error)})")
    if last != comment(text):
        raise InputError(f"{path}: {DAMAGED}")
    return text


def comment(text):
    return f"<!-- checksum {crc(text.encode())} -->"


# JSON


def write_json(facts, path):
    """Write a dict as JSON, with the checksum of all else under `checksum`."""
    with whole(path) as beside:
        text = json.dumps(facts | {"checksum": of_json(facts)}, indent=2)
        beside.write_text(text + "\n", encoding="utf-8")


def read_json(path, *keys):
    """The dict of a JSON file, which must have these keys.

    Raises InputError where it is none, or damaged.
    """
    try:
        facts = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file")
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read as JSON ({error}); delete it to have it made again"
        )
    if not isinstance(facts, dict):
        raise InputError(
            f"{path}: holds a {type(facts).__name__}, expected names and values; delete it to have "
            "it made again"
        )
    if facts.pop("checksum", None) != of_json(facts):
        raise InputError(f"{path}: {DAMAGED}")
    for key in keys:
        if key not in facts:
            raise InputError(f"{path}: no {key!r} in it; delete it to have it made again")
    return facts


def of_json(facts):
    return crc(json.dumps(facts, sort_keys=True).encode())


# Folders that transformers reads: its files have no place for a checksum


def write_sums(folder, weights=True):
    """Write the checksums of a folder's files beside them.

    weights: whether of safetensors files too; those that `tensor_files.write` made have their own.
    """
    lines = [
        f"{digest(file)}  {file.name}\n"
        for file in sorted(Path(folder).glob("[!.]*"))
        if file.is_file() and file.name != SUMS and (weights or file.suffix != ".safetensors")
    ]
    with whole(Path(folder) / SUMS) as beside:
        beside.write_text("".join(lines), encoding="utf-8")


def check_sums(folder, weights=True):
    """Raise InputError where a folder has checksums and a file is not as they say.

    weights: whether safetensors files are looked at too, which takes a second for each GB.
    """
    path = Path(folder) / SUMS
    if not path.is_file():
        return
    for line in path.read_bytes().splitlines():
        written, _, name = line.decode(errors="replace").partition("  ")
        file = Path(folder) / name
        if not weights and file.suffix == ".safetensors":
            continue
        if not name or not file.is_file() or digest(file) != written:
            raise InputError(
                f"{file}: not the file that {path} names: delete the folder to have it made again; "
                f"or delete {SUMS} if you changed the file yourself"
            )


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
