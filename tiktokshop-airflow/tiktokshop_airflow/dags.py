"""The tasks of a DAG, made inside of it: `read`, `backfill` and `write_back`. The only module that needs Airflow."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, Final

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import BaseHook, Param, get_current_context, task, task_group
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
)
from psycopg.conninfo import make_conninfo

from tiktokshop_airflow.pipelines import Errand, Pipeline, of_range, state_id
from tiktokshop_airflow.running import Programs, again, run_batch, summary
from tiktokshop_airflow.sellers import FleetError, Merchant, batches, merchants, rows_of_file
from tiktokshop_airflow.store import Fate, FleetStore
from tiktokshop_airflow.writing_back import propose, send

Sellers = str | Sequence[str]
"""A JSON file (a name that ends in `.json`), a table of the pipeline's store, or ids of Airflow connections."""

BACKFILL_PARAMS: Final = {
    "start_date": Param("", type="string", title="From", description="A date or time, like 2026-01-01"),
    "end_date": Param("", type="string", title="Until", description="A date or time; that of the start otherwise"),
    "sellers": Param([], type=["array", "null"], title="Sellers", description="Their names; all when left out"),
}
"""What a backfill is asked for when somebody starts it."""
_RETRIES: Final = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
}


def read(pipeline: Pipeline, sellers: Sellers, *, batch_size: int = 25, **tasks: Any) -> None:
    """Adds the tasks that read all sellers: a list of batches, a mapped task for each, a report at the end.

    `tasks` are arguments of Airflow's tasks, like `pool`, `retries` or `execution_timeout`, for the batches.
    """
    _reading(pipeline, sellers, batch_size, {**_RETRIES, **tasks}, ranged=False)


def backfill(pipeline: Pipeline, sellers: Sellers, *, batch_size: int = 25, **tasks: Any) -> None:
    """The same for a range of dates, with a state of its own, so that it may run beside `read`.

    The DAG needs `params=BACKFILL_PARAMS`. Arguments are those of `read`.
    """
    _reading(pipeline, sellers, batch_size, {**_RETRIES, **tasks}, ranged=True)


def write_back(
    pipeline: Pipeline,
    sellers: Sellers,
    feed: Sequence[str],
    *,
    response_timeout: timedelta = timedelta(hours=2),
    **tasks: Any,
) -> None:
    """Adds the tasks that write a feed back: for each seller a plan, somebody's approval of it, and the sending.

    A feed that would change nothing asks for no approval. Without an answer in time, nothing is sent.

    Args:
        pipeline: The target and its settings.
        sellers: Whose shops are written to.
        feed: The command whose output is the records of a seller, as Singer messages.
        response_timeout: How long an approval is waited for.
        tasks: Arguments of Airflow's tasks for the plan and the sending.
    """
    how = {**_RETRIES, **tasks}

    @task(**_retries(how))
    def names() -> list[str]:
        return list(_checked(lambda: _merchants(pipeline, sellers)))

    @task(**how)
    def plan(seller: str) -> dict[str, Any]:
        with _programs() as programs:
            errand = _errands(pipeline, sellers, [seller], "write-back")[seller]
            fate, proposal = _proposed(pipeline, errand, feed, programs)
        _raise({seller: fate})
        if proposal is None or not proposal["planned"]:
            raise AirflowSkipException(f"The shops of {seller} have all that the feed says.")
        return proposal

    @task(**how)
    def apply(seller: str, proposal: dict[str, Any], answer: dict[str, Any] | None) -> None:
        # Airflow does not skip what follows a rejection where tasks are mapped, so the answer itself is looked at.
        if not answer or answer["chosen_options"] != [ApprovalOperator.APPROVE]:
            raise AirflowSkipException(f"What the feed says of {seller} was not approved.")
        with _programs() as programs:
            errand = _errands(pipeline, sellers, [seller], "write-back")[seller]
            fate = _sent(pipeline, errand, proposal["digest"], programs)
        _raise({seller: fate})

    @task_group(group_id="seller")
    def of_seller(seller: str) -> None:
        proposal = plan(seller)
        approve = ApprovalOperator(
            task_id="approve",
            subject="{{ ti.xcom_pull(task_ids='seller.plan', map_indexes=ti.map_index)['subject'] }}",
            body="```\n{{ ti.xcom_pull(task_ids='seller.plan', map_indexes=ti.map_index)['text'] }}\n```",
            defaults=ApprovalOperator.REJECT,
            response_timeout=response_timeout,
        )
        proposal >> approve >> apply(seller, proposal, approve.output)

    of_seller.expand(seller=names())


