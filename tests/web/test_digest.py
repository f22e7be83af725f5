from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VECTORS = ROOT / "tests" / "vectors" / "typed_data"
SCRIPT = """
import fs from "fs";
const { digest, hashStruct, toHex } = await import(process.argv[1]);
const read = (name) => JSON.parse(fs.readFileSync(`${process.argv[2]}/${name}.json`));
const { name, version, chainId, verifyingContract } = read("domain");
const domain = { name, version, chainId, verifyingContract };
const terms = Object.fromEntries(read("terms").cases.map((one) => [one.name, one]));
const fields = {
  Grant: ["subject", "terms", "signedAt", "notAfter"], Withdrawal: ["subject", "termsHash"],
  Stop: ["subject", "issuedAt"], Enrolment: ["subject", "custodian", "signer"],
  KeyAddition: ["subject", "signer", "role", "until"], KeyRemoval: ["subject", "signer"],
  RecoveryVeto: ["subject", "signer"],
};
const found = { terms: [], messages: [] };
for (const one of Object.values(terms)) {
  found.terms.push([one.name, toHex(hashStruct("Terms", one.terms)), one.termsHash]);
}
for (const one of read("messages").cases) {
  const message = Object.fromEntries(fields[one.type].map((field) => [field, one[field]]));
  if (message.terms) message.terms = terms[message.terms].terms;
  found.messages.push([one.name, toHex(digest(domain, one.type, message)), one.digest]);
}
console.log(JSON.stringify(found));
"""


def test_the_page_hashes_what_it_shows_as_the_contract_does() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.fail("the page's script is tested with Node.js, which is not installed")
    module = (ROOT / "web" / "static" / "digest.mjs").as_uri()
    reply = subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT, module, str(VECTORS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert reply.returncode == 0, reply.stderr
    result = json.loads(reply.stdout)
    assert len(result["terms"]) >= 10
    assert len(result["messages"]) >= 10
    wrong = [case for part in result.values() for case in part if case[1] != case[2]]
    assert wrong == []
