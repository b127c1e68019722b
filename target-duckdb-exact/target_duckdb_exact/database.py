"""The DuckDB file: opened once, written to in whole transactions."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from target_duckdb_exact.errors import WriteError, is_locked, kept_open, needs_memory, unavailable, unwritable
from target_duckdb_exact.kinds import literal
from target_duckdb_exact.leftovers import clear, folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_duckdb_exact.batch import Batch

Result = TypeVar("Result")
GROUP_ROWS = 2_048
"""Rows of a row group. DuckDB writes full ones once, into the file, and what does not fill one twice: into the
write-ahead log, and into the file at a checkpoint. Its own row groups have 122,880 rows, more than a transaction."""
FILLED_ROWS = 1_400
"""A last row group with fewer rows would be merged with its neighbours, so written again, at the next checkpoint."""
CHECKPOINT = "512MB"
"""So much may wait in the write-ahead log: each checkpoint rewrites the table's last, half-filled row group."""
LIMITS = ("12MB", "20MB", "64MB", "256MB", "1GB")
"""What DuckDB may use, one after the other when a transaction needs more; at last its own default."""
MEMORY = ":memory:"
ALIAS = "_target_duckdb_exact"
"""What the file is called within the connection: as no schema is, or DuckDB could not tell the two apart."""
READER_SECONDS = 60.0
"""So long a file that was released is waited for, while somebody reads it."""
AGAIN_SECONDS = 0.1
UNFIT = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)


class Database:
    """A connection that is the file's only writer. A `shared` file that somebody reads is waited for."""

    def __init__(self, path: str, memory_limit: str | None = None, *, shared: bool = False) -> None:
        self.path = path
        growing = (None,) if path == MEMORY else (*LIMITS, None)  # in memory, the limit is for the tables themselves
        self._limits: list[str | None] = [memory_limit] if memory_limit else [*growing]
        self._limit = self._limits.pop(0)
        self._open: Any = None
        try:
            if not shared:
                self._open = self._opened()
            with self.transaction() as connection:  # a file that may only be read says so now, not after the first rows
                connection.execute("CREATE TABLE _target_probe (i INTEGER)")
                connection.execute("DROP TABLE _target_probe")
        except (duckdb.Error, OSError) as error:
            raise unavailable(path, error) from error

    def _opened(self) -> Any:
        path = self.path
        file = path if path == MEMORY else str(_made(Path(path).expanduser()))
        connection = duckdb.connect(path if path == MEMORY else f"{MEMORY}{file}")  # one instance a file in a process
        if path != MEMORY:
            connection.execute("SET temp_directory = ?", [f"{file}.tmp"])
        connection.execute(f"ATTACH IF NOT EXISTS {literal(file)} AS {ALIAS} (ROW_GROUP_SIZE {GROUP_ROWS})")
        connection.execute(f"USE {ALIAS}")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET threads = 1")
        if self._limit:
            connection.execute("SET memory_limit = ?", [self._limit])
        connection.execute(f"SET checkpoint_threshold = '{CHECKPOINT}'")
        return connection

    @property
    def connection(self) -> Any:
        """The open file; one that was released, or is shared, is opened as soon as nobody reads it.

        Raises:
            UnavailableError: Somebody has had it for a minute.
        """
        end = time.monotonic() + READER_SECONDS
        while self._open is None:
            try:
                self._open = self._opened()
            except (duckdb.Error, OSError) as error:
                if not is_locked(error):
                    raise unavailable(self.path, error) from error
                if time.monotonic() > end:
                    raise kept_open(self.path, error) from error
            if self._open is None:
                time.sleep(AGAIN_SECONDS)
        return self._open

    def release(self) -> None:
        """Lets others read the file until there is something to write."""
        if self.path != MEMORY and self._open is not None:
            with self.told():
                self._open.close()
            self._open = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        """All of it or nothing."""
        connection = self.connection
        connection.execute("BEGIN")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """DuckDB's errors, and the disk's, as one sentence."""
        try:
            yield
        except (duckdb.Error, OSError) as error:
            raise unwritable(self.path, error) from error

    def run(self, work: Callable[[Any], Result]) -> Result:
        """One transaction; what DuckDB had no memory for is done again with more of it."""
        with self.told():
            while True:
                try:
                    with self.transaction() as connection:
                        return work(connection)
                except duckdb.Error as error:
                    if not (needs_memory(error) and self._limits):
                        raise
                self._limit = self._limits.pop(0)
                self._forget()

    def _forget(self) -> None:
        """Closes the file as a kill would: the next transaction opens it as the last commit left it.

        A commit that finds no memory is not undone as a whole: rows that it would have deleted can stay marked in
        DuckDB's memory, so that the next transaction meets a conflict with nobody. The file has no such marks.
        """
        connection, self._open = self._open, None
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # what is in memory must not get into the file
        connection.close()

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
        if self._open is not None:
            with contextlib.suppress(duckdb.Error):
                self._open.close()


def filled(rows: int) -> bool:
    """Whether so many rows fill row groups well enough to be written."""
    return rows > GROUP_ROWS and rows % GROUP_ROWS >= FILLED_ROWS


def _made(path: Path) -> Path:
    """The file, made whole if it is new: DuckDB makes it empty first, and takes an empty one for no database.

    So a kill in that moment would end every later run. Linking fails if another process was faster.
    """
    prefix = f".{path.name}-making-"
    clear(path.parent, prefix)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with folder(path.parent, prefix) as made:
            fresh = made / "new"
            duckdb.connect(str(fresh)).close()
            with contextlib.suppress(OSError):  # the other's file is as good; without links DuckDB makes its own
                path.hardlink_to(fresh)
    return path
