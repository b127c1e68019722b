"""The platform's endpoints as data, one module for each API family. No other module contains a path."""

from collections.abc import Mapping
from types import MappingProxyType

from tiktokshop_client.operations._operation import Operation, is_id, same_region
from tiktokshop_client.operations.affiliate import *  # noqa: F403 - a table
from tiktokshop_client.operations.analytics import *  # noqa: F403 - a table
from tiktokshop_client.operations.catalogue import *  # noqa: F403 - a table
from tiktokshop_client.operations.customer_service import *  # noqa: F403 - a table
from tiktokshop_client.operations.fbt import *  # noqa: F403 - a table
from tiktokshop_client.operations.finance import *  # noqa: F403 - a table
from tiktokshop_client.operations.fulfillment import *  # noqa: F403 - a table
from tiktokshop_client.operations.listings import *  # noqa: F403 - a table
from tiktokshop_client.operations.orders import *  # noqa: F403 - a table
from tiktokshop_client.operations.products import *  # noqa: F403 - a table
from tiktokshop_client.operations.promotion import *  # noqa: F403 - a table
from tiktokshop_client.operations.returns import *  # noqa: F403 - a table
from tiktokshop_client.operations.sellers import *  # noqa: F403 - a table

__all__ = ["OPERATIONS", "Operation", "is_id", "same_region"]

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {operation.name: operation for operation in list(globals().values()) if isinstance(operation, Operation)},
)
