"""The table of refusals: complete, and each with the right consequence."""

from __future__ import annotations

import platform_facts
import pytest
from tiktokshop_client import errors, operations
from tiktokshop_client.codes import operations as operation_codes
from tiktokshop_client.codes import promotions as promotion_codes
from tiktokshop_client.codes.table import CODED
from tiktokshop_client.errors import Action, Category, Context, classify, partial_errors

CONTEXT = Context.of(operations.SEARCH_ORDERS, "shop 7495 (Tea & Co)", "7495", "GB")
CODES = sorted(rule.code for rule in CODED)
OF_OPERATIONS = {
    code
    for table in (
        operation_codes.FAILURES,
        operation_codes.DONE,
        operation_codes.TOO_FAST,
        operation_codes.QUOTAS,
        operation_codes.REFUSALS,
        operation_codes.FAULTS,
        promotion_codes.FAILURES,
        promotion_codes.DONE,
        promotion_codes.TOO_FAST,
        promotion_codes.REFUSALS,
        promotion_codes.FAULTS,
    )
    for code in table
}
GENERAL = [rule for rule in CODED if rule.code not in OF_OPERATIONS]


def judge(code: int, message: str = "", status: int = 200, context: Context = CONTEXT) -> errors.TikTokShopError:
    return classify(context, status=status, code=code, message=message, request_id="R1")


def test_every_code_has_exactly_one_row_without_words():
    assert len(CODES) == len(set(CODES)) == 425


def test_every_known_code_of_the_platform_is_in_the_table():
    known = {row["code"]: row for row in platform_facts.of("errors")}
    assert {errors.SUCCESS, *(rule.code for rule in GENERAL)} == set(known)
    waits = {code for code, row in known.items() if row["retryable"].startswith("backoff")} - {36009037}
    assert {rule.code for rule in GENERAL if rule.action in {Action.RETRY, Action.SLOW_DOWN}} == waits
    refreshes = {code for code, row in known.items() if row["retryable"].startswith("refresh")}
    assert {rule.code for rule in CODED if rule.action is Action.REFRESH} == refreshes


@pytest.mark.parametrize("code", CODES)
def test_every_code_becomes_one_sentence_that_ends_in_its_code(code):
    text = str(judge(code, "platform words"))
    assert text.startswith("search_orders for shop 7495 (Tea & Co): ")
    assert text.endswith(f" (code {code}, request_id R1)")
    assert "{" not in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("message", "kind", "action"),
    [
        ("Missing credentials. The 'sign' query parameter is required.", errors.BugError, Action.STOP),
        ("The signature is missing", errors.BugError, Action.STOP),
        (
            "Invalid credentials. The 'x-tts-access-token' header is invalid",
            errors.AuthorisationError,
            Action.REFRESH,
        ),
        ("The access_token is invalid", errors.AuthorisationError, Action.REFRESH),
        ("Invalid credentials. Invalid 'app_key' query parameter.", errors.ConfigurationError, Action.STOP),
        ("Invalid credentials. Invalid 'app_secret' query parameter.", errors.ConfigurationError, Action.STOP),
        ("This API is not available in the shop's market BR.", errors.MarketError, Action.STOP),
        ("'timestamp' is earlier than 5 minutes", errors.ClockError, Action.RESTAMP),
        ("The timestamp is more than 30 seconds ahead", errors.ClockError, Action.RESTAMP),
        ("timestamp lesser than 0", errors.ClockError, Action.RESTAMP),
        ("The `shop_cipher` query parameter is not required for this request.", errors.BugError, Action.STOP),
        ("category_asset_cipher is not required", errors.BugError, Action.STOP),
        ("The shop_id is invalid", errors.BugError, Action.STOP),
        ("Invalid API version", errors.BugError, Action.FALLBACK),
        ("PageSize is a required field", errors.BugError, Action.STOP),
        ("SortOrder is invalid, allowed values: ASC,DESC.", errors.BugError, Action.STOP),
        ("param X type invalid. actual type:int64, expected type:string", errors.BugError, Action.STOP),
        ("create_time_ge must be a unix timestamp", errors.BugError, Action.STOP),
    ],
)
def test_the_overloaded_code_is_told_apart_by_its_words(message, kind, action):
    error = judge(36009004, message, 400)
    assert type(error) is kind
    assert error.action is action


@pytest.mark.parametrize(
    ("code", "kind", "reach"),
    [
        (36009043, errors.ShopInactiveError, "shop"),
        (12052700, errors.ShopInactiveError, "shop"),
        (36009044, errors.AuthorisationError, "run"),
        (36004001, errors.AuthorisationError, "run"),
        (36004004, errors.AuthorisationError, "run"),
        (36004005, errors.AuthorisationError, "run"),
        (36009033, errors.ConfigurationError, "run"),
        (106001, errors.ConfigurationError, "run"),
        (105005, errors.ScopeError, "stream"),
        (36009037, errors.RateError, "stream"),
        (12052180, errors.BusinessError, "stream"),
        (36009003, errors.TransientError, "stream"),
    ],
)
def test_a_code_stops_as_much_work_as_it_has_to(code, kind, reach):
    error = judge(code)
    assert (type(error), error.reach) == (kind, reach)


