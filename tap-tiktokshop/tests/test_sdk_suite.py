"""The SDK's own test suite for taps, against the sandbox, with warnings as errors."""

import pytest
import tiktokshop_sandbox
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_tiktokshop.tap import TapTikTokShop

pytestmark = pytest.mark.slow

# The suite makes a tap while tests are collected, when there is no sandbox yet: `sandbox` fills in the rest.
CONFIG = {"app_key": "filled-in", "app_secret": "filled-in", "refresh_token": "filled-in"}


@pytest.fixture(scope="module", autouse=True)
def sandbox(tmp_path_factory):
    with tiktokshop_sandbox.start(orders=30, rps=100_000) as running:
        CONFIG.update(
            app_key=running.app_key,
            app_secret=running.app_secret,
            access_token=running.access_token,
            refresh_token=running.refresh_token,
            api_base_url=running.api_base_url,
            auth_base_url=running.auth_base_url,
            requests_per_second=100_000,
            analytics_requests_per_second=100_000,
            token_store=str(tmp_path_factory.mktemp("tokens") / "tokens.json"),
        )
        yield


# In two local shops of the sandbox nothing belongs to them.
EMPTY = [
    "seller_permissions",
    "external_order_references",
    "webhook_events",
    "global_products",
    "global_product_details",
    "manufacturers",
    "responsible_persons",
]


class Everything(TapTikTokShop):
    """The tap with the streams selected that are off by default.

    The suite wants a value of every object, and nothing that the sandbox sends is ever rejected.
    """

    def discover_streams(self):
        streams = super().discover_streams()
        for stream in streams:
            stream.selected_by_default = True
            del stream.schema["properties"]["_sdc_rejected"]
        return streams


TestTapTikTokShop = get_tap_test_class(
    Everything,
    config=CONFIG,
    suite_config=SuiteConfig(max_records_limit=150, ignore_no_records_for_streams=EMPTY),
    parse_env_config=False,
)
