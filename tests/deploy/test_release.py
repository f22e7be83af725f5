"""A release lists every component: Python packages, nodes, scripts, the ledger's library."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from pathlib import Path

import pytest

from deploy.environments import install_tool
from deploy.nodes.build import RECIPES
from deploy.release import NODE_LICENCES, VENDORED, other_components, write_release


def test_every_component_beside_the_lock_has_a_version_and_a_licence():
    components = other_components()
    purls = {component["purl"] for component in components}
    assert f"pkg:golang/github.com/ipfs/kubo@v{RECIPES['ipfs'].version}" in purls
    assert any(purl.startswith("pkg:npm/%40openzeppelin/contracts@5.") for purl in purls)
    scripts = len(list(VENDORED.parent.glob("*.*js")))
    assert len(components) == len(RECIPES) + scripts + 1
    assert all(component["version"] and component["licenses"] for component in components)
    assert set(NODE_LICENCES) == set(RECIPES)


@pytest.mark.install
def test_a_release_has_sources_a_bill_of_materials_and_checksums(tmp_path):
    cache = Path(os.environ.get("VOUCHSAFE_CACHE") or "~/.cache/vouchsafe").expanduser()
    programs = install_tool("cyclonedx", cache)
    archive, sbom, sums = write_release(str(programs / "cyclonedx-py"), tmp_path)
    with tarfile.open(archive) as sources:
        assert any(name.endswith("/app.py") for name in sources.getnames())
    document = json.loads(sbom.read_text())
    purls = {component["purl"] for component in document["components"]}
    assert document["metadata"]["component"]["name"] == "vouchsafe"
    assert any(purl.startswith("pkg:pypi/flask@") for purl in purls)
    assert len(purls) > len(other_components()) + 50
    for line in sums.read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
