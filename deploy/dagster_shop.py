"""Runs of sellers in Dagster: a partition for each, tried again after exit code 1, and failed at once after 2 and 3."""

import os
import subprocess
from pathlib import Path

import dagster as dg

SELLERS = os.environ.get("SELLERS", "anna,bert").split(",")
FOLDER = Path(os.environ.get("SHOP_FOLDER", "/var/lib/tiktokshop"))
sellers = dg.StaticPartitionsDefinition(SELLERS)


@dg.asset(
    partitions_def=sellers, retry_policy=dg.RetryPolicy(max_retries=2, delay=float(os.environ.get("PAUSE", "60")))
)
def shop(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """A seller's rows, as of now."""
    seller = context.partition_key
    folder = FOLDER / seller
    settings = {"TIKTOKSHOP_LOG_SELLER": seller, "TIKTOKSHOP_LOG_RUN": context.run.run_id}
    done = subprocess.run(
        ["tiktokshop-run"], cwd=folder, env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True
    )
    said = done.stderr.strip().splitlines()
    for line in said:
        context.log.info(line)
    if done.returncode:
        raise dg.Failure(
            said[-1] if said else f"exit code {done.returncode}", allow_retries=done.returncode not in (2, 3)
        )
    return dg.MaterializeResult(metadata={"seller": seller})


hourly = dg.define_asset_job("hourly", selection=[shop])


@dg.schedule(cron_schedule="7 * * * *", job=hourly)
def each_hour(context: dg.ScheduleEvaluationContext):
    """A run for each seller; one that is still there under the same key is not started again."""
    hour = f"{context.scheduled_execution_time:%Y-%m-%dT%H}"
    return [dg.RunRequest(run_key=f"{seller} {hour}", partition_key=seller) for seller in SELLERS]


defs = dg.Definitions(assets=[shop], jobs=[hourly], schedules=[each_hour])
