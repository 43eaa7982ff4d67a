"""Tables of our own as Parquet, with checksums of their columns and of what is noted with them.

Parquet's own checksums are of pages; their headers and the footer have none.
"""

import json

import pyarrow as pa
import pyarrow.parquet as pq
from landscape.jobs.command import InputError, one_line, whole
from landscape.jobs.sealed import DAMAGED, crc, of_json

CHECKSUM = "content_crc32"  # in the schema's metadata


def write(table, path, **facts):
    """Write an Arrow table as Parquet, whole or not at all, with facts (JSON) by their names."""
    noted = {name: json.dumps(value) for name, value in facts.items()}
    noted[CHECKSUM] = of_table(table, noted)
    with whole(path) as beside:
        pq.write_table(table.replace_schema_metadata(noted), beside, write_page_checksum=True)


def read(path, fact=None):
    """An Arrow table; with `fact`, (table, that fact), without which it is another kind of file.

    Raises InputError for what is no such file, and for one that is damaged: pages have checksums
    of their own, but their headers and the footer have none.
    """
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        written = metadata.pop(CHECKSUM, None)
        if written != of_table(table, metadata):
            raise ValueError(DAMAGED)
        return table if fact is None else (table, json.loads(metadata[fact]))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file")
    except (OSError, ValueError, pa.ArrowException, KeyError, TypeError) as error:
        what = f"no whole file of {fact}" if fact else "no whole table"
        raise InputError(f"{path}: {what} ({one_line(error)}); delete it to have it made again")


def write_frame(table, path):
    """Write a pandas table as Parquet, without its index."""
    write(pa.Table.from_pandas(table, preserve_index=False), path)


def read_frame(path):
    """A pandas table. Raises InputError as `read`."""
    return read(path).to_pandas()


def of_table(table, noted):
    """The checksum of a table's columns, by their names and types, and of its facts."""
    columns = {
        field.name: [kind(field.type), checksum(table[field.name].combine_chunks())]
        for field in table.schema
    }
    return of_json({"columns": columns, "facts": noted})


def kind(type):
    """A type's name, without that of a list's items, which Parquet gives its own."""
    return f"list of {type.value_type}" if pa.types.is_list(type) else str(type)


def checksum(array):
    if isinstance(array, pa.ListArray):
        return f"{checksum(array.value_lengths())} {checksum(array.flatten())}"
    values = array.to_numpy(zero_copy_only=False)
    content = repr(array.to_pylist()).encode() if values.dtype == object else values.tobytes()
    return crc(content)
