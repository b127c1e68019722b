"""The DAGs of the fleet's test: what a user writes, with short pauses."""

import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference, SyncCallback
from tiktokshop_airflow import Pipeline
from tiktokshop_airflow.dags import BACKFILL_PARAMS, backfill, read, write_back

HOME = Path(os.environ["FLEET_HOME"])
shops = Pipeline(
    store="fleet_store",
    folder=f"{HOME}/sellers/{{seller}}",
    programs=os.environ["FLEET_PROGRAMS"],
    tap=("tap-tiktokshop", "--config=ENV", f"--catalog={HOME}/catalog.json", "--log-format=json"),
    then=(("python", f"{HOME}/transform.py", f"{HOME}/warehouse/{{state}}.duckdb"),),
    settings={"budget_store": os.environ["FLEET_REDIS"], "max_tries": 4},
    loader_settings={"path": f"{HOME}/warehouse/{{state}}.duckdb"},
    at_once=2,
    wait_seconds=30,
)
SELLERS = "fleet.sellers"
RETRIES = int(os.environ["FLEET_RETRIES"])
PAUSES = {"retries": RETRIES, "retry_delay": timedelta(seconds=3), "retry_exponential_backoff": False}


def told(context: dict[str, object]) -> None:
    """What a chat would get."""
    with (HOME / "told.txt").open("a") as file:
        file.write(f"{context['exception']}\n")


with DAG(
    "fleet",
    schedule=None,
    max_active_runs=1,
    default_args={"on_failure_callback": told},
    deadline=DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(seconds=5), SyncCallback("fleet_late.late")),
):
    read(shops, SELLERS, batch_size=int(os.environ["FLEET_BATCH"]), **PAUSES)

with DAG("fleet_backfill", schedule=None, params=BACKFILL_PARAMS):
    backfill(shops, SELLERS, **PAUSES)

with DAG("fleet_write_back", schedule=None):
    write_back(shops, SELLERS, ("cat", f"{HOME}/{{seller}}.singer"), **PAUSES)
