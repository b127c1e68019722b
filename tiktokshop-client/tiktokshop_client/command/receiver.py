"""Receives the browser's redirect on a port of this machine, once."""

from __future__ import annotations

import errno
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tiktokshop_client.consent.addresses import code_of, is_ours
from tiktokshop_client.errors import AuthorisationError, ConfigurationError, TikTokShopError

if TYPE_CHECKING:
    from types import TracebackType

    from tiktokshop_client.secret import Secret

LOOPBACK = "127.0.0.1"
PATIENCE = 30 * 60.0
"""Seconds that a seller may take; a code is not good for longer either."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:34rem;padding:0 1rem}}
</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""


class Receiver:
    """Listens on this machine alone until a redirect has come. Use it as a context manager.

    Args:
        port: The port of the app's redirect address; 0 takes a free one.
        state: What the redirect must bring back. Any program on this machine, and any page in its browser, can ask
            this port for something; what does not know the state is not listened to.
    """

    def __init__(self, port: int, state: str) -> None:
        self.outcome: Secret | TikTokShopError | None = None
        self._strangers = 0
        problem = ""
        try:
            self._server = HTTPServer((LOOPBACK, port), self._handler(state))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            problem = "another program uses it" if taken else error.strerror or "it cannot be used"
        if problem:
            raise ConfigurationError(
                f"port {port} of this machine cannot receive the redirect ({problem}): choose another with --port, the "
                "one in the app's redirect address, or --paste",
            )
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Receiver:  # noqa: PYI034 - Self needs Python 3.11, and nobody derives from this
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, patience: float = PATIENCE) -> Secret:
        """The code of the first redirect that brings the state back.

        Raises:
            AuthorisationError: The redirect is not good, or none came in time.
        """
        end = time.monotonic() + patience
        self._server.timeout = 0.2  # so that Ctrl-C is heard soon
        while self.outcome is None and time.monotonic() < end:
            self._server.handle_request()
        if self.outcome is None:
            others = f" ({self._strangers} came with another login's state)" if self._strangers else ""
            raise AuthorisationError(
                f"nobody came back from the consent page within {patience / 60:.0f} minutes{others}: start again; if "
                "the browser shows an address that begins with the app's redirect address, use --paste",
            )
        if isinstance(self.outcome, TikTokShopError):
            raise self.outcome
        return self.outcome

    def _handler(self, state: str) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5.0

            def do_GET(self) -> None:
                query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
                if not query.keys() & {"code", "state", "error"} or receiver.outcome is not None:
                    self.answer(404, "Nothing here", "This port waits for the answer of a consent page.")
                    return
                if not is_ours(query, state):
                    receiver._strangers += 1
                    self.answer(400, "Not this login", "This address belongs to another login: "
                                "start again from the link that the waiting login shows.")  # fmt: skip
                    return
                try:
                    receiver.outcome = code_of(query, state)
                except TikTokShopError as error:
                    receiver.outcome = error
                    self.answer(400, "Not authorised", f"{str(error.args[0]).capitalize()}.")
                else:
                    self.answer(200, "Thank you", "The shop's answer has arrived. You can close this window.")

            def answer(self, status: int, title: str, text: str) -> None:
                page = _PAGE.format(title=title, text=text).encode()
                self.send_response_only(status)
                for name, value in (
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(page))),
                    ("Referrer-Policy", "no-referrer"),  # the address holds the code
                    ("Cache-Control", "no-store"),
                    ("Connection", "close"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                """Nothing: the address holds the code."""

        return Handler
