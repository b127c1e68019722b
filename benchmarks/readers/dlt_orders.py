"""Orders with dlt: a resource for each window of time, extracted side by side; rows are normalised, then dropped."""

from __future__ import annotations

import os

import dlt
import requests
import shop

parallel = shop.FACTS["parallel"]
os.environ.setdefault("EXTRACT__WORKERS", str(parallel))
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")


@dlt.destination(batch_size=1000, loader_file_format="typed-jsonl", name="nowhere")
def nowhere(items, table):
    """Takes rows and forgets them."""


def window(number: int, start: int, end: int):
    """One window as a resource of its own, all into one table."""

    def rows():
        with requests.Session() as session:
            yield from shop.pages(session, start, end)

    return dlt.resource(
        rows, name=f"orders_{number}", table_name="orders", max_table_nesting=0, parallelized=parallel > 1
    )


pipeline = dlt.pipeline("benchmark", destination=nowhere, dataset_name="shop", pipelines_dir=os.environ["WORK"])
pipeline.run([window(number, *span) for number, span in enumerate(shop.windows(parallel))])
