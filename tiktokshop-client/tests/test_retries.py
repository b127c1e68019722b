"""What is tried again, when, and what is not."""

from __future__ import annotations

import socket
import threading
from email.utils import formatdate

import backoff
import pytest
from tiktokshop_client import errors, operations, sign
from tiktokshop_client.errors import RateError, TransientError, UnreachableError
from tiktokshop_client.http.retries import Retries, http_date, retry_after

ORDERS = "/order/202309/orders/search"
INVENTORY = "/product/202309/products/1/inventory/update"
SHIP = "/fulfillment/202309/packages/1/ship"
NOW = 1_700_000_000


@pytest.fixture
def longest_waits(monkeypatch):
    """The jitter at its longest, so that waits can be told in advance."""
    monkeypatch.setattr(backoff, "full_jitter", lambda value: value)


def waits_of(retries: Retries, error: errors.TikTokShopError) -> list[float]:
    waits = []
    while (wait := retries.next_wait(error)) is not None:
        waits.append(wait)
        retries.wait(wait)
    return waits


@pytest.mark.usefixtures("longest_waits")
def test_waits_double_from_one_second_to_a_minute(clock):
    waits = waits_of(Retries(10, clock, threading.Event()), TransientError("x"))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_jitter_is_full(clock):
    firsts = [Retries(5, clock, threading.Event()).next_wait(TransientError("x")) for _ in range(300)]
    assert all(0 <= wait <= 1 for wait in firsts)
    assert min(firsts) < 0.2
    assert max(firsts) > 0.8


@pytest.mark.usefixtures("longest_waits")
def test_tries_are_counted_in_all(clock):
    assert waits_of(Retries(5, clock, threading.Event()), TransientError("x")) == [1, 2, 4, 8]
    assert waits_of(Retries(1, clock, threading.Event()), TransientError("x")) == []


@pytest.mark.usefixtures("longest_waits")
def test_a_total_deadline_ends_the_tries_before_their_number_does(clock):
    retries = Retries(10, clock, threading.Event())
    clock.now += 290
    assert waits_of(retries, TransientError("x")) == [1, 2, 4]


@pytest.mark.usefixtures("longest_waits")
def test_an_unreachable_host_is_given_up_within_45_seconds(clock):
    retries = Retries(10, clock, threading.Event())
    assert sum(waits_of(retries, UnreachableError("x"))) <= 45


@pytest.mark.usefixtures("longest_waits")
def test_retry_after_is_waited_out_when_it_is_longer(clock):
    retries = Retries(5, clock, threading.Event())
    assert retries.next_wait(RateError("x", retry_after=30)) == 30
    assert retries.next_wait(RateError("x", retry_after=0.5)) == 2
    assert retries.next_wait(RateError("x", retry_after=3600)) is None, "no point in asking before that"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("12", 12),
        (" 7 ", 7),
        ("soon", None),
        ("-3", None),
        ("99999999", 99_999_999),
        ("9" * 400, 1e18),
        ("9" * 5000, 1e18),
        ("Mon, 01 Jan 99999999999999 00:00:00 GMT", None),
        (formatdate(NOW + 90, usegmt=True), 90),
        (formatdate(NOW - 90, usegmt=True), 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after(header, NOW) == seconds


def test_a_date_without_a_zone_is_utc():
    assert http_date("Tue, 14 Nov 2023 22:13:20 -0000") == NOW
    assert http_date("yesterday") is None


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 01 Jan 99999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999",
        "Mon, 99 Jan 2024 99:99:99 GMT",
        "9" * 5000,
        ",",
        "\xff",
    ],
)
def test_an_odd_date_is_none(text):
    assert http_date(text) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 503, "body": b"<html>busy</html>"},
        {"status": 200, "body": b"<html>login</html>"},
        {"status": 200, "body": b'{"code":0,"data":{"orders":[{"id":"1"'},
        {"status": 200, "body": b""},
        {"status": 200, "body": b'{"data":{"orders":[]}}'},
        {"status": 200, "body": b'{"code":0,"data":[]}'},
        {"status": 200, "body": b'{"code":true,"data":{}}'},
        {"status": 200, "body": b'{"code":"' + b"1" * 5000 + b'","data":{}}'},
        {"status": 200, "body": b'{"code":' + b"1" * 350 + b',"data":{}}'},
        {"status": 200, "body": b'{"code":0.0,"data":{}}'},
        {"status": 200, "body": b'[{"code":0}]'},
        {"status": 400, "body": b'{"code":0,"data":{}}'},
        {"status": 500, "body": b'{"code":0,"data":{}}'},
        {"status": 200, "body": b'{"code":36009003,"message":"internal error"}'},
        {"status": 403, "body": b"<html>blocked</html>"},
        {"status": 404, "body": b"<html>not here</html>"},
        {"fault": "reset"},
        {"body": b'{"code":0,"data":{"orders":[]}}', "fault": "cut"},
        {"body": b"\xff\xfe"},
        {"body": b"[" * 100_000},
    ],
    ids=lambda answer: f"{answer.get('status')} {answer.get('body', b'')[:30]!r} {answer.get('fault', '')}",
)
def test_what_tends_to_pass_is_tried_again_and_never_taken_for_success(platform, client, shop, answer):
    platform.on(ORDERS, platform.say(**answer), platform.ok({"orders": [{"id": "1"}]}))
    assert client().call(operations.SEARCH_ORDERS, shop=shop).data == {"orders": [{"id": "1"}]}
    assert len(platform.requests) == 2


