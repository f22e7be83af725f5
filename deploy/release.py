"""Writes a release into dist/: the sources, a CycloneDX bill of materials, and their checksums."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from deploy.nodes.build import RECIPES

ROOT = Path(__file__).resolve().parent.parent
VENDORED = ROOT / "web" / "static" / "vendor" / "README.md"
CONTRACT = ROOT / "consent" / "contract" / "package.json"
VENDORED_ROW = re.compile(r"^\| \S+ \| npm `([^`]+)` \| ([\d.]+) \| (\S+) \|", re.MULTILINE)
NODE_LICENCES = {"ipfs": "MIT", "geth": "GPL-3.0-only"}


def write_release(cyclonedx: str, folder: Path) -> list[Path]:
    """Write the release of the commit that is checked out; return its files."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    name = f"vouchsafe-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    archive, sbom = folder / f"{name}.tar.gz", folder / f"{name}.cdx.json"
    _run("git", "archive", f"--prefix={name}/", "-o", str(archive), "HEAD")
    options = ("--pyproject", "pyproject.toml", "--output-reproducible", "-o", str(sbom))
    _run(cyclonedx, "requirements", "requirements.lock", *options)
    document = json.loads(sbom.read_text("utf-8"))
    document["components"] += other_components()
    sbom.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    sums = folder / f"{name}.sha256"
    lines = [
        f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}" for each in (archive, sbom)
    ]
    sums.write_text("\n".join(lines) + "\n", "utf-8")
    return [archive, sbom, sums]


def other_components() -> list[dict[str, object]]:
    """Return what the lock file does not list: nodes, browser scripts, the ledger's library."""
    components = []
    for name, recipe in RECIPES.items():
        module = "/".join(recipe.package.split("/")[:3])
        components.append(
            _component("application", f"golang/{module}", f"v{recipe.version}", NODE_LICENCES[name])
        )
    for name, version, licence in VENDORED_ROW.findall(VENDORED.read_text("utf-8")):
        components.append(_component("library", f"npm/{name}", version, licence))
    for name, version in _contract_libraries():
        components.append(_component("library", f"npm/{name}", version, "MIT"))
    return components


def _contract_libraries() -> Iterator[tuple[str, str]]:
    yield from json.loads(CONTRACT.read_text("utf-8"))["dependencies"].items()


def _component(kind: str, path: str, version: str, licence: str) -> dict[str, object]:
    purl = f"pkg:{path.replace('@', '%40')}@{version}"
    return {
        "bom-ref": purl,
        "type": kind,
        "name": path.split("/", 1)[1],
        "version": version,
        "purl": purl,
        "licenses": [{"license": {"id": licence}}],
    }


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - git and the pinned tool


if __name__ == "__main__":
    for path in write_release(sys.argv[1], ROOT / "dist"):
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
