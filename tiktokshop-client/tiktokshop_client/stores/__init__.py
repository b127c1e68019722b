"""Where a seller's token pair is kept: `open_store` makes the store that the setting ``token_store`` names.

A kind of store is a class that does what `TokenStore` says, and a line in the table of ``address``.
"""

from tiktokshop_client.stores.address import Address, kind_of, open_store, shown
from tiktokshop_client.stores.seeds import SeedStore
from tiktokshop_client.stores.store import (
    FileStore,
    LostRaceError,
    MemoryStore,
    ReadOnlyStore,
    ReadOnlyStoreError,
    TokenStore,
)

__all__ = [
    "Address",
    "FileStore",
    "LostRaceError",
    "MemoryStore",
    "ReadOnlyStore",
    "ReadOnlyStoreError",
    "SeedStore",
    "TokenStore",
    "kind_of",
    "open_store",
    "shown",
]
