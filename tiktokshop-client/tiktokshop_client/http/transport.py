"""HTTP: sends exactly the bytes it is given, returns whatever comes back, and keeps quiet about both."""

from __future__ import annotations

import logging
import math
import re
import ssl
import threading
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
import urllib3
from requests.adapters import HTTPAdapter

from tiktokshop_client.errors import Action, ConfigurationError, TikTokShopError, TransientError, UnreachableError
from tiktokshop_client.http.bounds import PATIENCE, Allowance, AnswerError, BoundedResponse, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CONNECT_TIMEOUT = 10.0

_QUERY = re.compile(r"\?[^\s'\"]+")


@dataclass(frozen=True)
class Reply:
    """An HTTP answer of any status.

    Attributes:
        status: The HTTP status.
        headers: The headers, whose names are found in any case.
        body: The whole body, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Route:
    """A thread's connections to a host.

    ``requests`` finds the way, by the environment's proxies and certificate authorities; what is sent goes to its
    connection pool directly, because the library does as much for a request as all the rest of the client.
    """

    host: str
    pool: Any
    """A ``urllib3.HTTPConnectionPool``; the library's types know only its base."""
    absolute: bool
    """Whether requests name the host, as a proxy wants it that does not tunnel."""

    @classmethod
    def to(cls, host: str, adapter: HTTPAdapter) -> _Route:
        """The way to a host, `https://…` without a path."""
        request = requests.Request("GET", f"{host}/").prepare()  # not the session's, which would let ~/.netrc in
        with requests.Session() as session:
            environment = session.merge_environment_settings(request.url, {}, stream=True, verify=True, cert=None)
        proxies, verify = environment["proxies"], environment["verify"]
        pool: Any = adapter.get_connection_with_tls_context(request, verify, proxies=proxies)
        adapter.cert_verify(pool, request.url, verify, None)  # type: ignore[no-untyped-call]
        pool.ConnectionCls = _at_once(pool.ConnectionCls)
        return cls(host, pool, absolute=adapter.request_url(request, proxies).startswith("http"))


class _Sending(threading.local):
    """The request that a thread sends: what to do once all of it is on its way, and what its answer may take."""

    left: Callable[[], None] | None = None
    allowance: Allowance


_sending = _Sending()


class _UnsendableError(ValueError):
    """A request that HTTP cannot carry; nothing of it was sent."""


class _AtOnce:
    """A connection on which a request leaves in one piece, head and body, and which tells when it has.

    The library sends them one after the other: two packets, and twice a wait for Python's lock. What comes back, also
    from a proxy that is asked for a tunnel, is read within the request's allowance.
    """

    @staticmethod
    def response_class(*args: Any, **options: Any) -> BoundedResponse:
        return BoundedResponse(_sending.allowance, *args, **options)

    _pieces: list[bytes] | None = None
    """What the library has sent of a request so far; None between requests, as when a proxy is asked for a tunnel."""

    def request(self, *args: Any, **options: Any) -> None:
        pieces: list[bytes] = []
        self._pieces = pieces
        try:
            super().request(*args, **options)  # type: ignore[misc] # the library's, of whatever kind
        except ValueError:
            raise _UnsendableError from None  # without the library's words: they quote what cannot be sent
        finally:
            self._pieces = None
        self.send(b"".join(pieces))

    def send(self, data: bytes) -> None:
        if self._pieces is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._pieces.append(data)

    def getresponse(self) -> Any:
        if _sending.left is not None:
            _sending.left()
        return super().getresponse()  # type: ignore[misc]


