"""Every stream of the tap, as declarations; a stream that asks about the rows of a list comes after it."""

from tap_tiktokshop.streams import (
    affiliate,
    analytics,
    catalogue,
    customer_service,
    fbt,
    finance,
    fulfillment,
    orders,
    products,
    promotion,
    returns,
    runs,
    shops,
)

STREAMS = (
    *shops.STREAMS,
    *orders.STREAMS,
    *fulfillment.STREAMS,
    *returns.STREAMS,
    *products.STREAMS,
    *catalogue.STREAMS,
    *finance.STREAMS,
    *promotion.STREAMS,
    *customer_service.STREAMS,
    *analytics.STREAMS,
    *affiliate.STREAMS,
    *fbt.STREAMS,
)
"""What the platform has."""

OFFERED = (*STREAMS, *runs.STREAMS)
"""The same, and last what is about the run itself."""

BY_NAME = {stream.name: stream for stream in OFFERED}
