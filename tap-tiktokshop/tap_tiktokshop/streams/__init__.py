"""Every stream of the tap, as declarations."""

from tap_tiktokshop.streams import finance, orders, products, returns, shops

STREAMS = (*shops.STREAMS, *orders.STREAMS, *products.STREAMS, *returns.STREAMS, *finance.STREAMS)
