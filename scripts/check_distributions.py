"""Checks what an index would get: a wheel and an sdist of each package, whole and fitting together.

Exits with 1 if something is wrong.
"""

from __future__ import annotations

import argparse
import email
import email.message
import re
import sys
import tarfile
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

PACKAGES = (
    *("tiktokshop-client", "tiktokshop-sandbox", "tap-tiktokshop", "target-tiktokshop", "target-duckdb-exact"),
    *("tiktokshop-airflow", "tiktokshop-books", "tiktokshop-webhooks"),
)
# What the metadata must say, and with what; None where anything will do.
FIELDS = {
    "Author": None,
    "Description-Content-Type": "text/markdown",
    "Keywords": None,
    "License-Expression": "Apache-2.0",
    "License-File": "LICENSE",
    "Requires-Python": ">=3.10",
    "Summary": None,
}


CLASSIFIERS = ("Typing :: Typed", *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)))


def names_of(path: Path) -> dict[str, bytes]:
    """The files of a distribution, without the folder that an sdist has around them."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(path) as sdist:
        files = {member.name.partition("/")[2]: sdist.extractfile(member) for member in sdist if member.isfile()}
        return {name: file.read() for name, file in files.items() if file}


def metadata_of(files: dict[str, bytes]) -> email.message.Message:
    """What a distribution says about itself."""
    name = next(name for name in files if name == "PKG-INFO" or name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(files[name])


def faults_of(path: Path) -> list[str]:
    """What a distribution lacks."""
    files = names_of(path)
    metadata = metadata_of(files)
    faults = [
        f"{field} is {metadata[field]!r}"
        for field, wanted in FIELDS.items()
        if not metadata[field] or metadata[field] != (wanted or metadata[field])
    ]
    classifiers = metadata.get_all("Classifier", [])
    faults += [f"no classifier {name!r}" for name in CLASSIFIERS if name not in classifiers]
    bare = {name.rpartition("/")[2] for name in files}
    faults += [f"no file {name}" for name in ("LICENSE", "py.typed") if name not in bare]
    version = Version(metadata["Version"])
    for requirement in map(Requirement, metadata.get_all("Requires-Dist", [])):
        if requirement.url:
            faults.append(f"{requirement} is an address")
        if requirement.name in PACKAGES:
            bounds = {specifier.operator for specifier in requirement.specifier}
            if bounds != {">=", "<"} or not requirement.specifier.contains(version, prereleases=True):
                faults.append(f"{requirement} is no range around {version}")
    return [f"{path.name}: {fault}" for fault in faults]


def release_faults(path: Path, tag: str) -> list[str]:
    """What speaks against a release of a distribution under a tag."""
    metadata = metadata_of(names_of(path))
    faults = []
    if f"v{metadata['Version']}" != tag:
        faults.append(f"{path.name}: the version is not that of the tag {tag}")
    if not any(url.startswith("Repository,") for url in metadata.get_all("Project-URL", [])):
        faults.append(f"{path.name}: no address of the repository (RELEASING.md, once before the first release)")
    if relative := re.findall(r"\]\((?!https?://|#)([^)\s]+)\)", str(metadata.get_payload())):
        faults.append(f"{path.name}: links of the README that an index does not have: {', '.join(relative)}")
    return faults


def check(dist: Path, tag: str = "") -> list[str]:
    """Every fault of the distributions in a folder."""
    faults = []
    versions = set()
    for package in PACKAGES:
        made = sorted(dist.glob(f"{package.replace('-', '_')}-*"))
        if sorted(path.suffix for path in made) != [".gz", ".whl"]:
            faults.append(f"{package}: not one wheel and one sdist")
        for path in made:
            versions.add(metadata_of(names_of(path))["Version"])
            faults += faults_of(path)
            faults += release_faults(path, tag) if tag else []
    if len(versions) > 1:
        faults.append(f"several versions: {', '.join(sorted(versions))}")
    return faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dist", type=Path, help="a folder that .ci/distributions has made")
    parser.add_argument("tag", nargs="?", default="", help="check for a release of this tag as well, such as v0.1.0")
    given = parser.parse_args()
    found = check(given.dist, given.tag)
    print("\n".join(found) or "the distributions are complete")
    sys.exit(bool(found))
