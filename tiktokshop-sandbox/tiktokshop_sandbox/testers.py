"""What the control endpoints share: how they read a request, and answer it or say why they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

PREFIX: Final = "/_sandbox"
T = TypeVar("T")


class ControlError(Exception):
    """A control request that cannot be carried out, in one sentence."""


def number_of(name: str, text: str) -> int:
    """A number that came as text.

    Raises:
        ControlError: it is none.
    """
    try:
        return int(text)
    except ValueError:  # not a number, or one too long to be read
        raise ControlError(f"{name} must be a number") from None


async def body_of(request: Request, kind: type[T]) -> T:
    """The request's JSON as `kind`; an empty body means its defaults.

    Raises:
        ControlError: it is something else.
    """
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ControlError(str(error)) from None


def answering(handler: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
    """The handler's result as JSON; what it cannot do as HTTP 400 with `{"error": sentence}`."""

    async def answer(request: Request) -> Response:
        try:
            return _json(await handler(request))
        except ControlError as error:
            return _json({"error": str(error)}, 400)

    return answer


def _json(data: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(data), status, media_type="application/json")
