"""The buttons about webhooks: where events go, what a 401 means, and one delivery more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.console.actions import ActionError, number_in
from tiktokshop_sandbox.testers import ControlError
from tiktokshop_sandbox.webhooks.control import check_address, switch_on
from tiktokshop_sandbox.webhooks.subscribers import ALL, read_401

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.console.actions import Form
    from tiktokshop_sandbox.webhooks.dispatch import Dispatch

_HIGHEST: Final = 2**63 - 1


def switched(dispatch: Dispatch, form: Form) -> str:
    """Switches events on for all shops, as Partner Center does, or off."""
    name, address = form.get("event", ""), form.get("address", "").strip()
    try:
        if address:
            check_address(address)
        switch_on(dispatch, [name], address)
    except ControlError as error:
        raise ActionError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    what = "All events that no API subscribes" if name == ALL else name
    return f"{what}: sent to {address} from now on." if address else f"{what}: not sent any more."


def read(dispatch: Dispatch, form: Form) -> str:
    """What a 401 means."""
    reading = form.get("reading", "")
    if reading not in {"end", "retry"}:
        raise ActionError("A 401 either ends an event, or has it tried again.")
    read_401(dispatch.world, reading)
    return (
        "A 401 ends an event from now on." if reading == "end" else "After a 401 an event is tried again from now on."
    )


def again(dispatch: Dispatch, form: Form) -> str:
    """Sends a delivery once more."""
    number = number_in(form, "id", 1, _HIGHEST)
    if not dispatch.send_again(number):
        raise ActionError("There is no such delivery any more, or it is under way.")
    return f"Delivery {number} goes out once more."


HOOK_ACTIONS: Final[Mapping[str, Callable[[Dispatch, Form], str]]] = {
    "hooks-switch": switched,
    "hooks-401": read,
    "hook-again": again,
}
