"""How many pages of 100 orders a sandbox serves per second on one core, with its client in another process.

    python benchmarks/serve.py [--orders 5000] [--seconds 5]

The client signs each request with a few lines of its own, keeps one connection and reads the pages without
decoding them, so that the server is what is measured. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.client
import json
import multiprocessing
import re
import time
from urllib.parse import quote, urlsplit

import tiktokshop_sandbox

PATH = "/order/202309/orders/search"
TOKEN = re.compile(rb'"next_page_token":"([^"]*)"')


def signed(secret: str, path: str, query: dict[str, str], body: bytes) -> str:
    """The path with its query and signature."""
    text = "".join(name + query[name] for name in sorted(query))
    message = secret.encode() + path.encode() + text.encode() + body + secret.encode()
    sign = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return path + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in {**query, "sign": sign}.items())


class Client:
    """One connection that asks for pages."""

    def __init__(self, base_url: str, app_key: str, app_secret: str, access_token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
        self._key, self._secret = app_key, app_secret
        self._headers = {"x-tts-access-token": access_token, "content-type": "application/json"}

    def call(self, method: str, path: str, query: dict[str, str], body: bytes = b"") -> bytes:
        """The body of an answer that must be good."""
        query = {"app_key": self._key, "timestamp": str(int(time.time())), **query}
        self._connection.request(method, signed(self._secret, path, query, body), body or None, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200 or b'"code":0' not in content[:20]:
            raise RuntimeError(content[:300])
        return content


def read(
    credentials: tuple[str, str, str, str], seconds: float, results: multiprocessing.Queue[dict[str, float]]
) -> None:
    """Read pages for some seconds, from the first again after the last."""
    client = Client(*credentials)
    shops = json.loads(client.call("GET", "/authorization/202309/shops", {}))["data"]["shops"]
    query = {"shop_cipher": shops[0]["cipher"], "page_size": "100"}
    pages, size, token = 0, 0, ""
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        content = client.call("POST", PATH, {**query, "page_token": token} if token else query, b"{}")
        found = TOKEN.search(content)
        token = found.group(1).decode() if found else ""
        pages, size = pages + 1, size + len(content)
    took = time.perf_counter() - begun
    results.put(
        {
            "pages": pages,
            "pages_per_second": round(pages / took, 1),
            "megabytes_per_second": round(size / took / 1e6, 1),
        }
    )


def main() -> None:
    """Start a sandbox here and a client over there."""
    parser = argparse.ArgumentParser(description="Pages of 100 orders per second.")
    parser.add_argument("--orders", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    with tiktokshop_sandbox.start(orders=options.orders, rps=1_000_000) as running:
        credentials = (running.api_base_url, running.app_key, running.app_secret, running.access_token)
        before = time.process_time()
        reader = context.Process(target=read, args=(credentials, options.seconds, results))
        reader.start()
        result = results.get()
        reader.join()
        busy = time.process_time() - before
    print(json.dumps({**result, "server_cpu_ms_per_page": round(busy / result["pages"] * 1000, 2)}))


if __name__ == "__main__":
    main()
