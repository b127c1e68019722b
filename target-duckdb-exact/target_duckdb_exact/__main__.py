"""`python -m target_duckdb_exact`."""

from target_duckdb_exact.target import main

main()
