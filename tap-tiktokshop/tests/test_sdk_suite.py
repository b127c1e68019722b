"""The SDK's own test suite for taps, against the sandbox, with warnings as errors."""

import pytest
import tiktokshop_sandbox
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_tiktokshop.tap import TapTikTokShop

# The suite makes a tap while tests are collected, when there is no sandbox yet: `sandbox` fills in the rest.
CONFIG = {"app_key": "filled-in", "app_secret": "filled-in", "refresh_token": "filled-in"}


@pytest.fixture(scope="module", autouse=True)
def sandbox(tmp_path_factory):
    with tiktokshop_sandbox.start(orders=120, rps=100_000) as running:
        CONFIG.update(
            app_key=running.app_key,
            app_secret=running.app_secret,
            access_token=running.access_token,
            refresh_token=running.refresh_token,
            api_base_url=running.api_base_url,
            auth_base_url=running.auth_base_url,
            token_store=str(tmp_path_factory.mktemp("tokens") / "tokens.json"),
        )
        yield


TestTapTikTokShop = get_tap_test_class(
    TapTikTokShop, config=CONFIG, suite_config=SuiteConfig(max_records_limit=150), parse_env_config=False
)
