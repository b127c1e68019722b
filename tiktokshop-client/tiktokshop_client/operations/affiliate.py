"""What creators sell for the seller, and on which terms."""

from tiktokshop_client.operations._operation import Operation

SEARCH_AFFILIATE_ORDERS = Operation(
    "search_affiliate_orders",
    "POST",
    "/affiliate_seller/202410/orders/search",
    "seller.affiliate_collaboration.read",
    rows="orders",
    paging="query",
    page_size=100,
    programme="affiliate marketing",
)
SEARCH_OPEN_COLLABORATIONS = Operation(
    "search_open_collaborations",
    "POST",
    "/affiliate_seller/202412/open_collaborations/search",
    "seller.affiliate_collaboration.read",
    rows="open_collaborations",
    paging="query",
    page_size=20,
    programme="affiliate marketing",
)
SEARCH_TARGET_COLLABORATIONS = Operation(
    "search_target_collaborations",
    "POST",
    "/affiliate_seller/202508/target_collaborations/search",
    "seller.affiliate_collaboration.read",
    rows="target_collaborations",
    paging="query",
    page_size=20,
    programme="affiliate marketing",
)
SEARCH_SAMPLE_APPLICATIONS = Operation(
    "search_sample_applications",
    "POST",
    "/affiliate_seller/202508/sample_applications/search",
    "seller.affiliate_collaboration.read",
    rows="sample_applications",
    paging="query",
    page_size=20,
    programme="affiliate marketing",
)
