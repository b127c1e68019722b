"""What is run for each seller: programs, their settings, where they work."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktokshop_airflow.sellers import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_airflow.sellers import Merchant


@dataclass(frozen=True)
class Pipeline:
    """What a DAG does for each of its sellers.

    `{seller}` in `folder`, `loader_settings`, `target_settings` and commands stands for the seller's name, `{state}`
    for the id of the state, which is another one in a backfill.

    Attributes:
        store: Where states, locks and outcomes are: the id of an Airflow connection to PostgreSQL, or its address.
        folder: The folder in which a seller's programs work; it is made for its owner only.
        programs: A folder in which programs are looked for before PATH, such as `/srv/tiktokshop/.venv/bin`.
        tap: The command that reads. Its settings come from the environment, so that no secret is in a file.
        loader: The command that loads what the tap writes, and writes states behind what is loaded.
        then: Commands that follow in their order once a seller is loaded: transform, check.
        target: The command that writes back.
        settings: Settings of the tap and the target for all sellers; a seller's own come before them.
        loader_settings: Settings of the loader.
        target_settings: Settings of the target that writes back beyond those of the connection.
        at_once: How many sellers of a batch are read at the same time.
        wait_seconds: How long a seller waits for another run that has it.
    """

    store: str
    folder: str
    programs: str = ""
    tap: Sequence[str] = ("tap-tiktokshop", "--config=ENV", "--log-format=json")
    loader: Sequence[str] = ("target-duckdb-exact", "--config=ENV")
    then: Sequence[Sequence[str]] = ()
    target: Sequence[str] = ("target-tiktokshop", "--config=ENV", "--log-format=json")
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    loader_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    target_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    at_once: int = 4
    wait_seconds: float = 120


@dataclass(frozen=True)
class Errand:
    """One seller in one run: whose, with which state, settings that count in this run only, and the id of the run."""

    merchant: Merchant
    state_id: str
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    run: str = ""

    def filled(self, text: str) -> str:
        """The text with the seller's name and the id of its state."""
        return text.replace("{seller}", self.merchant.name).replace("{state}", self.state_id)

    def command(self, command: Sequence[str]) -> list[str]:
        """A command as it is started."""
        return [self.filled(word) for word in command]

    def environment(self, pipeline: Pipeline, **settings: Mapping[str, Any]) -> dict[str, str]:
        """The variables of the seller's programs: those of this process but Airflow's and Python's own, and settings.

        `settings` are those of programs, by their names with underscores, beside those of the tap.
        """
        own = {name: text for name, text in os.environ.items() if not re.match(r"_*(AIRFLOW|PYTHON)", name)}
        programs = os.pathsep.join(filter(None, (pipeline.programs, own.get("PATH", os.defpath))))
        reading = {**pipeline.settings, **self.merchant.settings, **self.settings}
        made = {**own, "PATH": programs, "TIKTOKSHOP_LOG_RUN": self.run}
        made |= {"TIKTOKSHOP_LOG_SELLER": self.merchant.name, "TIKTOKSHOP_LOG_STATE_ID": self.state_id}
        for program, values in {"tap_tiktokshop": reading, **settings}.items():
            made |= {
                f"{program.upper()}_{name.upper()}": self.filled(_text(value))
                for name, value in values.items()
                if value is not None
            }
        return made


def state_id(name: str, *parts: str) -> str:
    """The id of a seller's state, and of its lock; `parts` tell other runs of the seller from the scheduled one."""
    return ".".join((name, *(re.sub(r"[^\w.-]+", "-", part) for part in parts)))


def of_range(asked: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, str]]:
    """What the state of a backfill is called by, and its settings: it goes behind the scheduled runs of its shops.

    Args:
        asked: `start_date` and perhaps `end_date`, as somebody gave them.

    Raises:
        FleetError: there is no start date.
    """
    dates = {name: text for name in ("start_date", "end_date") if (text := str(asked.get(name) or ""))}
    if "start_date" not in dates:
        raise FleetError("A backfill needs a start date: start it with one.")
    parts = ("backfill", dates["start_date"], dates.get("end_date", "now"))
    return parts, {**dates, "budget_priority": "low"}


def environment_name(command: Sequence[str]) -> str:
    """What the variables of a program begin with: its name, with underscores."""
    return Path(command[0]).name.replace("-", "_")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
