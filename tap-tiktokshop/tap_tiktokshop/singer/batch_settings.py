"""The setting `batch_config`: what the files of BATCH messages are, and where they go."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from singer_sdk.helpers._batch import BatchConfig
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.redaction import known, one_line
from tiktokshop_client.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from upath import UPath

ZSTD: Final = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
NEEDED: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("format", "parquet"): ("pyarrow.parquet", "pyarrow"),
    ("compression", "zstd"): (ZSTD, "backports.zstd"),
}
"""A choice -> the module that it takes, and the package that brings it; the extra of the choice's name asks for it."""
BATCH_SETTING: Final[dict[str, Any]] = {
    "batch_config": {
        "type": "object",
        "title": "Batch files",
        "description": "Write records to files, for a loader that reads BATCH messages; see the guide to batch files.",
        "examples": [{"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": "output/batches"}}],
        "properties": {
            "encoding": {
                "type": "object",
                "title": "Encoding",
                "description": "What the files are.",
                "properties": {
                    "format": {
                        "type": "string",
                        "enum": ["jsonl", "parquet"],
                        "title": "Format",
                        "description": "`jsonl` (the default): a record's JSON in each line. `parquet`: typed columns.",
                    },
                    "compression": {
                        "type": "string",
                        "enum": ["none", "gzip", "zstd"],
                        "title": "Compression",
                        "description": "Of the lines, `none` by default; of Parquet's pages, snappy by default.",
                    },
                },
            },
            "storage": {
                "type": "object",
                "title": "Storage",
                "description": "Where the files go.",
                "required": ["root"],
                "properties": {
                    "root": {
                        "type": "string",
                        "title": "Root",
                        "description": "A folder, or a URL that fsspec knows, like `s3://bucket/folder`.",
                    },
                    "prefix": {
                        "type": "string",
                        "title": "Prefix",
                        "description": "What the files' names begin with.",
                    },
                    "params": {
                        "type": "object",
                        "title": "Parameters",
                        "description": "What fsspec needs to open the root, like keys. Secret.",
                    },
                },
            },
            "batch_size": {
                "type": "integer",
                "minimum": 1,
                "title": "Rows",
                "description": "The most rows of a file, 10,000 by default.",
            },
        },
        "required": ["storage"],
    },
}


def batch_config(given: Mapping[str, Any]) -> BatchConfig:
    """The setting as the SDK has it, checked as far as it can be without asking the storage.

    Raises:
        ConfigurationError: The root is none that can be opened here, has a secret in it, or a package is missing.
    """
    encoding = {"format": "jsonl", **given.get("encoding", {})}
    known.add(*map(Secret, _texts(given["storage"].get("params") or {})))
    for choice, (module, package) in NEEDED.items():
        if encoding.get(choice[0]) == choice[1] and not _is_there(module):
            raise ConfigurationError(
                f"batch_config asks for {choice[1]}, which needs a package that is not installed here: "
                f"pip install {package}."
            )
    config = BatchConfig.from_dict({**given, "encoding": encoding})
    _refuse_secrets(config.storage.root)
    root_of(config)
    return config


def root_of(config: BatchConfig) -> UPath:
    """The root of the files, absolute.

    Raises:
        ConfigurationError: Nothing here can open it.
    """
    from upath import UPath  # noqa: PLC0415 - it takes a while to load, and few runs write files

    storage = config.storage
    try:
        root: UPath = UPath(storage.root, **storage.params).resolve()
        _ = root.fs
    except ImportError as error:
        raise ConfigurationError(
            f"batch_config.storage.root cannot be opened without another package: {one_line(str(error))}."
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever a file system says to its parameters
        raise ConfigurationError(
            f"batch_config.storage.root {known(storage.root)!r} cannot be opened: {one_line(known(str(error)))}. "
            "Give a folder, or a URL that fsspec knows, like s3://bucket/folder."
        ) from None
    return root


def _is_there(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _refuse_secrets(root: str) -> None:
    """The root is in every BATCH message, which loaders log and orchestrators keep."""
    if "://" not in root:
        return
    try:
        parts = urlsplit(root)
        secret = bool(parts.password or parts.query)
    except ValueError:
        secret = True
    if secret:
        raise ConfigurationError(
            "batch_config.storage.root has a password or a query in it, which every BATCH message would show: give "
            "those as batch_config.storage.params."
        )


def _texts(value: Any) -> Iterator[str]:
    """All texts in parameters: which of them are secret only their file system knows."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
