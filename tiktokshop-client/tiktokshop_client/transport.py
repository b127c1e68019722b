"""HTTP: sends exactly the bytes it is given, returns whatever comes back, and keeps quiet about both."""

from __future__ import annotations

import logging
import re
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
import urllib3

from tiktokshop_client.errors import Action, ConfigurationError, TikTokShopError, TransientError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONNECT_TIMEOUT = 10.0

_QUERY = re.compile(r"\?[^\s'\"]+")


@dataclass(frozen=True)
class Reply:
    """An HTTP answer of any status.

    Attributes:
        status: The HTTP status.
        headers: The headers, whose names are found in any case.
        body: The whole body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class _HideQueries(logging.Filter):
    """Takes the query out of the URLs that urllib3 logs at DEBUG: the token host's query holds secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _QUERY.sub("?***", record.getMessage())
        record.args = None
        return True


_hide_queries = _HideQueries()
for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_hide_queries)


class Transport:
    """One pooled ``requests`` session for each thread.

    Redirects are not followed, because the token would travel with them. TLS certificates are always verified; no
    setting reaches that switch. Proxies and extra certificate authorities come from the environment as usual.
    """

    def __init__(self, *, timeout: float, user_agent: str) -> None:
        self._timeout = (min(CONNECT_TIMEOUT, timeout), timeout)
        self._user_agent = user_agent
        self._local = threading.local()
        self._sessions: WeakSet[requests.Session] = WeakSet()  # a thread that ends takes its session along
        self._lock = threading.Lock()

    def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Sends one request and reads its whole answer.

        Args:
            method: The HTTP method.
            url: The complete URL; its query is sent byte for byte as it is here.
            headers: Headers beyond those every request has.
            body: The body's bytes, None for no body.

        Raises:
            UnreachableError: No connection came about, so nothing was sent.
            ConfigurationError: The host's certificate is not valid.
            TransientError: The connection broke, or the answer did not come in time or whole; ``unclear``.
        """
        failure = None
        try:
            return self._send(method, url, headers, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = _explain(error, urlsplit(url).hostname or "")
        # Outside of the handler, so that no exception that knows the URL is chained to ours.
        raise failure

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
        self._local = threading.local()

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        session = self._session()
        request = requests.Request(
            method,
            url,
            headers={"user-agent": self._user_agent, "accept-encoding": "gzip, deflate", **headers},
            data=body,
        ).prepare()  # not the session's prepare_request, which would let ~/.netrc in
        request.url = url
        environment = self._environment(session, url)
        # The body is taken in one piece: `response.content` would collect it in small ones, three times as slowly.
        with session.send(request, timeout=self._timeout, allow_redirects=False, **environment) as response:
            return Reply(response.status_code, response.headers, response.raw.read(decode_content=True))

    def _environment(self, session: requests.Session, url: str) -> Mapping[str, Any]:
        """Proxies and certificates for a host, as the environment had them when the thread first asked."""
        known: dict[str, Mapping[str, Any]] = self._local.__dict__.setdefault("environments", {})
        host = urlsplit(url).netloc
        if host not in known:
            known[host] = session.merge_environment_settings(url, {}, stream=True, verify=True, cert=None)
        return known[host]

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            with self._lock:
                self._sessions.add(session)
        return session


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything it was made from, as far as requests and urllib3 keep it."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        cause = pending.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            pending += [getattr(cause, "reason", None), cause.__cause__, cause.__context__, *cause.args]


def _explain(error: Exception, host: str) -> TikTokShopError:
    """Our error for one of the library's, without any of its text: that holds the URL."""
    causes = list(_causes(error))

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if any_is(ssl.SSLCertVerificationError):
        return ConfigurationError(f"the certificate of {host} is not valid: check the base URL and the proxy")
    if any_is(urllib3.exceptions.ProxyError):
        return UnreachableError(
            f"{host} cannot be reached through the proxy: check the proxy settings", action=Action.RETRY
        )
    if any_is(urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
        return UnreachableError(
            f"{host} cannot be reached: check the network, the proxy settings and the base URL",
            action=Action.RETRY,
        )
    what = "did not answer in time" if any_is(requests.Timeout, TimeoutError) else "broke the connection"
    return TransientError(f"{host} {what}", action=Action.RETRY, unclear=True)
