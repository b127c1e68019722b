"""A Singer source in a few lines: tables of a DuckDB file are streams, with a STATE after every 100 rows.

python duckdb_source.py warehouse.duckdb [TABLE ...]
"""

import json
import sys

import duckdb

STATE_EVERY = 100


def main():
    database = duckdb.connect(sys.argv[1], read_only=True)
    total = 0
    for stream in sys.argv[2:] or ("inventory", "prices", "tracking"):
        cursor = database.execute(f"select * from {stream}")
        names = [column[0] for column in cursor.description]
        write({"type": "SCHEMA", "stream": stream, "schema": {"properties": {}}, "key_properties": []})
        for row in cursor.fetchall():
            record = {name: value for name, value in zip(names, row, strict=True) if value is not None}
            write({"type": "RECORD", "stream": stream, "record": record})
            total += 1
            if total % STATE_EVERY == 0:
                write({"type": "STATE", "value": {"n": total}})
    write({"type": "STATE", "value": {"n": total}})


def write(message):
    sys.stdout.write(json.dumps(message, default=str) + "\n")


main()
