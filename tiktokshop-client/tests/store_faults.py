"""What can be wrong with each place of a token store, done to the real thing: each a context in which it is so."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store_places import Place


def _mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextlib.contextmanager
def small_disk(place: Place) -> Iterator[bool]:
    """Puts the folder on a disk of its own, with what is in it; whether that can be had."""
    folder = Path(place.address).parent
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    if not _mount(folder, "size=512k,mode=700"):
        yield False
        return
    try:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        yield True
        left = {path.name for path in folder.iterdir()} - {"ballast"}
        assert left <= {*kept, "tokens.json.lock"}, left
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def filled(place: Place) -> Iterator[None]:
    """Leaves no byte on the small disk."""
    ballast = Path(place.address).with_name("ballast")
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def full_disk(place: Place) -> Iterator[None]:
    """A full disk; for who may not mount one, a limit on what the process may write to a file."""
    with small_disk(place) as mounted:
        if mounted:
            with filled(place):
                yield
            return
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextlib.contextmanager
def no_folder(place: Place) -> Iterator[None]:
    """Something else where the folder was, so that nothing can be put there, not even by root."""
    folder = Path(place.address).parent
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.write_text("in the way")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


@contextlib.contextmanager
def _redis(place: Place, on: tuple[str, ...], off: tuple[str, ...]) -> Iterator[None]:
    import redis

    with redis.Redis.from_url(place.address) as server:
        server.execute_command(*on)
        try:
            yield
        finally:
            server.execute_command(*off)


def redis_full(place: Place) -> contextlib.AbstractContextManager[None]:
    return _redis(place, ("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"))


def redis_replica(place: Place) -> contextlib.AbstractContextManager[None]:
    """As after a failover: the server is a replica of another one."""
    return _redis(place, ("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"))


@contextlib.contextmanager
def _postgresql(place: Place, on: str, off: str) -> Iterator[None]:
    import psycopg

    with psycopg.connect(place.address, autocommit=True) as server:
        server.execute("SET default_transaction_read_only = off")
        server.execute(on)
        try:
            yield
        finally:
            server.execute(off)


def postgresql_full(place: Place) -> contextlib.AbstractContextManager[None]:
    """A disk that has no room: the server says so in the error that a full one gives."""
    return _postgresql(
        place,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; "
        "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON tiktokshop_tokens EXECUTE FUNCTION full_disk()",
        "DROP FUNCTION full_disk() CASCADE",
    )


def postgresql_standby(place: Place) -> contextlib.AbstractContextManager[None]:
    """As after a failover: the server only lets read."""
    return _postgresql(
        place,
        "ALTER DATABASE postgres SET default_transaction_read_only = on",
        "ALTER DATABASE postgres RESET default_transaction_read_only",
    )


def denied(place: Place) -> contextlib.AbstractContextManager[None]:
    return place.deny()


FULL = {"file": full_disk, "redis": redis_full, "postgresql": postgresql_full, "s3": denied}
READ_ONLY = {"file": no_folder, "redis": redis_replica, "postgresql": postgresql_standby, "s3": denied}
