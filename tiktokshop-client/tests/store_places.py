"""The places a token store can be in, each for real: Debian's servers and a local S3, started on demand."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "canary-store-password"
"""Must be seen nowhere."""


@dataclass
class Place:
    """Where a test keeps its tokens.

    `address` goes into `token_store`; `forbidden` addresses the same place without the right to write; `raw` returns
    all bytes that lie there; `gone` addresses a place where nothing listens; `loosen` lets others in, where that is
    possible.
    """

    kind: str
    address: str
    forbidden: str
    raw: Callable[[], bytes]
    gone: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    deny: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
    loosen: Callable[[], None] | None = None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        assert process.poll() is None, f"{process.args} ended at once"
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


@contextlib.contextmanager
def serving(command: list[Any], port: int, **more: Any) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    try:
        wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed: apt-get install redis-server")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    settings = ["--port", str(port), "--save", "", "--requirepass", PASSWORD, "--dir", str(folder)]
    with serving([program, *settings], port):
        yield port


@contextlib.contextmanager
def postgresql_server(folder: Path) -> Iterator[int]:
    """Debian's PostgreSQL with its data in this folder, or in one of its own for root; yields the port."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    programs, port = found[-1].parent, free_port()
    more: dict[str, Any] = {}
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        more = {"user": "postgres", "cwd": "/"}
        folder = Path(tempfile.mkdtemp(prefix="tiktokshop-postgresql-", dir="/tmp"))
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    words = folder / "words"
    words.write_text(PASSWORD)
    words.chmod(0o644)
    init = [programs / "initdb", "-D", folder / "data", "-U", "owner", "-A", "scram-sha-256", f"--pwfile={words}", "-N"]
    subprocess.run(init, check=True, capture_output=True, **more)
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    with serving([programs / "postgres", "-D", folder / "data", "-p", str(port), *settings], port, **more):
        ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(ready, check=False).returncode:
            time.sleep(0.05)
        yield port
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_port(tmp_path_factory):
    with postgresql_server(tmp_path_factory.mktemp("postgresql")) as port:
        yield port


@pytest.fixture(scope="session")
def s3_url():
    port = free_port()
    with serving([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port):
        yield f"http://127.0.0.1:{port}"


def file_place(request, tmp_path, monkeypatch) -> Place:
    path = tmp_path / "store" / "tokens.json"
    return Place(
        "file",
        str(path),
        str(tmp_path / "loose" / "tokens.json"),
        lambda: path.read_bytes() if path.exists() else b"",
        loosen=lambda: path.chmod(0o666),
    )


def redis_place(request, tmp_path, monkeypatch) -> Place:
    import redis

    port = request.getfixturevalue("redis_port")
    address = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    server = redis.Redis.from_url(address)
    server.flushall()
    server.execute_command("ACL", "SETUSER", "weak", "reset", "on", f">{PASSWORD}", "~tiktokshop:*", "+get")
    request.addfinalizer(server.close)
    return Place(
        "redis",
        address,
        f"redis://weak:{PASSWORD}@127.0.0.1:{port}/0",
        lambda: b"".join(server.get(key) or b"" for key in server.keys("tiktokshop:*")),
        gone=f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/0",
    )


def postgresql_place(request, tmp_path, monkeypatch) -> Place:
    import psycopg

    port = request.getfixturevalue("postgresql_port")
    address = f"postgresql://owner:{PASSWORD}@127.0.0.1:{port}/postgres"

    def ask(*statements: str) -> Any:
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else None

    ask(
        "DROP TABLE IF EXISTS tiktokshop_tokens",
        "DROP ROLE IF EXISTS weak",
        f"CREATE ROLE weak LOGIN PASSWORD '{PASSWORD}'",
    )

    def raw() -> bytes:
        there = ask("SELECT to_regclass('tiktokshop_tokens') IS NOT NULL")[0][0]
        return b"".join(bytes(row[0]) for row in ask("SELECT content FROM tiktokshop_tokens")) if there else b""

    return Place(
        "postgresql",
        address,
        f"postgresql://weak:{PASSWORD}@127.0.0.1:{port}/postgres",
        raw,
        gone=f"postgresql://owner:{PASSWORD}@127.0.0.1:{free_port()}/postgres",
        loosen=lambda: ask("GRANT SELECT ON tiktokshop_tokens TO PUBLIC"),
    )


@functools.cache
def descriptions_once() -> Callable[[Any, str], Any]:
    """How botocore loads the descriptions of its services, a third of a second a client, but each file once."""
    from botocore.loaders import JSONFileLoader

    load = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))
    return lambda _, path: load(path)


def s3_place(request, tmp_path, monkeypatch) -> Place:
    import s3fs

    monkeypatch.setattr("botocore.loaders.JSONFileLoader.load_file", descriptions_once())
    url = request.getfixturevalue("s3_url")
    requests.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
    environment = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": PASSWORD,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    files = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
    files.mkdir("shop")

    @contextlib.contextmanager
    def deny() -> Iterator[None]:
        requests.post(f"{url}/moto-api/reset-auth", data=b"0", timeout=10)
        try:
            yield
        finally:
            requests.post(f"{url}/moto-api/reset-auth", data=b"inf", timeout=10)

    return Place(
        "s3",
        "s3://shop/tokens/seller-a",
        "s3://shop/tokens/seller-a",
        lambda: b"".join(files.cat_file(path) for path in files.find("shop")),
        gone="s3://there-is-no-such-bucket/tokens",
        environment=environment,
        deny=deny,
    )


PLACES = {"file": file_place, "redis": redis_place, "postgresql": postgresql_place, "s3": s3_place}
