"""Labels of the United States: chosen by service and price, and bought once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import Action, TikTokShopError
from tiktokshop_client.operations import CREATE_PACKAGE, CREATE_PACKAGE_202309, GET_SHIPPING_SERVICES

from target_tiktokshop.writing.live import decimal_of, object_of, objects, plain, truth_of
from target_tiktokshop.writing.outcomes import REASONS
from target_tiktokshop.writing.surprises import done_once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiktokshop_client import Answer

    from target_tiktokshop.streams.parcels import Parcel
    from target_tiktokshop.writing.claiming import HeldOrders
    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun


def choose_service(run: WriteRun, row: Row) -> None:
    """Finds the service that a record or a setting asks for; what it costs goes into `after`.

    Raises:
        TikTokShopError: The services cannot be read.
    """
    path, body = {"order_id": row.values["order_id"]}, measures(row)
    lines = row.values.get("order_line_item_ids")
    answer = run.client.call(
        GET_SHIPPING_SERVICES,
        shop=row.the_shop,
        path=path,
        body=body | ({"order_line_item_ids": list(lines)} if lines else {}),
    )
    offered = objects(answer.data.get("shipping_services"))
    wanted, cheapest = row.values.get("shipping_service"), run.settings.day.cheapest_service
    service = chosen_service(offered, wanted, cheapest=cheapest)
    if (wanted or cheapest) and service is not None and not service.get("id"):
        row.reject("odd_answer", "the platform offers the shipping service without its id, so no label was bought")
    elif service is not None:
        row.after |= {"shipping_service": service.get("name"), "price": service.get("price")}
        row.after |= {"currency": service.get("currency")}
        row.values["shipping_service_id"] = str(service.get("id") or "")
    elif cheapest and not wanted:
        row.reject(
            "odd_answer", "the platform shows no price of a shipping service, so none is known to be the cheapest"
        )
    elif wanted:
        names = ", ".join(f"{one.get('name')} ({one.get('price')} {one.get('currency')})" for one in offered)
        row.reject("unknown_service", f"no shipping service is called {wanted}; there are: {names or 'none'}")


def chosen_service(offered: list[dict[str, Any]], wanted: str | None, *, cheapest: bool) -> dict[str, Any] | None:
    """The service that is asked for by name or id; else the cheapest one, or the platform's default; None for none."""
    if wanted:
        return next(
            (one for one in offered if str(one.get("id")) == wanted or plain(str(one.get("name"))) == plain(wanted)),
            None,
        )
    if cheapest:
        prices = [(price, one) for one in offered if (price := decimal_of(one.get("price"))) is not None and price >= 0]
        return min(prices, key=lambda pair: pair[0], default=(None, None))[1]
    return next((one for one in offered if truth_of(one.get("is_default"))), None)


def measures(row: Row) -> dict[str, Any]:
    """Weight and size as a call has them."""
    values, said = row.values, {}
    if "weight" in values:
        said["weight"] = {"value": format(values["weight"], "f"), "unit": values["weight_unit"]}
    if "length" in values:
        sides = {name: format(values[name], "f") for name in ("length", "width", "height")}
        said["dimension"] = {**sides, "unit": values["size_unit"]}
    return said


def bought(
    run: WriteRun, row: Row, order_ids: Sequence[str], hold: HeldOrders, look_again: Callable[[], Parcel]
) -> None:
    """Buys the label of a parcel; after every unclear outcome its orders are read first, lest another is bought.

    A row that was refused is settled; the package of one that stays open is there.

    Raises:
        TikTokShopError: The platform refused.
    """

    def look(problem: TikTokShopError) -> bool:
        parcel = look_again()
        if parcel.reason:
            row.reject(parcel.reason, REASONS[parcel.reason], problem.request_id)
        elif parcel.package_id:
            row.after["package_id"] = parcel.package_id
        return row.open and bool(parcel.package_id)

    done_once(run, row, lambda: _tried(run, row, order_ids, hold, look_again), look)


def _tried(
    run: WriteRun, row: Row, order_ids: Sequence[str], hold: HeldOrders, look_again: Callable[[], Parcel]
) -> TikTokShopError | None:
    """Buys once; the error if it is not known whether that was done, or if it had been done before.

    Raises:
        TikTokShopError: The platform refused.
    """
    try:
        answer = _call(run, row, order_ids, hold)
    except TikTokShopError as error:
        row.request_id = error.request_id
        if error.action is Action.DONE or (error.unclear and error.reach == "stream"):
            return error
        raise
    row.request_id = answer.request_id
    info = object_of(answer.data.get("shipping_service_info"))
    row.after["package_id"] = str(answer.data.get("package_id") or "") or look_again().package_id
    row.after |= {"shipping_service": info.get("name") or row.after.get("shipping_service")}
    row.after |= {name: info.get(name) or row.after.get(name) for name in ("price", "currency")}
    return None


def _call(run: WriteRun, row: Row, order_ids: Sequence[str], hold: HeldOrders) -> Answer:
    """The call, in the older version where the platform does not know the newer, which sells no label for several."""
    parcel_lines, whole = row.values.get("order_line_item_ids", ()), "order_line_item_ids" not in row.values
    shared: dict[str, Any] = {"order_id": row.values["order_id"], **measures(row)}
    if row.values.get("shipping_service_id"):
        shared["shipping_service_id"] = row.values["shipping_service_id"]
    if len(order_ids) > 1:
        body = {"ship_type": "3", "order_list_ids": list(order_ids), **shared}
        return run.client.call(CREATE_PACKAGE, shop=row.the_shop, body=body, only_if=hold.lasts)
    kind = {"ship_type": "1" if whole else "2"}
    lines = {} if whole else {"order_line_item": [{"order_line_id": line} for line in parcel_lines]}
    try:
        return run.client.call(CREATE_PACKAGE, shop=row.the_shop, body={**kind, **shared, **lines}, only_if=hold.lasts)
    except TikTokShopError as error:
        if error.action is not Action.FALLBACK:
            raise
        older = {} if whole else {"order_line_item_ids": list(parcel_lines)}
        return run.client.call(CREATE_PACKAGE_202309, shop=row.the_shop, body={**shared, **older}, only_if=hold.lasts)
