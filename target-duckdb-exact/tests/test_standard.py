"""The SDK's own tests of a target."""

import tempfile
from pathlib import Path

from singer_sdk.testing import get_target_test_class
from target_duckdb_exact.target import TargetDuckDB

FOLDER = tempfile.TemporaryDirectory(prefix="target-duckdb-exact-")  # goes when the tests end
TestStandard = get_target_test_class(TargetDuckDB, config={"path": str(Path(FOLDER.name) / "standard.duckdb")})
