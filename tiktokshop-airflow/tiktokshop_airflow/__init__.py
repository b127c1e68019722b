"""Hundreds of sellers on Airflow 3. `dags` has the tasks; nothing else here needs Airflow."""

from tiktokshop_airflow.pipelines import Pipeline

__all__ = ["Pipeline"]
