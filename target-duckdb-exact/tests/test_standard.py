"""The SDK's own tests of a target."""

import tempfile
from pathlib import Path

from singer_sdk.testing import get_target_test_class
from target_duckdb_exact.target import TargetDuckDB

TestStandard = get_target_test_class(
    TargetDuckDB, config={"path": str(Path(tempfile.mkdtemp(prefix="target-duckdb-exact-")) / "standard.duckdb")}
)
