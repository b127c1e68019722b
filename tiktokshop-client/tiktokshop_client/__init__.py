"""The TikTok Shop platform, once: signing, tokens, budgets, errors, paging."""

from tiktokshop_client import errors, operations, settings
from tiktokshop_client.answers import Answer
from tiktokshop_client.calls import Shop, Tally
from tiktokshop_client.client import Client, Page
from tiktokshop_client.clock import Clock, SystemClock
from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.operations import OPERATIONS, Operation
from tiktokshop_client.raw_rows import RawRows, RowDecoder, decode_row, exact
from tiktokshop_client.secret import Secret
from tiktokshop_client.settings import SETTINGS, Settings
from tiktokshop_client.signing import sign, verify_webhook
from tiktokshop_client.token_store import FileStore, MemoryStore, ReadOnlyStore, Token, TokenStore

__all__ = [
    "OPERATIONS",
    "SETTINGS",
    "Answer",
    "Client",
    "Clock",
    "FileStore",
    "MemoryStore",
    "Operation",
    "Page",
    "RawRows",
    "ReadOnlyStore",
    "RowDecoder",
    "Secret",
    "Settings",
    "Shop",
    "SystemClock",
    "Tally",
    "TikTokShopError",
    "Token",
    "TokenStore",
    "decode_row",
    "errors",
    "exact",
    "operations",
    "settings",
    "sign",
    "verify_webhook",
]
