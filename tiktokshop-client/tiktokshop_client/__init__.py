"""The TikTok Shop platform, in one place: signing, tokens, budgets, errors, paging.

What is exported here is what other packages may use; the folders are internal.
"""

from tiktokshop_client import authorise, configuration, console, doctor, errors, health, notify, operations, settings
from tiktokshop_client.calls.call import Shop
from tiktokshop_client.calls.tally import Tally
from tiktokshop_client.claims import Claims, HeldClaim
from tiktokshop_client.client import Client, Page
from tiktokshop_client.clock import Clock, SystemClock
from tiktokshop_client.codes.rows import partial_errors
from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.http.answers import Answer
from tiktokshop_client.http.raw_rows import RawRows, RowDecoder, decode_row, exact
from tiktokshop_client.operations import OPERATIONS, Operation
from tiktokshop_client.sandbox import is_made_up
from tiktokshop_client.secret import Secret
from tiktokshop_client.settings import SETTINGS, Settings
from tiktokshop_client.signing import sign, verify_webhook
from tiktokshop_client.stores import FileStore, MemoryStore, ReadOnlyStore, TokenStore
from tiktokshop_client.token import Token
from tiktokshop_client.tokens.vault import end_at_next_signal

__all__ = [
    "OPERATIONS",
    "SETTINGS",
    "Answer",
    "Claims",
    "Client",
    "Clock",
    "FileStore",
    "HeldClaim",
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
    "authorise",
    "configuration",
    "console",
    "decode_row",
    "doctor",
    "end_at_next_signal",
    "errors",
    "exact",
    "health",
    "is_made_up",
    "notify",
    "operations",
    "partial_errors",
    "settings",
    "sign",
    "verify_webhook",
]