def _reading(pipeline: Pipeline, sellers: Sellers, batch_size: int, how: dict[str, Any], *, ranged: bool) -> None:
    @task(**_retries(how))
    def seller_batches() -> list[list[str]]:
        names, asked = _checked(lambda: _merchants(pipeline, sellers)), _params().get("sellers") if ranged else None
        if unknown := set(asked or ()) - set(names):
            raise AirflowFailException(f"There is no seller {', '.join(sorted(unknown))}.")
        return batches(list(asked or names), batch_size)

    @task(**how, map_index_template="{{ ', '.join(task.op_kwargs['names'][:3]) }} …")
    def read_batch(names: list[str]) -> dict[str, int]:
        run, lot = _run()
        part, settings = _checked(lambda: of_range(_params())) if ranged else ((), {})
        with _programs() as programs:
            store = FleetStore(_address(pipeline.store))
            fates = run_batch(
                pipeline, store, _errands(pipeline, sellers, names, *part, settings=settings), run, lot, programs
            )
        _raise(fates)
        return {name: fate.code for name, fate in fates.items()}

    @task(**_retries(how), trigger_rule="all_done")
    def report(listed: list[list[str]] | None) -> None:
        if listed is None:
            raise AirflowFailException("The sellers could not be listed; the task seller_batches says why.")
        noted = FleetStore(_address(pipeline.store)).noted(_run()[0])
        missing = Fate(1, "Its batch did not come to it.")
        _raise({name: noted.get(name, missing) for names in listed for name in names}, final=True)

    listed = seller_batches()
    read_batch.expand(names=listed) >> report(listed)


def _retries(how: dict[str, Any]) -> dict[str, Any]:
    """What small tasks around those of sellers take over: a machine that is too busy to start one fails it, too."""
    return {name: how[name] for name in _RETRIES}


def _raise(fates: dict[str, Fate], *, final: bool = False) -> None:
    """Fails the task if a seller failed: for good where running it again would not help."""
    if text := summary(fates):
        raise (AirflowException if again(fates) and not final else AirflowFailException)(text)


@contextlib.contextmanager
def _programs() -> Iterator[Programs]:
    """The programs of this task; a signal to end it ends them."""
    programs = Programs()
    before = signal.signal(signal.SIGTERM, programs.stop)
    try:
        yield programs
    finally:
        programs.stop()
        signal.signal(signal.SIGTERM, before)


def _run() -> tuple[str, int]:
    """The run, and a number that stays over automatic retries and is another one once somebody clears the task."""
    context = get_current_context()
    return f"{context['dag'].dag_id} {context['run_id']}", int(context["ti"].max_tries)


def _params() -> dict[str, Any]:
    return dict(get_current_context()["params"])


def _checked(ask: Any) -> Any:
    try:
        return ask()
    except FleetError as error:
        raise AirflowFailException(str(error)) from None


def _address(store: str) -> str:
    """The address of a store, where a pipeline names an Airflow connection."""
    if "://" in store:
        return store
    found = BaseHook.get_connection(store)
    parts = {"host": found.host, "port": found.port, "user": found.login, "password": found.password}
    return make_conninfo(**{**parts, "dbname": found.schema, **found.extra_dejson})


def _merchants(pipeline: Pipeline, sellers: Sellers) -> dict[str, Merchant]:
    store = FleetStore(_address(pipeline.store))
    store.prepare()
    if not isinstance(sellers, str):
        return merchants({"name": name, "app": name} for name in sellers)
    return merchants(rows_of_file(sellers) if sellers.endswith(".json") else store.rows(sellers))


def _errands(
    pipeline: Pipeline, sellers: Sellers, names: Sequence[str], *part: str, settings: dict[str, Any] | None = None
) -> dict[str, Errand | FleetError]:
    """What is to be done for each seller; of one that cannot be read, why."""
    listed, (run, _) = _checked(lambda: _merchants(pipeline, sellers)), _run()

    def errand(name: str) -> Errand | FleetError:
        merchant = listed.get(name)
        if merchant is None:
            return FleetError(f"{name} is not in the list of sellers any more.")
        if merchant.app:
            try:
                found = BaseHook.get_connection(merchant.app)
            except AirflowNotFoundException:
                return FleetError(f"There is no Airflow connection {merchant.app}, the app of {name}.")
            app = {"app_key": found.login, "app_secret": found.password, **found.extra_dejson}
            merchant = replace(merchant, settings={**app, **merchant.settings})
        return Errand(merchant, state_id(name, *part), settings or {}, run)

    return {name: errand(name) for name in names}


def _proposed(
    pipeline: Pipeline, errand: Errand | FleetError, feed: Sequence[str], programs: Programs
) -> tuple[Fate, dict[str, Any] | None]:
    if isinstance(errand, FleetError):
        return Fate(2, str(errand)), None
    store = FleetStore(_address(pipeline.store))
    fate, proposal = propose(pipeline, store, errand, feed, _run()[0], programs)
    if proposal is None:
        return fate, None
    changes = "1 change" if proposal.planned == 1 else f"{proposal.planned:,} changes"
    subject = f"Send {changes} to the shops of {errand.merchant.name}?"
    return fate, {**asdict(proposal), "subject": subject}


def _sent(pipeline: Pipeline, errand: Errand | FleetError, digest: str, programs: Programs) -> Fate:
    if isinstance(errand, FleetError):
        return Fate(2, str(errand))
    return send(pipeline, FleetStore(_address(pipeline.store)), errand, digest, _run()[0], programs)
