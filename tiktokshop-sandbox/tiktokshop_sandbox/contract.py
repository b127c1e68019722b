"""What the gateway and the endpoint modules agree on: parameters, endpoints, calls and refusals, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.shops import Shop, World

ParamType: TypeAlias = Literal["string", "integer", "boolean", "array", "object"]
INVALID_PARAMETER: Final = 36009004
VALUE_OUT_OF_RANGE: Final = 98001004


class ApiError(Exception):
    """A refusal as the platform words it: an envelope with a code other than 0.

    `http` is the HTTP status that carries it. `data` is what stands under `data`; `ABSENT` leaves the
    key out, as some of the platform's services do.
    """

    ABSENT: Final[Any] = object()

    def __init__(self, code: int, message: str, http: int = 200, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http = http
        self.data = data


@dataclass(frozen=True)
class Param:
    """One query parameter or body field: its JSON type and what the platform accepts in it.

    `low` and `high` are inclusive and bound integers; `max_count` bounds arrays. In a query an array is
    one string with commas between its items. `out_of_range` is the code answered for a value out of
    `low`..`high` (returns answer 98001004 where others answer 36009004).
    """

    type: ParamType
    required: bool = False
    low: int | None = None
    high: int | None = None
    values: tuple[str, ...] = ()
    default: Any = None
    max_count: int | None = None
    items: Param | None = None
    fields: Mapping[str, Param] | None = None
    out_of_range: int = INVALID_PARAMETER


@dataclass(frozen=True)
class Grant:
    """One seller's authorisation of the app: whose it is, which shops and scopes it covers."""

    id: int
    seller_id: str
    seller_name: str
    seller_base_region: str
    open_id: str
    granted_scopes: frozenset[str]
    shop_ids: frozenset[str]


@dataclass(frozen=True)
class Endpoint:
    """One operation of the platform, as data for the router and the gateway.

    `path` is a template such as `/order/202309/orders/{order_id}/price_detail`. `scope` is empty where
    none is needed. `cipher` says whether `shop_cipher` must be sent (else 106013) or must not (else
    36009004). `markets` are the shop regions that have the operation; None means all. `retired` is the
    shops' time, unix seconds, from which the platform has switched this version off (0: it has not). `form` says that
    the body is `multipart/form-data`: its texts are what `body` declares, its files go to the call's `files`. `handler`
    returns what stands under `data`: a mapping, or the same already encoded as JSON.
    """

    method: str
    path: str
    scope: str
    handler: Callable[[ApiCall], Mapping[str, Any] | bytes]
    cipher: bool = True
    query: Mapping[str, Param] = field(default_factory=dict)
    body: Mapping[str, Param] = field(default_factory=dict)
    markets: frozenset[str] | None = None
    retired: int = 0
    form: bool = False

    @property
    def family(self) -> str:
        """The API family (`order`, `product`, …): the first segment of the path, the unit of budgets."""
        return self.path.split("/", 2)[1]


@dataclass(frozen=True)
class ApiCall:
    """One request that passed the gateway, with typed parameters and defaults filled in.

    `shop` is the shop that `shop_cipher` names; asking for it on an endpoint without a cipher is a
    programming error (`the_shop`). `now` is the sandbox clock in unix seconds; the world has already
    been advanced to it. Parameters that were not sent and have no default are not in `query`/`body`.
    """

    endpoint: Endpoint
    world: World
    grant: Grant
    now: int
    host_url: str
    shop: Shop | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def the_shop(self) -> Shop:
        """The shop of a shop-scoped endpoint."""
        if self.shop is None:
            raise LookupError(f"{self.endpoint.path} is not scoped to a shop")
        return self.shop
