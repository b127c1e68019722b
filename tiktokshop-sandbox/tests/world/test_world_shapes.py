"""Answers against the documented shapes, where the documents are at hand."""

import pytest

CASES = {
    "orders": ("orders", "POST", "/order/202309/orders/search", {"page_size": 100}),
    "products": ("products", "POST", "/product/202502/products/search", {"page_size": 100}),
    "returns": ("return_and_refund", "POST", "/return_refund/202602/returns/search", {"page_size": 50}),
    "cancellations": (
        "return_and_refund",
        "POST",
        "/return_refund/202602/cancellations/search",
        {"page_size": 50},
    ),
    "statements": ("finance", "GET", "/finance/202309/statements", {"sort_field": "statement_time"}),
    "payments": ("finance", "GET", "/finance/202605/payments", {"sort_field": "create_time"}),
    "withdrawals": ("finance", "GET", "/finance/202309/withdrawals", {"types": "SETTLE,WITHDRAW,REVERSE"}),
    "unsettled": ("finance", "GET", "/finance/202507/orders/unsettled", {"sort_field": "order_create_time"}),
    "packages": ("fulfillment", "POST", "/fulfillment/202309/packages/search", {"page_size": 50}),
    "warehouses": ("logistics", "GET", "/logistics/202309/warehouses", {}),
}


@pytest.mark.parametrize("shop", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_lists_send_only_documented_fields_of_documented_types(asker, undocumented, case, shop):
    _family, method, path, query = CASES[case]
    answer = asker.ask(method, path, query, shop=shop)
    assert undocumented(answer, method, path) == set()


def test_details_send_only_documented_fields_of_documented_types(asker, undocumented):
    order = asker.ask("POST", "/order/202309/orders/search", {"page_size": 1})["orders"][0]["id"]
    product = asker.ask("POST", "/product/202502/products/search", {"page_size": 1})["products"][0]["id"]
    package = asker.ask("POST", "/fulfillment/202309/packages/search", {"page_size": 1})["packages"][0]["id"]
    returned = asker.ask("POST", "/return_refund/202602/returns/search")["return_orders"][0]["return_id"]
    statement = asker.ask("GET", "/finance/202309/statements", {"sort_field": "statement_time"})["statements"][0]["id"]
    sort = {"sort_field": "order_create_time"}
    cases = (
        ("orders", "/order/202507/orders", "", {"ids": order}),
        ("orders", "/order/202407/orders/{order_id}/price_detail", order, {}),
        ("products", "/product/202309/products/{product_id}", product, {}),
        ("fulfillment", "/fulfillment/202309/packages/{package_id}", package, {}),
        ("return_and_refund", "/return_refund/202309/returns/{return_id}/records", returned, {}),
        ("return_and_refund", "/return_refund/202309/reject_reasons", "", {"return_or_cancel_id": returned}),
        ("finance", "/finance/202501/statements/{statement_id}/statement_transactions", statement, sort),
        ("finance", "/finance/202501/orders/{order_id}/statement_transactions", order, {}),
    )
    for _family, template, value, query in cases:
        path = template.replace(template[template.find("{") : template.find("}") + 1], value) if value else template
        answer = asker.ask("GET", path, query)
        assert undocumented(answer, "GET", template) == set(), template
