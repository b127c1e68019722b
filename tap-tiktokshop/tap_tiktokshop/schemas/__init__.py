"""One JSON schema a stream; `scripts/build_schemas.py` writes them."""
