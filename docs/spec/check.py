"""A stranger's check: from evidence, the chain's logs and the IPFS blocks alone; needs no code of Vouchsafe.

    python check.py evidence.ndjson CHAIN BLOCKS        CHAIN: an IPC socket's path or an http URL; BLOCKS: Kubo's repo/blocks

Needs Python 3.11 and pycryptodome. Formats: ledger.md, evidence.md and envelope.md beside this file. Exit code 0: everything agrees; 1: it does not.
"""

import base64, hashlib, json, pathlib, socket, sys, urllib.request

from Crypto.Hash import keccak as _keccak

EVENTS = {  # docs/spec/ledger.md, section 5: operation, signature, words (t: topic, d: data, b: the hash of bytes in the data)
    1: ("Enrolled(bytes32,address,bytes)", "t1 t2 b0"), 2: ("KeyAdded(bytes32,bytes,uint8,uint40)", "t1 b0 d1 d2"),
    3: ("KeyRemoved(bytes32,bytes)", "t1 b0"), 4: ("Granted(bytes32,bytes32,bytes32,uint40,uint40)", "t1 d0 d1 d2 d3"),
    5: ("Withdrawn(bytes32,bytes32)", "t1 d0"), 6: ("Stopped(bytes32,uint40)", "t1 d0"),
    7: ("Anchored(bytes32,bytes32,uint64)", "t1 d0 d1"), 8: ("RecoveryProposed(bytes32,bytes,uint40)", "t1 b0"),
    9: ("RecoveryVetoed(bytes32,bytes)", "t1 b0"), 10: ("Recovered(bytes32,bytes)", "t1 b0"),
    11: ("Paused(address)", "d0"), 12: ("Unpaused(address)", "d0"),
    13: ("RoleGranted(bytes32,address,address)", "t1 t2"), 14: ("RoleRevoked(bytes32,address,address)", "t1 t2"),
}
TERMS = ("Terms(string decision,string recipient,string[] purposes,string[] categories,string[] records,string dataFrom,"
         "string dataTo,string[] obligations,string statement,string policyUri,bytes32 policyHash,bytes32 salt)")
FIELDS = ("decision", "recipient", "purposes", "categories", "records", "data_from", "data_to", "obligations", "statement", "policy_uri")


