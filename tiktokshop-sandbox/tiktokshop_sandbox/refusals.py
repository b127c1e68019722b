"""The gateway's refusals as a table: code, HTTP status and the platform's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.contract import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ABSENT: Final = ApiError.ABSENT
SIGN_INVALID: Final = 106001
# name -> code, HTTP status, message, `data`. Where no capture shows the HTTP status, it is 400.
REFUSALS: Final[Mapping[str, tuple[int, int, str, Any]]] = {
    "path": (36009009, 404, "Invalid path. The requested path does not exist.", None),
    "method": (36009010, 400, "Invalid method. The request method is not supported by this path.", None),
    "app_key": (36009004, 400, "Invalid credentials. Invalid 'app_key' query parameter.", None),
    "timestamp missing": (36009004, 400, "Invalid timestamp. The 'timestamp' query parameter is missing.", None),
    "timestamp text": (
        36009004,
        400,
        "param timestamp type invalid. actual type:string, expected type:int64",
        None,
    ),
    "timestamp negative": (
        36009004,
        400,
        "Invalid timestamp. The 'timestamp' query parameter is lesser than 0.",
        None,
    ),
    "timestamp early": (
        36009004,
        400,
        "Invalid timestamp. The 'timestamp' query parameter is earlier than 5 minutes before the current time.",
        None,
    ),
    "timestamp late": (
        36009004,
        400,
        "Invalid timestamp. The 'timestamp' query parameter is more than 30 seconds after the current time.",
        None,
    ),
    "sign missing": (36009004, 400, "Invalid credentials. Signature missing: 'sign' is required.", None),
    "sign": (SIGN_INVALID, 401, "Invalid credentials. The 'sign' query parameter is invalid.", None),
    "token": (36009004, 401, "Invalid credentials. The 'x-tts-access-token' header is invalid", _ABSENT),
    "token expired": (
        105002,
        401,
        "Expired credentials. The 'access_token' or 'x-tts-access-token' header has expired.",
        None,
    ),
    "seller inactive": (36009044, 401, "Access denied. The seller is inactive.", None),
    "shop inactive": (36009043, 401, "Access denied. The shop is inactive.", None),
    "scope": (105005, 401, "Access denied. The app or the access token lacks the scope {detail}.", None),
    "cipher missing": (
        106013,
        400,
        "Missing identifier. The `shop_cipher` query parameter is required to identify the target shop.",
        None,
    ),
    "cipher not required": (
        36009004,
        400,
        "Unexpected identifier. The `shop_cipher` query parameter is not required for this request.",
        None,
    ),
    "shop_id": (36009004, 400, "Invalid identifier. The `shop_id` query parameter is invalid.", None),
    "cipher foreign": (
        101000,
        400,
        "Invalid identifier. The `shop_cipher` query parameter does not match the access token.",
        None,
    ),
    "content type": (
        36009022,
        400,
        "Invalid body. The content type must be application/json or multipart/form-data.",
        None,
    ),
    "form": (36009023, 400, "Invalid body. The content type must be multipart/form-data.", None),
    "form broken": (36009022, 400, "Invalid body. It is not a multipart form.", None),
    "body": (36009004, 400, "Invalid request body. The body must be a JSON object.", None),
    "market": (36009004, 400, "This API is not available in the shop's market {detail}.", None),
    "market of fulfillment": (21008106, 400, "This operation is not open to shops of this region.", None),
    "version": (36009014, 400, "Invalid API version. This version was retired.", None),
    "budget": (
        36009002,
        429,
        "Too many requests. You've made too many requests in a short period of time.",
        None,
    ),
    "internal": (36009003, 500, "Internal error.", None),
}


def refusal(name: str, detail: str = "", http: int | None = None) -> ApiError:
    """The platform's refusal of that name, with another HTTP status if one is given."""
    code, status, message, data = REFUSALS[name]
    return ApiError(code, message.format(detail=detail), http or status, data)
