"""The command `serve` as a process, and deliveries to a port."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys

from deliveries import KEY, SECRET, event, signature


def deliver(port: int, body: bytes | None = None, signed: str | None = None) -> int:
    """The status of a delivery over a connection of its own."""
    body = event() if body is None else body
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        headers = {"Authorization": signature(body) if signed is None else signed}
        connection.request("POST", "/webhooks", body, headers)
        return connection.getresponse().status


@contextlib.contextmanager
def process(folder, *more, **options):
    """The command `serve`, and its address."""
    environment = {**os.environ, "TIKTOKSHOP_APP_KEY": KEY, "TIKTOKSHOP_APP_SECRET": SECRET}
    command = [sys.executable, "-m", "tiktokshop_webhooks", "serve", "--port", "0", "--json", *more]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, env=environment, **streams, **options) as running:
        try:
            yield running, int(json.loads(_object(running.stdout))["url"].rsplit(":")[-1].split("/")[0])
        finally:
            running.kill()


def _object(stream) -> bytes:
    text = b""
    while not text.rstrip().endswith(b"}"):
        line = stream.readline()
        assert line, "the receiver has ended"
        text += line
    return text