def test_a_cipher_of_another_grant_stops_its_shop_only():
    assert judge(101000).reach == "shop"
    assert judge(101000, context=Context("get_shops")).reach == "run"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (105005, "the scope seller.order.info is missing: grant it to the app in Partner Center"),
        (105005, "let the seller authorise again"),
        (106001, "check app_secret"),
        (36009033, "IP allow list"),
        (36004005, "must authorise the app again"),
        (36009043, "the platform has deactivated the shop"),
        (36009009, "check api_base_url"),
        (36009037, "hourly quota"),
    ],
)
def test_a_sentence_says_what_to_do(code, words):
    assert words in str(judge(code))


def test_the_token_host_that_names_the_secret_is_about_the_configuration():
    error = judge(36004004, "app_secret is wrong")
    assert type(error) is errors.ConfigurationError
    assert "check app_key and app_secret" in str(error)


def test_an_unknown_code_is_business_and_shows_all_the_platform_said():
    error = judge(87654321, "some  new\nrefusal")
    assert type(error) is errors.BusinessError
    assert str(error) == (
        'search_orders for shop 7495 (Tea & Co): the platform refused it: "some new refusal" '
        "(code 87654321, request_id R1)"
    )
    assert (error.code, error.message, error.request_id) == (87654321, "some new refusal", "R1")
    assert (error.operation, error.shop_id, error.http_status) == ("search_orders", "7495", 200)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (500, 0, errors.TransientError),
        (599, 0, errors.TransientError),
        (408, 0, errors.TransientError),
        (429, 0, errors.RateError),
        (503, 87654321, errors.TransientError),
        (429, 87654321, errors.RateError),
        (200, 36009003, errors.TransientError),
        (200, 36009002, errors.RateError),
        (500, 106001, errors.ConfigurationError),
        (500, 12052037, errors.BusinessError),
        (401, 87654321, errors.BusinessError),
    ],
)
def test_a_known_code_outranks_the_status_and_the_status_an_unknown_code(status, code, kind):
    assert type(judge(code, status=status)) is kind


def test_only_an_outcome_that_may_have_happened_is_unclear():
    assert judge(36009003).unclear
    assert judge(0, status=502).unclear
    assert not judge(36009002).unclear
    assert not judge(12052037).unclear


def test_a_page_token_is_only_blamed_when_one_was_sent():
    sent = Context("search_orders", paging=True)
    assert type(judge(98001004, "page_token invalid", context=sent)) is errors.PageTokenInvalid
    assert type(judge(87654321, "page_token invalid", context=sent)) is errors.PageTokenInvalid
    assert type(judge(36009004, "page_token invalid")) is errors.BugError


@pytest.mark.parametrize(
    "message",
    ["This API is not available in your region", "not supported for the current market", "the region is not supported"],
)
def test_an_unknown_refusal_that_names_the_market_is_about_the_market(message):
    assert type(judge(87654321, message)) is errors.MarketError
    assert type(judge(12052084, message)) is errors.BusinessError, "a known code keeps its meaning"


@pytest.mark.parametrize("code", [21011006, 21011030, *operation_codes.DONE])
def test_what_is_done_already_is_marked_as_done(code):
    assert judge(code).action is Action.DONE


def test_categories_and_actions_print_as_words():
    assert f"{Category.RATE} {Action.SLOW_DOWN}" == "rate slow_down"


def test_what_the_platform_says_is_one_line_without_control_characters():
    odd = "a\nERROR b\x1b[31m\u202e\x9b\x00c" + "q" * 3_000_000
    error = classify(Context.of(operations.SEARCH_ORDERS), status=200, code=87654321, message=odd, request_id=odd)
    for text in (str(error), error.request_id, error.message):
        assert text.isprintable()
    assert error.request_id == f"a ERROR b [31m c{'q' * 84}"
    assert len(error.request_id) == 100


def test_a_long_message_is_cut():
    assert len(str(judge(87654321, "x" * 5000))) < 500


def test_partial_errors_name_sku_and_warehouse():
    data = {
        "errors": [
            {
                "code": 12052990,
                "message": "update failed",
                "detail": {
                    "sku_id": 1729592969712207013,
                    "extra_errors": [
                        {"code": 12052037, "message": "no", "warehouse_id": "70"},
                        {"code": 12052055, "message": "too many", "warehouse_id": "71"},
                    ],
                },
            },
            {"code": 12052557, "message": "other product", "detail": {"sku_id": "5"}},
        ],
    }
    found = partial_errors(operations.UPDATE_INVENTORY, data)
    assert [(row.code, row.message, row.ids) for row in found] == [
        (12052037, "no", {"sku_id": "1729592969712207013", "warehouse_id": "70"}),
        (12052055, "too many", {"sku_id": "1729592969712207013", "warehouse_id": "71"}),
        (12052557, "other product", {"sku_id": "5"}),
    ]
    assert not any(row.warning or row.done for row in found)


def test_partial_errors_of_a_batch_name_packages_and_what_is_done():
    data = {"errors": [{"code": 21011006, "message": "shipped", "detail": {"package_id": "9"}}]}
    (row,) = partial_errors(operations.SHIP_PACKAGES, data)
    assert (row.ids, row.done) == ({"package_id": "9"}, True)


def test_a_warning_is_no_failure():
    (row,) = partial_errors(operations.MARK_PACKAGE_AS_SHIPPED, {"warning": {"message": "two providers match"}})
    assert (row.message, row.warning, row.code) == ("two providers match", True, 0)


@pytest.mark.parametrize("data", [{}, {"errors": None}, {"errors": []}, {"errors": ["odd"]}])
def test_no_partial_errors_are_none(data):
    assert partial_errors(operations.UPDATE_INVENTORY, data) == []
    assert partial_errors(operations.UPDATE_PRICES, {"errors": [{"code": 1}]}) == []
