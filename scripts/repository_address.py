"""Writes where the repository is into what an index shows: each package's addresses, and its README's links."""

from __future__ import annotations

import argparse
import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = (
    *("tap-tiktokshop", "target-tiktokshop", "tiktokshop-books", "tiktokshop-client", "tiktokshop-sandbox"),
    *("target-duckdb-exact", "tiktokshop-airflow", "tiktokshop-webhooks"),
)
RELATIVE = re.compile(r"\]\((?!https?://|#)([^)\s]+)\)")


def addresses(text: str, address: str) -> str:
    """A pyproject.toml with the addresses of the repository, in place of those that it has."""
    urls = {"Changelog": "/blob/main/CHANGELOG.md", "Issues": "/issues", "Repository": ""}
    table = ["[project.urls]", *(f'{name} = "{address}{path}"' for name, path in urls.items()), ""]
    without = re.sub(r"^\[project\.urls\]\n(?:.+\n)*\n", "", text, flags=re.MULTILINE)
    behind = r"^(?=\[project\.scripts\]|# The nearest tag)"  # a package without commands has only the latter
    return re.sub(behind, lambda _: "\n".join([*table, ""]), without, count=1, flags=re.MULTILINE)


def absolute(text: str, package: str, address: str) -> str:
    """A README whose links lead into the repository, as an index needs them."""

    def link(found: re.Match[str]) -> str:
        return f"]({address}/blob/main/{posixpath.normpath(f'{package}/{found[1]}')})"

    return RELATIVE.sub(link, text)


def main(address: str, root: Path = ROOT) -> None:
    """Rewrites the files of each package."""
    address = address.rstrip("/").removesuffix(".git")
    for package in PACKAGES:
        project, readme = root / package / "pyproject.toml", root / package / "README.md"
        project.write_text(addresses(project.read_text(encoding="utf8"), address), encoding="utf8")
        readme.write_text(absolute(readme.read_text(encoding="utf8"), package, address), encoding="utf8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="https://github.com/OWNER/NAME")
    main(parser.parse_args().address)
