"""A text that must never be shown."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn, final


@final
class Secret:
    """A secret text, which prints as ``***`` wherever it is shown by accident.

    ``reveal()`` is the one way to the text. Secrets compare in constant time, only with secrets; they are not
    hashable and refuse to be pickled, because both would carry the text out of sight.
    """

    __slots__ = ("_text",)
    __hash__ = None  # type: ignore[assignment]  # not hashable on purpose

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret text itself, for the wire and the token file only."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
