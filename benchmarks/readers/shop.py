"""What every reader but ours needs of the platform: where it is, and a signed request. Nothing of this project is used.

The run's facts come in the environment variable BENCHMARK, as JSON: url, app_key, app_secret, access_token, cipher,
start, end, parallel.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import time
from urllib.parse import quote

FACTS = json.loads(os.environ["BENCHMARK"])
PATH = "/order/202309/orders/search"
HEADERS = {"x-tts-access-token": FACTS["access_token"], "content-type": "application/json"}
QUERY = {"page_size": "100", "sort_field": "update_time", "sort_order": "ASC"}


def address(query: dict[str, str], body: bytes) -> str:
    """The signed address of an order search."""
    secret = FACTS["app_secret"]
    query = {**query, "app_key": FACTS["app_key"], "shop_cipher": FACTS["cipher"], "timestamp": str(int(time.time()))}
    text = secret + PATH + "".join(name + query[name] for name in sorted(query)) + body.decode() + secret
    query["sign"] = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{FACTS['url']}{PATH}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())


def windows(count: int) -> list[tuple[int, int]]:
    """The run's time range in so many equal windows."""
    start, end = FACTS["start"], FACTS["end"]
    edges = [start + (end - start) * number // count for number in range(count + 1)]
    return list(itertools.pairwise(edges))


def body_of(start: int, end: int) -> bytes:
    """The filter of a window."""
    return json.dumps({"update_time_ge": start, "update_time_lt": end}).encode()


def pages(session, start: int, end: int):
    """The pages of a window, one after the other; waits a second when the platform has had enough."""
    body, token = body_of(start, end), ""
    while True:
        query = {**QUERY, "page_token": token} if token else QUERY
        answer = session.post(address(query, body), data=body, headers=HEADERS, timeout=60)
        if answer.status_code == 429:
            time.sleep(1)
            continue
        data = answer.json()["data"]
        yield data.get("orders") or []
        token = data.get("next_page_token") or ""
        if not token:
            return
