"""Places that no token pair can be kept in: one sentence that names the place, at once, and without its secrets."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import pytest
from store_places import PASSWORD, PLACES
from tiktokshop_client import FileStore, Secret, Settings, Token, errors
from tiktokshop_client.stores import seeds as store_seeds
from tiktokshop_client.tokens.refresh import store_for

TOKEN = Token(Secret("canary-access"), Secret("canary-refresh"))


def opened(address):
    return store_for(Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": str(address)}))


def used(store):
    """What a refresh does with a store."""
    store.read()
    with store.locked():
        store.check_writable()
        store.write(TOKEN)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("redis://h/0?foo=bar", "not a Redis URL"),
        ("redis://h/0?db=x", "not a Redis URL"),
        ("redis://h/0?name=a&socket_timeout=x", "not a Redis URL"),
        ("redis://:%CA@h/0", "percent signs"),
        ("redis://h/%00", "percent signs"),
        ("redis://h/0\0", "copy it again"),
        ("postgresql://h/d?foo=bar", "not a PostgreSQL URL"),
        ("postgresql://h/%CA", "percent signs"),
        ("postgresql://h/d%00", "percent signs"),
        ("postgresql://h:x/d", "not a URL that can be read"),
        ("postgresql://[h/d", "not a URL that can be read"),
        ("s3://bucket/folder?foo=bar", "an option that s3:// does not have"),
        ("s3://bucket/folder#part", "an option that s3:// does not have"),
        ("s3://bucket/%CA", "percent signs"),
        ("s3://bucket/a%00b", "percent signs"),
        ("s3://bucket", "needs a bucket and a folder"),
        ("tokens\0.json", "copy it again"),
        ("env:A\0B", "copy it again"),
        ("command:echo\0", "copy it again"),
        ("file:///tmp/tokens.json", "a kind of store that is not known"),
        ("REDIS://h/0", "a kind of store that is not known"),
    ],
)
def test_an_odd_address_is_refused_before_anything_is_asked(address, words):
    with pytest.raises(errors.ConfigurationError, match=words) as caught:
        opened(address)
    assert "%" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.skipif(os.name != "posix", reason="no such files elsewhere")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link to a pipe", "no place", "too long", "a loop"])
def test_what_is_no_file_is_told_at_once(tmp_path, kind):
    path = tmp_path / "tokens.json"
    if "pipe" in kind:
        os.mkfifo(tmp_path / "pipe")
    {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "device": lambda: path.symlink_to("/dev/zero"),
        "link to a pipe": lambda: path.symlink_to(tmp_path / "pipe"),
        "a loop": lambda: path.symlink_to(path),
    }.get(kind, lambda: None)()
    if kind == "no place":
        path = "/proc/tokens.json"
    if kind == "too long":
        path = tmp_path / ("x" * 300)
    began = time.monotonic()
    with pytest.raises(errors.ConfigurationError, match=r"cannot be (read|written)") as caught:
        used(opened(path))
    assert time.monotonic() - began < 2
    assert "another process" not in str(caught.value)
    assert str(path) in str(caught.value) or kind in {"device", "link to a pipe"}


@pytest.mark.parametrize("path", ["/proc/self/status", "/proc/self/tokens.json", "/dev/null", "/dev/full"])
@pytest.mark.skipif(sys.platform != "linux", reason="no such files elsewhere")
def test_a_file_of_the_system_blames_nobody_else(path):
    began = time.monotonic()
    with pytest.raises(errors.ConfigurationError, match=path.replace("self", r"\w+")) as caught:
        used(opened(path))
    assert time.monotonic() - began < 2
    assert "another process" not in str(caught.value)


def test_a_file_that_is_far_too_large_is_none_of_ours(tmp_path):
    path = tmp_path / "tokens.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    path.chmod(0o600)
    with pytest.raises(errors.ConfigurationError, match="does not hold a token pair"):
        FileStore(path).read()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be two users")
@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_file_of_another_user_is_not_used(mode):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "tokens.json"
        FileStore(path).write(TOKEN)
        path.chmod(mode)
        os.seteuid(65534)
        try:
            with pytest.raises(errors.ConfigurationError, match=r"belongs to another user \(number 0\)"):
                FileStore(path).read()
        finally:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be two users")
def test_what_root_refreshes_for_a_user_stays_that_users(tmp_path):
    path = tmp_path / "tokens.json"
    FileStore(path).write(TOKEN)
    os.chown(path, 1234, 1234)
    used(FileStore(path))
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (1234, 1234, 0o600)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can mount")
def test_a_file_that_is_mounted_alone_is_refused_before_anything_is_spent(tmp_path):
    inside, outside = tmp_path / "tokens.json", tmp_path / "outside.json"
    FileStore(outside).write(TOKEN)
    inside.write_text("")
    if subprocess.run(["mount", "--bind", outside, inside], check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        store = FileStore(inside)
        assert store.read() == TOKEN
        with store.locked(), pytest.raises(errors.ConfigurationError, match="mount the folder that it is in"):
            store.check_writable()
    finally:
        subprocess.run(["umount", inside], check=True)
    assert FileStore(outside).read() == TOKEN
    assert not list(tmp_path.glob("*.tmp"))


def test_what_a_killed_process_left_behind_is_cleared(tmp_path):
    path = tmp_path / "tokens.json"
    FileStore(path).write(TOKEN)
    (tmp_path / "tokens.json.0123abcd.tmp").write_bytes(b"half")
    (tmp_path / "other.json.0123abcd.tmp").write_bytes(b"not ours")
    used(FileStore(path))
    assert {entry.name for entry in tmp_path.iterdir()} == {
        "tokens.json",
        "tokens.json.lock",
        "other.json.0123abcd.tmp",
    }


@pytest.mark.parametrize(("kind", "right"), [("redis", "+get +set +del"), ("redis", "+get +eval +evalsha +pexpire")])
def test_redis_rights_that_are_not_enough_are_told_before(
    kind, right, request, tmp_path, monkeypatch, platform, settings
):
    import redis
    from tiktokshop_client import Client

    place = PLACES[kind](request, tmp_path, monkeypatch)
    store_for(settings(token_store=place.address)).write(TOKEN)
    with redis.Redis.from_url(place.address) as server:
        server.execute_command("ACL", "SETUSER", "weak", "reset", "on", f">{PASSWORD}", "~tiktokshop:*", *right.split())
    bare = settings(token_store=place.forbidden, access_token=None, refresh_token=None)
    with Client(bare) as client, pytest.raises(errors.ConfigurationError, match="may read and write the keys"):
        client.refresh()
    assert platform.requests == []


@pytest.mark.parametrize(
    "right", ["SELECT", "SELECT, INSERT, DELETE", "SELECT, INSERT, UPDATE", "SELECT, UPDATE, DELETE"]
)
def test_postgresql_rights_that_are_not_enough_are_told_before(
    right, request, tmp_path, monkeypatch, platform, settings
):
    import psycopg
    from tiktokshop_client import Client

    place = PLACES["postgresql"](request, tmp_path, monkeypatch)
    store_for(settings(token_store=place.address)).write(TOKEN)
    with psycopg.connect(place.address, autocommit=True) as server:
        server.execute(f"GRANT {right} ON tiktokshop_tokens TO weak")
    bare = settings(token_store=place.forbidden, access_token=None, refresh_token=None)
    with Client(bare) as client, pytest.raises(errors.ConfigurationError, match="may read and write the table"):
        client.refresh()
    assert platform.requests == []
    with psycopg.connect(place.address, autocommit=True) as server:
        server.execute("DROP OWNED BY weak")


def test_a_store_that_cannot_be_written_is_told_at_the_start_of_a_run(platform, client, settings, tmp_path, caplog):
    path = tmp_path / "store" / "tokens.json"
    FileStore(path).write(TOKEN)
    platform.on("/authorization/202309/shops", platform.ok({"shops": [{"id": "1", "cipher": "c"}]}))
    bare = {"access_token": None, "refresh_token": None, "token_store": str(path)}
    client(FileStore(path), **bare).shops()
    assert caplog.text == ""
    monkey = pytest.MonkeyPatch()
    monkey.setenv("TIKTOKSHOP_TOKEN_KEY", "not-a-key")
    client(FileStore(path), **bare).shops()
    monkey.undo()
    assert (
        "the access token is still valid, but could not be refreshed: TIKTOKSHOP_TOKEN_KEY is not a key" in caplog.text
    )
    caplog.clear()
    monkey.setenv("SHOP_TOKEN", path.read_text())
    client(opened("env:SHOP_TOKEN"), **bare).shops()
    monkey.undo()
    assert caplog.text == "", "a store that is only read is no surprise"


SHELL = pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
COMMANDS = {
    "prints without end": ("yes canary", "prints more than 131 kB"),
    "prints without end and in one line": ("cat /dev/zero", "prints more than 131 kB"),
    "never ends": ("sleep 60", r"does not end within 0\.3 seconds"),
    "prints a token and never ends": ("sh -c 'echo canary; exec sleep 60'", r"does not end within 0\.3 seconds"),
    "closes its output and never ends": ("sh -c 'exec >&-; exec sleep 60'", r"does not end within 0\.3 seconds"),
    "drips": ("sh -c 'while echo canary; do sleep 0.05; done'", r"does not end within 0\.3 seconds"),
    "leaves one behind that holds its output": ("sh -c 'sleep 2 & echo canary'", r"its output within 0\.3 seconds"),
    "prints bytes that are no text": (r"printf canary\\377\\376", "gives no token"),
    "prints a file of another kind": ("cat " + sys.executable, "prints more than 131 kB|gives no token"),
    "prints two tokens": ("echo canary canary", "gives no token"),
    "prints what is half an object": ("echo '{canary'", "does not hold a token pair"),
    "complains without end": ("sh -c 'yes canary | head -c 1000000 >&2; exit 3'", "ends with exit code 3"),
}


@SHELL
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_command_that_does_not_print_a_token_and_end_is_told_soon_and_in_one_sentence(kind, monkeypatch):
    monkeypatch.setattr(store_seeds, "COMMAND_TIMEOUT", 0.3 if "seconds" in COMMANDS[kind][1] else 20.0)
    command, words = COMMANDS[kind]
    began = time.monotonic()
    with pytest.raises(errors.ConfigurationError, match=words) as caught:
        opened(f"command:{command}").read()
    assert time.monotonic() - began < 10
    assert "canary" not in f"{caught.value}".partition(" cannot be read: ")[2]
    assert "\n" not in str(caught.value)
    assert caught.value.__context__ is None


@SHELL
def test_a_command_that_prints_without_end_takes_up_no_memory():
    store = opened(f"command:{sys.executable} -c 'while True: print(\"x\" * 100000)'")
    tracemalloc.start()
    with pytest.raises(errors.ConfigurationError, match="prints more than 131 kB"):
        store.read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
