"""Returns, cancellations, and the requests they are part of."""

from tiktokshop_client.operations._operation import Operation

SEARCH_RETURNS = Operation(
    "search_returns",
    "POST",
    "/return_refund/202602/returns/search",
    "seller.return_refund.basic",
    rows="return_orders",
    paging="query",
    page_size=50,
)
SEARCH_CANCELLATIONS = Operation(
    "search_cancellations",
    "POST",
    "/return_refund/202602/cancellations/search",
    "seller.return_refund.basic",
    rows="cancellations",
    paging="query",
    page_size=50,
)
GET_RETURN_RECORDS = Operation(
    "get_return_records",
    "GET",
    "/return_refund/202309/returns/{return_id}/records",
    "seller.return_refund.basic",
    rows="records",
)
GET_REJECT_REASONS = Operation(
    "get_reject_reasons",
    "GET",
    "/return_refund/202309/reject_reasons",
    "seller.return_refund.basic",
    rows="reasons",
    needs=("return_or_cancel_id",),
)
# The older answer lacks the names of reasons.
GET_AFTERSALE_ELIGIBILITY = Operation(
    "get_aftersale_eligibility",
    "GET",
    "/return_refund/202602/orders/{order_id}/aftersale_eligibility",
    "seller.return_refund.basic",
    rows="sku_eligibility",
    fallback="/return_refund/202309/orders/{order_id}/aftersale_eligibility",
    newer=("request_types",),
)
CANCEL_ORDER = Operation(
    "cancel_order",
    "POST",
    "/return_refund/202602/cancellations",
    "seller.return_refund.basic",
    repeatable=False,
)
CANCEL_ORDER_202309 = Operation(
    "cancel_order_202309",
    "POST",
    "/return_refund/202309/cancellations",
    "seller.return_refund.basic",
    repeatable=False,
)
# The decisions carry an idempotency key in the query.
APPROVE_CANCELLATION = Operation(
    "approve_cancellation",
    "POST",
    "/return_refund/202309/cancellations/{cancel_id}/approve",
    "seller.return_refund.basic",
)
REJECT_CANCELLATION = Operation(
    "reject_cancellation",
    "POST",
    "/return_refund/202309/cancellations/{cancel_id}/reject",
    "seller.return_refund.basic",
)
APPROVE_RETURN = Operation(
    "approve_return",
    "POST",
    "/return_refund/202309/returns/{return_id}/approve",
    "seller.return_refund.basic",
)
REJECT_RETURN = Operation(
    "reject_return",
    "POST",
    "/return_refund/202606/returns/{return_id}/reject",
    "seller.return_refund.basic",
    fallback="/return_refund/202309/returns/{return_id}/reject",
    newer_in_body=frozenset({"partial_refund_amount"}),
)
SEARCH_AFTERSALES = Operation(
    "search_aftersales",
    "POST",
    "/return_refund/202603/aftersales/search",
    "seller.return_refund.basic",
    rows="aftersales_requests",
    paging="body.pagination",
    page_size=50,
)
SEARCH_RMAS = Operation(
    "search_rmas",
    "POST",
    "/return_refund/202604/rma/search",
    "seller.return_refund.basic",
    rows="return_merchandise_authorizations",
    paging="body.pagination",
    page_size=50,
)
CALCULATE_REFUND = Operation(
    "calculate_refund",
    "POST",
    "/return_refund/202602/refunds/calculate",
    "seller.return_refund.basic",
    body_needs=("order_id", "request_type", "reason_name"),
)
# It carries an idempotency key in the query.
CREATE_RETURN = Operation(
    "create_return",
    "POST",
    "/return_refund/202602/returns",
    "seller.return_refund.basic",
    body_needs=("order_id", "return_type", "return_reason"),
)
