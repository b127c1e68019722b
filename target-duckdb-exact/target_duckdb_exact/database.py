"""The DuckDB file: opened once, written to in whole transactions."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from target_duckdb_exact.errors import WriteError, needs_memory, unavailable, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_duckdb_exact.batch import Batch

Result = TypeVar("Result")
CHECKPOINT = "512MB"
"""So much may wait in the write-ahead log: each checkpoint rewrites the table's last, half-filled row group."""
LIMITS = ("64MB", "256MB", "1GB")
"""What DuckDB may use, one after the other when a transaction needs more; at last its own default."""
UNFIT = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)


class Database:
    """A connection that is the file's only writer."""

    def __init__(self, path: str, memory_limit: str | None = None) -> None:
        self.path = path
        self._limits: list[str | None] = [memory_limit] if memory_limit else [*LIMITS, None]
        try:
            self.connection = duckdb.connect(path if path == ":memory:" else str(_made(Path(path).expanduser())))
            self.connection.execute("SET TimeZone = 'UTC'")
            self.connection.execute("SET threads = 1")
            self.connection.execute("SET memory_limit = ?", [self._limits.pop(0)])
            self.connection.execute(f"SET checkpoint_threshold = '{CHECKPOINT}'")
            with self.transaction():  # a file that may only be read says so now, not after the first rows
                self.connection.execute("CREATE TABLE _target_probe (i INTEGER)")
                self.connection.execute("DROP TABLE _target_probe")
        except (duckdb.Error, OSError) as error:
            raise unavailable(path, error) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        """All of it or nothing."""
        self.connection.execute("BEGIN")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self.connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """DuckDB's errors, and the disk's, as one sentence."""
        try:
            yield
        except (duckdb.Error, OSError) as error:
            raise unwritable(self.path, error) from error

    def run(self, work: Callable[[Any], Result]) -> Result:
        """One transaction; what DuckDB had no memory for was undone, and is done again with more of it."""
        with self.told():
            while True:
                try:
                    with self.transaction() as connection:
                        return work(connection)
                except duckdb.Error as error:
                    if not (needs_memory(error) and self._limits):
                        raise
                limit = self._limits.pop(0)
                self.connection.execute(
                    "SET memory_limit = ?" if limit else "RESET memory_limit", [limit] * bool(limit)
                )

    def write(self, batches: list[Batch], then: Callable[[Any], None] | None = None) -> None:
        """All batches in one transaction; if a value in them does not fit, once more without it."""

        def work(connection: Any) -> None:
            for batch in batches:
                batch.write(connection)
            if then:
                then(connection)

        def careful(connection: Any) -> None:
            for batch in batches:
                batch.check(connection)
            work(connection)

        try:
            self.run(work)
        except WriteError as error:
            if not isinstance(error.__cause__, UNFIT):
                raise
            self.run(careful)

    def close(self) -> None:
        """Closes the file, after moving into it what is in the write-ahead log."""
        with contextlib.suppress(duckdb.Error):
            self.connection.close()


def _made(path: Path) -> Path:
    """The file, made whole if it is new: DuckDB makes it empty first, and takes an empty one for no database.

    So a kill in that moment would end every later run. Linking fails if another process was faster.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
            fresh = Path(folder) / "new"
            duckdb.connect(str(fresh)).close()
            with contextlib.suppress(OSError):  # the other's file is as good; without links DuckDB makes its own
                path.hardlink_to(fresh)
    return path
