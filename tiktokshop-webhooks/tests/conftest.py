"""Inboxes of both kinds, the receiver's application, and a server of it."""

from __future__ import annotations

import contextlib
import threading

import pytest
from deliveries import KEY, SECRET, emptied
from store_places import postgresql_port  # noqa: F401 - one server for all files
from tiktokshop_client.server import BoundedServer, bound
from tiktokshop_webhooks.app import create_app
from tiktokshop_webhooks.inbox import open_inbox

KINDS = ("sqlite", "postgresql")


@pytest.fixture(params=KINDS)
def address(request, tmp_path):
    """Where an inbox may be made, in each kind of place."""
    if request.param == "sqlite":
        return str(tmp_path / "inbox" / "inbox.sqlite")
    return emptied(request.getfixturevalue("postgresql_port"))


@pytest.fixture
def open_one():
    """Opens inboxes, and closes them at the end."""
    with contextlib.ExitStack() as opened:

        def make(address: str, **more: bool):
            inbox = open_inbox(address, **more)
            opened.callback(inbox.close)
            return inbox

        yield make


@pytest.fixture
def inbox(address, open_one):
    return open_one(address)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "inbox.sqlite"


@pytest.fixture
def app_of(file):
    """Makes applications over one inbox in a file, and closes them."""
    with contextlib.ExitStack() as made:

        def make(**config):
            app = create_app({"app_key": KEY, "app_secret": SECRET, "webhook_inbox": str(file), **config})
            made.callback(app.state.reception.close)
            return app

        yield make


@pytest.fixture
def serving(app_of):
    """Serves an application in a thread; gives its port."""

    @contextlib.contextmanager
    def serve(**config):
        ready = threading.Event()
        sock = bound("127.0.0.1", 0)
        server = BoundedServer(app_of(**config), ready.set)
        thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            yield sock.getsockname()[1]
        finally:
            server.stop()
            thread.join(20)

    return serve
