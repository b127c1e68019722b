import io
import json

import duckdb
import pytest
from target_duckdb_exact.target import TargetDuckDB


@pytest.fixture
def load(tmp_path, capsys):
    """Loads messages, each a dict or a text, and gives back what the tables hold."""

    class Loaded:
        path = tmp_path / "test.duckdb"

        def __call__(self, *messages, **config):
            lines = (line if isinstance(line, str | bytes) else json.dumps(line) for line in messages)
            text = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
            self.target = TargetDuckDB(config={"path": str(self.path), **config})
            try:
                self.target.listen(io.BytesIO(text))
            finally:
                self.target.database.close()
            self.states = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            return self

        def rows(self, sql):
            with duckdb.connect(str(self.path), read_only=True) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                return connection.execute(sql).fetchall()

        def types(self, table="s"):
            found = self.rows(f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{table}'")
            return {name: kind for name, kind in found if not name.startswith("_sdc_")}

    return Loaded()