@lru_cache
def _at_once(connection: type) -> type:
    """The same kind of connection, on which requests leave in one piece."""
    return type(connection.__name__, (_AtOnce, connection), {})


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
    """Pooled connections for each thread.

    Redirects are not followed, because the token would travel with them. TLS certificates are always verified; no
    setting reaches that switch. Proxies and extra certificate authorities come from the environment as usual.

    An answer may be silent for ``timeout`` seconds, and must be there as a whole ``PATIENCE`` times as many seconds
    after its request was begun; ``bounds`` says how large it may be.
    """

    def __init__(self, *, timeout: float, user_agent: str) -> None:
        self._silence = timeout
        self._timeout = urllib3.Timeout(connect=min(CONNECT_TIMEOUT, timeout), read=timeout)
        self._user_agent = user_agent
        self._local = threading.local()
        self._adapters: WeakSet[HTTPAdapter] = WeakSet()  # a thread that ends takes its connections along
        self._lock = threading.Lock()

    def allowance(self, seconds: float = math.inf, *, decoded: bool = True) -> Allowance:
        """What an answer may take from now on, see ``bounds``; a context.

        Args:
            seconds: How long it may take in all, if that is less than any may.
            decoded: Whether it will be decoded as a whole.
        """
        return Allowance(self._silence, min(PATIENCE * self._silence, seconds), decoded=decoded)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        left: Callable[[], None] | None = None,
        seconds: float = math.inf,
        allowance: Allowance | None = None,
    ) -> Reply:
        """Sends one request and reads its whole answer.

        Args:
            method: The HTTP method.
            url: The complete URL; its query is sent byte for byte as it is here.
            headers: Headers beyond those every request has.
            body: The body's bytes, None for no body.
            left: Called when all of it has been handed to the network, before the answer comes.
            seconds: How long it may take in all, if that is less than any may.
            allowance: That of its answer, from ``allowance``, if it is to be kept until the answer is decoded.

        Raises:
            UnreachableError: No connection came about, so nothing was sent.
            ConfigurationError: The host's certificate or the proxy's address is not valid, or a token or another header
                has characters that HTTP cannot carry.
            TransientError: The connection broke, or the answer did not come in time or whole, or is larger than any
                may be; ``unclear``.
        """
        failure = None
        _sending.left = left
        with nullcontext(allowance) if allowance else self.allowance(seconds) as taken:
            _sending.allowance = taken
            try:
                return self._send(method, url, headers, body, taken)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                failure = _explain(error, urlsplit(url).netloc.rpartition("@")[2])
        # Outside of the handler, so that no exception that knows the URL is chained to ours.
        raise failure

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            for adapter in self._adapters:
                adapter.close()
            self._adapters.clear()
        self._local = threading.local()

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, allowance: Allowance
    ) -> Reply:
        route = self._route(url)
        response = route.pool.urlopen(
            method,
            url if route.absolute else url[len(route.host) :],
            body=body,
            headers={"user-agent": self._user_agent, "accept-encoding": "gzip, deflate", **headers},
            decode_content=False,
            redirect=False,
            assert_same_host=False,
            retries=False,
            timeout=self._timeout,
        )
        content = unpack(response.data, response.headers.get("content-encoding", ""), allowance)
        return Reply(response.status, response.headers, content)

    def _route(self, url: str) -> _Route:
        """The way to a host, as the environment had it when the thread first asked."""
        known: dict[str, _Route] = self._local.__dict__.setdefault("routes", {})
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in known:
            known[host] = _Route.to(host, self._adapter())
        return known[host]

    def _adapter(self) -> HTTPAdapter:
        adapter: HTTPAdapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = self._local.adapter = HTTPAdapter()
            with self._lock:
                self._adapters.add(adapter)
        return adapter


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


_PERMANENT: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (_UnsendableError,),
        "the access token or the user_agent has a character that HTTP cannot carry: copy it again, or authorise again",
    ),
    (
        (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError),
        "{host} cannot be reached, because the proxy's address is not valid: check HTTPS_PROXY and HTTP_PROXY",
    ),
    ((ssl.SSLCertVerificationError,), "the certificate of {host} is not valid: check the base URL and the proxy"),
)
_UNREACHABLE: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((urllib3.exceptions.ProxyError,), "{host} cannot be reached through the proxy: check the proxy settings"),
    (
        (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError),
        "{host} cannot be reached: check the network, the proxy settings and the base URL",
    ),
)


def _explain(error: Exception, host: str) -> TikTokShopError:
    """Our error for one of the library's, without any of its text: that holds the URL."""
    causes = list(_causes(error))
    for cause in causes:
        cause.__traceback__ = None  # lets go of what the answer has brought so far, while no other may be as large

    def any_is(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    for kinds, text in _PERMANENT:
        if any_is(*kinds):
            return ConfigurationError(text.format(host=host))
    for kinds, text in _UNREACHABLE:
        if any_is(*kinds):
            return UnreachableError(text.format(host=host), action=Action.RETRY)
    what = "did not answer in time" if any_is(urllib3.exceptions.TimeoutError, TimeoutError) else "broke the connection"
    beyond = next((str(cause) for cause in causes if isinstance(cause, AnswerError)), what)
    return TransientError(f"{host} {beyond}", action=Action.RETRY, unclear=True)