def test_a_repeated_request_is_stamped_and_signed_anew(platform, client, shop, clock):
    def later(seen):
        clock.now += 100
        return platform.say(502)

    platform.on(ORDERS, later, platform.ok({}))
    client().call(operations.SEARCH_ORDERS, shop=shop)
    first, second = platform.requests
    assert int(second.query["timestamp"]) - int(first.query["timestamp"]) >= 100
    assert second.query["sign"] == sign("app-secret-0123456789", ORDERS, second.query, second.body)
    assert first.query["sign"] != second.query["sign"]


def test_five_tries_are_all(platform, client, shop, clock):
    platform.on(ORDERS, platform.no(36009003, "internal error", 500))
    with pytest.raises(errors.TransientError) as caught:
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert len(platform.requests) == 5
    assert str(caught.value) == (
        "search_orders for shop 7495 (Tea & Co): the platform had an internal error; try again later "
        "(code 36009003, request_id R-NO)"
    )


def test_a_refusal_for_good_is_not_tried_again(platform, client, shop):
    platform.on(ORDERS, platform.no(11007009, "not a supported scenario"))
    with pytest.raises(errors.BusinessError):
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert len(platform.requests) == 1


def test_a_rate_refusal_waits_as_told_and_slows_the_budget_down(platform, client, shop, clock):
    platform.on(ORDERS, platform.no(36009002, "Too many requests", 429, {"Retry-After": "9"}), platform.ok({}))
    one = client()
    one.call(operations.SEARCH_ORDERS, shop=shop)
    assert clock.now - NOW >= 9
    assert one._caller._limits.budget("68xu9ks5p4i8", "7495", "order").rate == pytest.approx(25, rel=0.1)


def test_a_rate_refusal_with_http_200_counts_too(platform, client, shop):
    platform.on(ORDERS, platform.no(36009002, "Too many requests", 200), platform.ok({}))
    client().call(operations.SEARCH_ORDERS, shop=shop)
    assert len(platform.requests) == 2


@pytest.mark.parametrize("fault", [{"fault": "reset"}, {"status": 500}, {"body": b'{"code":0', "fault": "cut"}])
def test_a_write_that_may_have_happened_is_not_repeated(platform, client, shop, fault):
    platform.on(SHIP, platform.say(**fault), platform.ok({}))
    with pytest.raises(errors.TransientError) as caught:
        client().call(operations.SHIP_PACKAGE, shop=shop, path={"package_id": "1"}, body={})
    assert len(platform.requests) == 1
    assert caught.value.unclear
    assert "it is not known whether it was carried out" in str(caught.value)


def test_a_write_whose_repeat_is_harmless_is_repeated(platform, client, shop):
    platform.on(INVENTORY, platform.say(fault="reset"), platform.ok({}))
    client().call(operations.UPDATE_INVENTORY, shop=shop, path={"product_id": "1"}, body={"skus": []})
    assert [seen.body for seen in platform.requests] == [b'{"skus":[]}'] * 2


def test_a_write_that_the_gateway_refused_is_repeated(platform, client, shop):
    platform.on(
        SHIP,
        platform.no(36009002, "Too many requests", 429),
        platform.no(105002, "expired", 401),
        platform.ok({}),
    )
    platform.on("/api/v2/token/refresh", platform.pair("1"))
    client().call(operations.SHIP_PACKAGE, shop=shop, path={"package_id": "1"}, body={})
    assert len(platform.asked(SHIP)) == 3


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_an_unreachable_host_is_named_in_one_sentence(client, shop, clock):
    host = f"127.0.0.1:{_closed_port()}"
    address = f"http://{host}"
    with pytest.raises(errors.UnreachableError) as caught:
        client(api_base_url=address).call(operations.SHIP_PACKAGE, shop=shop, path={"package_id": "1"})
    assert str(caught.value) == (
        f"ship_package for shop 7495 (Tea & Co): {host} cannot be reached: check the network, the proxy settings "
        "and the base URL"
    )
    assert caught.value.reach == "run"
    assert not caught.value.unclear
    assert len([wait for wait in clock.waits if wait > 0]) >= 4, "nothing was sent, so even a write is tried again"


