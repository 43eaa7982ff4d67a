"""Text and tables with their checksums, so that damage is seen."""

import json
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

from .command import InputError, whole


def seal(text):
    """The text in UTF-8, a space and its checksum in eight hex digits, as bytes."""
    content = text.encode()
    return content + b" %08x" % zlib.crc32(content)


def unseal(content):
    """The text of what `seal` gave. Raises ValueError where that was damaged or cut short."""
    if content[-9:] != b" %08x" % zlib.crc32(content[:-9]):
        raise ValueError("damaged: its checksum is another; delete it to have it made again")
    return content[:-9].decode()


def write_table(table, key, facts, path):
    """Write an Arrow table as Parquet, whole or not at all, with facts (JSON) under a key."""
    noted = seal(json.dumps({"facts": facts, "columns": checksums(table)}))
    with whole(path) as beside:
        pq.write_table(
            table.replace_schema_metadata({key: noted}), beside, write_page_checksum=True
        )


def read_table(path, key):
    """(table, facts) of what `write_table` wrote.

    Raises InputError for another kind of file, and for one that is damaged: pages have checksums
    of their own, but their headers have none.
    """
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        noted = json.loads(unseal(table.schema.metadata[key.encode()]))
        if noted["columns"] != checksums(table):
            raise ValueError("damaged: its content is another; delete it to have it made again")
    except (OSError, ValueError, pa.ArrowException, KeyError, TypeError) as error:
        raise InputError(f"{path}: no whole file of {key} ({error})")
    return table, noted["facts"]


def checksums(table):
    """{column: checksum of its values}."""
    return {name: checksum(table[name].combine_chunks()) for name in table.column_names}


def checksum(array):
    if isinstance(array, pa.ListArray):
        return f"{checksum(array.value_lengths())} {checksum(array.flatten())}"
    values = array.to_numpy(zero_copy_only=False)
    content = repr(array.to_pylist()).encode() if values.dtype == object else values.tobytes()
    return f"{zlib.crc32(content):08x}"