def keccak(data): return _keccak.new(digest_bits=256, data=data).digest()
def sha(data): return hashlib.sha256(data).digest()
def unhex(text): return bytes.fromhex(text.removeprefix("0x"))
def canonical(content): return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def ask(where, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    if "://" in where:
        request = urllib.request.Request(where, body, {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))["result"]
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(where)
        wire.sendall(body)
        text = b""
        while True:
            text += wire.recv(2**20)
            try:
                return json.loads(text)["result"]
            except ValueError:
                continue


def merkle(leaves):  # RFC 6962
    level = [sha(b"\0" + leaf) for leaf in leaves] or [sha(b"")]
    while len(level) > 1:
        paired = [sha(b"\1" + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2:]
    return level[0]


def terms_hash(terms):  # EIP-712
    def word(value):
        return keccak(b"".join(keccak(v.encode()) for v in value)) if isinstance(value, list) else keccak(value.encode())
    return keccak(keccak(TERMS.encode()) + b"".join(word(terms[f]) for f in FIELDS) + unhex(terms["policy_hash"]) + unhex(terms["salt"]))


def operations(chain, contract, first):
    """Read the contract's logs in order; return (operation, words, block number) of each."""
    by_topic = {keccak(signature.encode()): (op, words.split()) for op, (signature, words) in EVENTS.items()}
    last, found = int(ask(chain, "eth_blockNumber"), 16), []
    for start in range(first, last + 1, 200):
        asked = {"address": contract, "fromBlock": hex(start), "toBlock": hex(min(start + 199, last))}
        for log in ask(chain, "eth_getLogs", asked):
            topics, data = [unhex(t) for t in log["topics"]], unhex(log["data"])
            op, words = by_topic.get(topics[0], (0, ()))  # 0: Refused, which changes nothing
            def part(w):
                if w[0] == "t": return topics[int(w[1])]
                plain = data[32 * int(w[1]):32 * int(w[1]) + 32]
                if w[0] == "d": return plain
                at = int.from_bytes(plain, "big")
                size = int.from_bytes(data[at:at + 32], "big")
                return keccak(data[at + 32:at + 32 + size])
            if op: found.append((op, [part(w) for w in words], int(log["blockNumber"], 16)))
    return found


def main(evidence, chain, blocks):
    told, wrong = {}, []
    for line in open(evidence, encoding="utf-8"):
        line = json.loads(line)
        told.setdefault(line["kind"], []).append(line)
    def check(holds, what): wrong.append(what) if not holds else None

    # 1. The ledger: the logs, rolled, give the head that the contract itself says.
    deployment = told["deployment"][0]
    ops, head = operations(chain, deployment["contract"], deployment["block_number"]), bytes(27)
    for op, words, _ in ops:
        head = keccak(head + bytes(5) + op.to_bytes(32, "big") + b"".join(words))[:27]
    answer = unhex(ask(chain, "eth_call", {"to": deployment["contract"], "data": "0x" + keccak(b"headAndCount()")[:4].hex()}, "latest"))
    check(answer[:27] == head and int.from_bytes(answer[32:64], "big") == len(ops), "the logs do not lead to the contract's head")
    anchors = {}
    for op, words, _ in ops:
        if op == 7: anchors.setdefault(words[0].rstrip(b"\0").decode(), []).append((words[1], int.from_bytes(words[2], "big")))

    # 2. The consents: what stands, and that each opening is what was signed.
    grants, gone, stops = {}, set(), {}
    for op, words, _ in ops:
        if op == 4: grants[keccak(words[0] + words[1])] = words
        if op == 5: gone.add(keccak(words[0] + words[1]))
        if op == 6: stops[words[0]] = max(stops.get(words[0], 0), int.from_bytes(words[1], "big"))
    openings = {}
    for line in told.get("opening", []):
        if line["terms"] is None: continue
        name = unhex(line["consent_id"])
        check(keccak(unhex(line["subject"]) + terms_hash(line["terms"])) == name, f"opening {name.hex()} is not what was signed")
        openings[name] = line["terms"]
    def outlives_stops(name, words): return int.from_bytes(words[3], "big") > stops.get(words[0], -1) or openings.get(name, {}).get("decision") == "deny"
    stand = {name for name, words in grants.items() if name not in gone and outlives_stops(name, words)}
    for name in stand: check(name in openings, f"consent {name.hex()} stands and has no opening")

    # 3. The records: every batch is anchored, every block is there and is what its name says.
    records, roots = 0, {root for root, _ in anchors.get("records", [])}
    for batch in told.get("batch", []):
        leaves = [unhex(leaf) for leaf in batch["leaves"]]
        check(merkle(leaves) == unhex(batch["root"]) and unhex(batch["root"]) in roots, f"batch {batch['name']} is not what was anchored")
        for leaf, held in zip(leaves, batch["held"]):
            cid, size = leaf[20:56], int.from_bytes(leaf[56:64], "big")
            name = base64.b32encode(cid[2:]).decode().rstrip("=")
            file = pathlib.Path(blocks) / name[-3:-1] / f"{name}.data"
            if held:
                block = file.read_bytes() if file.exists() else b""
                check(len(block) == size and sha(block) == cid[4:], f"block of record {leaf[:16].hex()} is missing or altered")
                records += 1

    # 4. The journal: the rows chain, and their roots are those on the chain.
    uses = {line["hash"]: line["body"] for line in told.get("use", [])}
    for name, body in uses.items(): check(sha(body.encode()).hex() == name, f"use {name} is altered")
    before, hashes = bytes(32), []
    for row in told.get("journal", []):
        check(row["use"] in uses, f"journal row {row['seq']} names no use")
        fixed = row["seq"].to_bytes(8, "big") + unhex(row["use"]) + unhex(row["commitments"]) + row["version"].to_bytes(4, "big")
        before = sha(before + fixed + unhex(row["consent"]) + row["outcome"].encode())
        check(before.hex() == row["hash"], f"journal row {row['seq']} is altered")
        before = unhex(row["hash"])  # so that one altered row is one finding
        hashes.append(before)
    last = 0
    for root, count in anchors.get("journal", []):
        if count <= last: continue
        check(merkle(hashes[last:count]) == root, f"journal rows {last + 1} to {count} are not those anchored")
        last = count

    # 5. The models: manifests and cards are those on the chain, and each line had a consent to that study for training.
    for line in told.get("manifest", []):
        if not line["text"]: continue
        held = json.loads(line["text"])
        leaves = [canonical({"format": held["format"], "question": held["question"]}), *map(canonical, held["lines"])]
        root = merkle(leaves)
        check(root.hex() == line["manifest_root"] and root in {r for r, _ in anchors.get("manifest", [])}, f"manifest of {line['model']} is not what was anchored")
        for used in held["lines"]:
            name = unhex(used["consent"])
            terms = openings.get(name, {"decision": "permit", "purposes": ["MLTRAINING"]})  # withdrawn since, and its opening erased
            check(name in grants and terms["decision"] == "permit" and "MLTRAINING" in terms["purposes"], f"{line['model']} rests on consent {name.hex()}, which is none")
            check(line["state"] != "active" or name in stand, f"{line['model']} answers though consent {name.hex()} was taken back")
    for line in told.get("card", []):
        root = sha(line["text"].encode())
        check(root.hex() == line["card_sha256"] and root in {r for r, _ in anchors.get("card", [])}, f"card of {line['model']} is not what was anchored")

    print(json.dumps({"agrees": not wrong, "operations": len(ops), "consents_standing": len(stand), "records": records,
                      "journal_rows": len(hashes), "journal_anchored": last, "wrong": wrong[:20]}, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 4 else __doc__)