def test_a_silent_host_is_given_up(shop, client):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        one = client(api_base_url=address, request_timeout_seconds=0.05, max_tries=2)
        with pytest.raises(errors.TransientError, match=r"127\.0\.0\.1:\d+ did not answer in time") as caught:
            one.call(operations.SEARCH_ORDERS, shop=shop)
        assert caught.value.unclear


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(platform, client, shop, status):
    platform.on(ORDERS, platform.say(status, headers={"Location": f"{platform.url}/elsewhere"}))
    with pytest.raises(errors.ConfigurationError, match="a redirect, which is not followed: check the base URL"):
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert [seen.path for seen in platform.requests] == [ORDERS]


def test_a_plain_404_means_a_wrong_address(client, shop, platform):
    with pytest.raises(errors.ConfigurationError, match="HTTP 404: check the base URL"):
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert len(platform.requests) == 1


@pytest.mark.parametrize("body", [b"404 page not found", b"", b'{"detail":"Not Found"}'])
def test_a_404_of_a_host_that_has_answered_before_is_about_that_path_and_no_other(client, shop, platform, body):
    platform.on(ORDERS, platform.ok({}))
    platform.on(operations.SEARCH_PACKAGES.path, platform.say(404, body))
    one = client()
    one.call(operations.SEARCH_ORDERS, shop=shop)
    with pytest.raises(errors.BugError, match="does not know the path /fulfillment/") as caught:
        one.call(operations.SEARCH_PACKAGES, shop=shop)
    assert (caught.value.reach, caught.value.http_status, len(platform.requests)) == ("stream", 404, 2)


@pytest.mark.parametrize("status", [404, 302])
def test_a_write_that_such_a_host_does_not_take_now_is_not_refused_for_good(client, shop, platform, status):
    """A gateway in between may say so for a minute; the rows would be rejected, and not fed again."""
    platform.on(ORDERS, platform.ok({}))
    platform.on("/product/202309/products", platform.say(status, b"404 page not found"))
    one = client()
    one.call(operations.SEARCH_ORDERS, shop=shop)
    with pytest.raises(errors.ConfigurationError) as caught:
        one.call(operations.CREATE_PRODUCT, shop=shop, body={"title": "Mug"})
    assert (caught.value.reach, len(platform.requests)) == ("run", 2)


def test_a_redirect_of_a_host_that_has_answered_before_is_tried_again(client, shop, platform):
    away = platform.say(302, headers={"Location": f"{platform.url}/elsewhere"})
    platform.on(ORDERS, platform.ok({}), away, platform.ok({}), away)
    one = client(max_tries=2)
    answers = [one.call(operations.SEARCH_ORDERS, shop=shop) for _ in range(2)]
    assert [answer.data for answer in answers] == [{}, {}]
    with pytest.raises(errors.TransientError, match="sent a redirect, which is not followed") as caught:
        one.call(operations.SEARCH_ORDERS, shop=shop)
    assert (caught.value.reach, len(platform.requests)) == ("stream", 5)


def test_a_wrong_clock_is_corrected_by_the_platforms_date(platform, client, shop, clock, caplog):
    refused = platform.no(
        36009004,
        "'timestamp' is earlier than 5 minutes",
        400,
        {"Date": formatdate(NOW + 1000, usegmt=True)},
    )
    platform.on(ORDERS, refused, platform.ok({}), platform.ok({}))
    one = client()
    one.call(operations.SEARCH_ORDERS, shop=shop)
    one.call(operations.SEARCH_ORDERS, shop=shop)
    assert [int(seen.query["timestamp"]) - NOW for seen in platform.requests] == [0, 1000, 1000]
    assert [record.getMessage() for record in caplog.records] == [
        "this machine's clock is -1000 s from the platform's; requests are stamped with the platform's time",
    ]


def test_a_clock_that_cannot_be_corrected_is_told_with_its_distance(platform, client, shop):
    date = {"Date": formatdate(NOW + 1000, usegmt=True)}
    platform.on(ORDERS, platform.no(36009004, "'timestamp' is earlier than 5 minutes", 400, date))
    with pytest.raises(errors.ClockError, match=r"clock is -1000 s from the platform's: set it right") as caught:
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert len(platform.requests) == 2
    assert caught.value.reach == "run"


def test_without_a_date_a_fresh_stamp_is_tried_once(platform, client, shop):
    platform.on(ORDERS, platform.no(36009004, "'timestamp' is earlier than 5 minutes", 400))
    with pytest.raises(errors.ClockError, match="set this machine's clock right"):
        client().call(operations.SEARCH_ORDERS, shop=shop)
    assert len(platform.requests) == 2


def test_each_try_is_one_line_in_the_log(platform, client, shop, caplog):
    platform.on(ORDERS, platform.no(36009003, "internal error", 500), platform.ok({}))
    client().call(operations.SEARCH_ORDERS, shop=shop)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("search_orders for shop 7495 (Tea & Co): the platform had an internal error")
    assert "(code 36009003, request_id R-NO); try 2 of 5 in " in line
