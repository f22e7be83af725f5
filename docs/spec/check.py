"""A stranger's check: from evidence, the chain's logs and the IPFS blocks alone; needs no code of Vouchsafe.

    python check.py evidence.ndjson CHAIN BLOCKS        CHAIN: an IPC socket's path or an http URL; BLOCKS: Kubo's repo/blocks, or a copy by `vouchsafe export --blocks`

Verifies the contract's code, every signature from calldata, and every journalled use against its consent. Compare the contract, the custodian accounts and the
finality that it prints with those that you know. Needs Python 3.11 and pycryptodome. Formats: ledger.md, evidence.md and envelope.md beside this file. Exit code 0: everything agrees; 1: it does not.
"""

import base64, functools, hashlib, itertools, json, pathlib, socket, sys, urllib.request

from Crypto.Hash import SHA256, keccak as _keccak
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS, eddsa

# The contract, from consent/ledger.json: keccak of its code with the immutables zeroed, where those are, and the verifier's.
CODE = ("222fda77b07f5931bc715cbb2c9c3237d4c9afbdcc5ca701cfddadfe3065a39e", (3654, 3695, 5866, 6663, 13301, 13348, 13427, 13465, 13531))
CUSTODIAN, ANCHOR = (_keccak.new(digest_bits=256, data=name).digest() for name in (b"CUSTODIAN_ROLE", b"ANCHOR_ROLE"))
VERIFIER = "d2d89a16b6018390b5f186502374ca65dd0ea79edb8ea4552c90b24b6df26a40"
# Which purposes a permission covers besides its own (docs/spec/ledger.md, HL7 v3-PurposeOfUse).
COVERS = {"TREAT": "CLINTRL COC ERTREAT ETREAT POPHLTH", "ETREAT": "ERTREAT", "SYSDEV": "HTEST", "PUBHLTH": "DISASTER THREAT",
          "HOPERAT": "CAREMGT HQUALIMP HTEST PATSFTY SYSDEV TRAIN", "PATRQT": "FAMRQT PWATRNY SUPNWK",
          "HRESCH": "BIORCH CLINTRCH CLINTRCHNPC CLINTRCHPC DSRCH POARCH PRECLINTRCH TRANSRCH", "CLINTRCH": "CLINTRCHNPC CLINTRCHPC PRECLINTRCH"}
SKEW, CLOCK_STEP = 120, 3_600  # seconds: of a consent's times; by how much a host's clock may be wrong

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
SIGNED = {  # operation: the type that is signed (docs/spec/ledger.md, section 2)
    1: "Enrolment(bytes32 subject,address custodian,bytes signer)", 2: "KeyAddition(bytes32 subject,bytes signer,uint8 role,uint40 until)",
    3: "KeyRemoval(bytes32 subject,bytes signer)", 4: "Grant(bytes32 subject,Terms terms,uint40 signedAt,uint40 notAfter)" + TERMS,
    5: "Withdrawal(bytes32 subject,bytes32 termsHash)", 6: "Stop(bytes32 subject,uint40 issuedAt)",
    8: "Enrolment(bytes32 subject,address custodian,bytes signer)", 9: "RecoveryVeto(bytes32 subject,bytes signer)",
}
FIELDS = ("decision", "recipient", "purposes", "categories", "records", "data_from", "data_to", "obligations", "statement", "policy_uri")

def keccak(data): return _keccak.new(digest_bits=256, data=data).digest()
def sha(data): return hashlib.sha256(data).digest()
def unhex(text): return bytes.fromhex(text.removeprefix("0x"))
def canonical(content): return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def read_use(body):
    """Return the fields of a use; {} if the body is not JSON, can be read in two ways, or lacks a field that is read below."""
    try:
        use = json.loads(body, parse_constant=int)  # int refuses NaN and the infinities
        types = [type(use.get(field)) for field in ("at_s", "count", "party", "purpose")]
        return use if types == [int, int, str, str] and canonical(use) == body.encode() else {}
    except (AttributeError, RecursionError, ValueError): return {}

class Lines(list):
    """Lines of the evidence of one kind; `now` is the number of the line that is being read."""
    now = 0
    def __iter__(self):
        for Lines.now, line in super().__iter__(): yield line
        Lines.now = 0

def ask(where, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    if "://" in where:
        return json.load(urllib.request.urlopen(urllib.request.Request(where, body, {"Content-Type": "application/json"}), timeout=60))["result"]
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(where); wire.sendall(body); text = b""
        while True:
            text += wire.recv(2**20)
            try: return json.loads(text)["result"]
            except ValueError: continue

def merkle(leaves):  # RFC 6962
    level = [sha(b"\0" + leaf) for leaf in leaves] or [sha(b"")]
    while len(level) > 1:
        paired = [sha(b"\1" + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]; level = paired + level[len(paired) * 2:]
    return level[0]

def terms_hash(terms):  # EIP-712
    def word(value):
        return keccak(b"".join(keccak(v.encode()) for v in value)) if isinstance(value, list) else keccak(value.encode())
    return keccak(keccak(TERMS.encode()) + b"".join(word(terms[f]) for f in FIELDS) + unhex(terms["policy_hash"]) + unhex(terms["salt"]))

# secp256k1: the account that signed a hash (SEC 1, 4.1.6), in Jacobian coordinates
P, N = 2**256 - 2**32 - 977, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8, 1)
BETA = 0x7AE96A2B657C07106E64479EAC3434E99CF0497512F58995C1396C28719501EE  # a cube root of 1 modulo P; SHORT: a basis of its lattice modulo N
SHORT = 0x3086D221A7D46BCDE86C90E49284EB15, 0xE4437ED6010E88286F547FA90ABFE4C3, 0x114CA50F7A8E2F3F657C1108D9D44CFD8

def double(p):
    x, y, z = p
    s, m = 4 * x * (w := y * y % P) % P, 3 * x * x % P; u = (m * m - 2 * s) % P
    return u, (m * (s - u) - 8 * w * w) % P, 2 * y * z % P

def add(p, q):
    if not p[2] or not q[2]: return p if p[2] else q
    a, b = q[2] * q[2] % P, p[2] * p[2] % P
    u, v, s, t = p[0] * a % P, q[0] * b % P, p[1] * (a * q[2] % P) % P, q[1] * (b * p[2] % P) % P
    if u == v: return double(p) if s == t else (1, 1, 0)
    h, r = v - u, t - s; i = h * h % P; j, k = h * i % P, u * i % P
    x = (r * r - j - 2 * k) % P
    return x, (r * (k - x) - s * j) % P, h * p[2] * q[2] % P

def halves(scalar, point):  # the curve's endomorphism: a scalar of 256 bits times a point is the sum of two of 129 bits
    c, d = (SHORT[0] * scalar + N // 2) // N, (SHORT[1] * scalar + N // 2) // N
    parts = (scalar - c * SHORT[0] - d * SHORT[2], point[0]), (c * SHORT[1] - d * SHORT[0], point[0] * BETA % P)
    return [(abs(k), (x, point[1] if k >= 0 else P - point[1], 1)) for k, x in parts]

def recover(hashed, r, s, parity):
    if not (0 < r < N and 0 < s <= N // 2 and parity in (0, 1)): return b""
    y = pow(r**3 + 7, (P + 1) // 4, P)
    if (y * y - r**3 - 7) % P: return b""
    point, inverse, e = (r, y if y % 2 == parity else P - y, 1), pow(r, -1, N), int.from_bytes(hashed, "big")
    parts, sums, total = halves(-e * inverse % N, G) + halves(s * inverse % N, point), [(1, 1, 0)], (1, 1, 0)
    for _, each in parts: sums += [add(known, each) for known in sums]
    a, b, c, d = (scalar for scalar, _ in parts)
    for bit in range(128, -1, -1):
        total = double(total); which = a >> bit & 1 | (b >> bit & 1) << 1 | (c >> bit & 1) << 2 | (d >> bit & 1) << 3
        if which: total = add(total, sums[which])
    if not total[2]: return b""
    z = pow(total[2], -1, P); return keccak((total[0] * z * z % P).to_bytes(32, "big") + (total[1] * z**3 % P).to_bytes(32, "big"))[12:]

def unrlp(data, at=0):
    """Return the RLP item at a position, and the position after it."""
    kind = data[at]
    if kind < 0x80: return data[at:at + 1], at + 1
    short, size, start = (kind - 0x80, kind & 0x3F, at + 1) if kind < 0xC0 else (kind - 0xC0, kind & 0x3F, at + 1)
    if short > 55: size, start = int.from_bytes(data[start:start + short - 55], "big"), start + short - 55
    if kind < 0xC0: return data[start:start + size], start + size
    items, end = [], start + size
    while start < end: item, start = unrlp(data, start); items.append(item)
    return items, end

def rlp(item):
    body = item if isinstance(item, bytes) else b"".join(map(rlp, item))
    if isinstance(item, bytes) and len(item) == 1 and item[0] < 0x80: return item
    first, size = (0x80 if isinstance(item, bytes) else 0xC0), len(body)
    if size < 56: return bytes([first + size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([first + 55 + len(length)]) + length + body

def transaction(raw):
    """Return sender, receiver and calldata of a signed transaction (EIP-2718, EIP-155)."""
    number, typed = lambda item: int.from_bytes(item, "big"), raw[0] if raw[0] < 0x80 else None
    fields = unrlp(raw, 0 if typed is None else 1)[0]
    to, data = {None: (3, 5), 1: (4, 6), 2: (5, 7), 4: (5, 7)}[typed]
    if typed is not None: hashed, parity = keccak(bytes([typed]) + rlp(fields[:-3])), number(fields[-3])
    elif number(fields[6]) < 35: hashed, parity = keccak(rlp(fields[:6])), number(fields[6]) - 27
    else:
        chain_id, parity = divmod(number(fields[6]) - 35, 2); hashed = keccak(rlp([*fields[:6], chain_id.to_bytes(8, "big").lstrip(b"\0"), b"", b""]))
    return recover(hashed, number(fields[-2]), number(fields[-1]), parity), fields[to], fields[data]

def claims(sender, data):
    """Yield (operation, words as signed, signer, signature) of each message that a call brings; no signature: the sender speaks."""
    def word(at): return data[4 + at:36 + at]
    def number(at): return int.from_bytes(word(at), "big")
    def long(at): return data[36 + at:36 + at + number(at)]
    def args(*places): return [long(number(32 * place)) for place in places]
    selector = {keccak(name.encode())[:4]: name.split("(")[0] for name in (
        "grant((bytes32,bytes32,uint40,uint40,bytes,bytes)[])", "withdraw((bytes32,bytes32,bytes,bytes)[])", "stop((bytes32,uint40,bytes,bytes)[])",
        "enrol((bytes32,bytes,bytes)[])", "withdrawOwn(bytes32,bytes32)", "stopOwn(bytes32)", "addKey(bytes32,bytes,uint8,uint40,bytes,bytes,bytes)",
        "removeKey(bytes32,bytes,bytes,bytes)", "endKey(bytes32,bytes)", "proposeRecovery(bytes32,bytes,bytes)",
        "vetoRecovery(bytes32,bytes,bytes,bytes)", "anchor(bytes32,bytes32,uint64)", "completeRecovery(bytes32)",
        "grantRole(bytes32,address)", "revokeRole(bytes32,address)", "renounceRole(bytes32,address)")}
    called, wide = selector.get(data[:4], ""), sender.rjust(32, b"\0")
    if called in ("grant", "withdraw", "stop", "enrol"):
        op, fixed = {"grant": (4, 4), "withdraw": (5, 2), "stop": (6, 2), "enrol": (1, 1)}[called]; array = number(0)
        for index in range(min(number(array), 4096)):
            at = array + 32 + number(array + 32 + 32 * index)
            words, signer, signature = data[4 + at:4 + at + 32 * fixed], long(at + number(at + 32 * fixed)), long(at + number(at + 32 * fixed + 32))
            yield op, (words + wide + keccak(signer) if op == 1 else words), signer, signature
    elif called == "addKey":
        signer, by, signature, proof = args(1, 4, 5, 6); words = word(0) + keccak(signer) + word(64) + word(96)
        yield 2, words, by, signature; yield -2, words, signer, proof
    elif called in ("removeKey", "vetoRecovery"): yield (3 if called == "removeKey" else 9), word(0) + keccak(args(1)[0]), *args(2, 3)
    elif called == "proposeRecovery": yield 8, word(0) + wide + keccak(args(1)[0]), *args(1, 2)
    elif called == "endKey": yield 3, word(0) + keccak(args(1)[0]), b"", None
    elif called.endswith("Role"): yield (13 if called == "grantRole" else 14), word(0) + word(32), (sender if called == "renounceRole" else b""), None
    elif called == "withdrawOwn": yield 5, word(0) + word(32), sender, None
    elif called == "stopOwn": yield 6, word(0), sender, None
    elif called == "anchor": yield 7, word(0) + word(32) + word(64), sender, None

def passkey_signed(signer, hashed, signature):  # WebAuthn 7.2, as OpenZeppelin's verifier reads it
    try:
        r, s, challenge_at, type_at, data_at, client_at = (int.from_bytes(signature[at:at + 32], "big") for at in range(0, 192, 32))
        def text(at): return signature[at + 32:at + 32 + int.from_bytes(signature[at:at + 32], "big")]
        authenticator, client = text(data_at), text(client_at); challenge = b'"challenge":"' + base64.urlsafe_b64encode(hashed).rstrip(b"=") + b'"'
        if not client.startswith(b'"type":"webauthn.get"', type_at) or not client.startswith(challenge, challenge_at): return False
        if len(authenticator) < 37 or authenticator[32] & 5 != 5 or authenticator[32] & 0x18 == 0x10 or s > 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2: return False
        key = ECC.construct(curve="P-256", point_x=int.from_bytes(signer[20:52], "big"), point_y=int.from_bytes(signer[52:], "big"))
        DSS.new(key, "fips-186-3").verify(SHA256.new(authenticator + sha(client)), r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return True
    except (ValueError, OverflowError): return False

class Proofs:
    """Which operations are proved by signatures in the transactions that the chain names."""
    def __init__(self, chain, deployment):
        self.chain, self.contract, self.verifiers = chain, unhex(deployment["contract"]), [unhex(v) for v in deployment["verifiers"]]
        domain = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)") + keccak(b"Vouchsafe") + keccak(b"1")
        self.domain = keccak(domain + deployment["chain_id"].to_bytes(32, "big") + self.contract.rjust(32, b"\0"))
        self.calls, self.keys, self.enrolled, self.proposed, self.roles, self.started = {}, {}, {}, {}, set(), False
    def call(self, name):
        """Return sender and claims of a transaction; its hash is checked."""
        if name not in self.calls:
            self.calls = {}  # transactions come in order: one is enough
            raw, sender, found = ask(self.chain, "eth_getRawTransactionByHash", name), b"", {}
            try:
                if raw and keccak(unhex(raw)) == unhex(name):
                    sender, to, data = transaction(unhex(raw))
                    if to == b"": found = {"deploys": True}
                    for op, words, *by in claims(sender, data) if to == self.contract else ():  # of a message that comes twice, the signed one
                        if (op, words) not in found or (op in SIGNED and self.signed(op, words, *by)): found[op, words] = tuple(by)
            except (KeyError, IndexError, ValueError, TypeError): found = {}
            self.calls[name] = sender, found
        return self.calls[name]
    def signed(self, op, words, signer, signature):
        hashed = keccak(b"\x19\x01" + self.domain + keccak(keccak(SIGNED[op].encode()) + words))
        if signature is None: return False
        if len(signer) == 84: return signer[:20] in self.verifiers and passkey_signed(signer, hashed, signature)
        if len(signer) == 20 and len(signature) == 65 and recover(hashed, int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64] - 27) == signer:
            return True
        if len(signer) != 20: return False
        padded = signature + bytes(-len(signature) % 32)  # an account with code answers only through the chain (ERC-1271)
        question = keccak(b"isValidSignature(bytes32,bytes)")[:4] + hashed + (64).to_bytes(32, "big") + len(signature).to_bytes(32, "big") + padded
        where = {"to": "0x" + signer.hex(), "data": "0x" + question.hex()}
        return unhex(ask(self.chain, "eth_getCode", where["to"], "latest") or "0x") != b"" and (ask(self.chain, "eth_call", where, "latest") or "").startswith("0x1626ba7e")
    def has(self, role, account): return not self.roles or (role, account) in self.roles  # a ledger always starts with its constructor's roles
    def role(self, op, words, sender, found):
        pair, asked = (words[0], words[1][12:]), found.get((op, words[0] + words[1]))  # the constructor, an admin, or an account of its own role
        fine = "deploys" in found and not self.started and op == 13 or asked is not None and ((bytes(32), sender) in self.roles or asked[0] == pair[1])
        if op == 14: self.roles = (self.roles - {pair}) or {(b"none", b"none")}
        elif fine: self.roles.add(pair)
        return fine
    def proved(self, op, words, name):
        if op in (11, 12): return True  # pauses give nobody a right to data
        (sender, found), body, subject = self.call(name), b"".join(words), words[0]
        if op in (13, 14): return self.role(op, words, sender, found)
        self.started = True
        if op == 10:
            if self.proposed.pop(subject, None) != words[1] or (subject, words[1]) in self.keys: return False
            self.keys[subject, words[1]] = [0, True]; return True
        sought = {4: body[:64] + body[96:], 8: subject + sender.rjust(32, b"\0") + body[32:]}.get(op, body)
        signer, signature = found.get((op, sought)) or (found.get((6, subject)) if op == 6 else None) or (b"", b"none")
        by = self.keys.get((subject, keccak(signer)), [None, False])
        def valid(): return self.signed(op, sought, signer, signature)
        if op == 1:
            fine = words[1][12:] == sender and subject not in self.enrolled and self.has(CUSTODIAN, sender) and self.has(ANCHOR, sender) and valid()
            if fine: self.enrolled[subject], self.keys[subject, words[2]] = sender, [0, True]
        elif op == 2:
            new = found.get((-2, body), (b"", b""))
            fine = by == [0, True] and (subject, words[1]) not in self.keys and valid() and self.signed(2, body, *new)
            if fine: self.keys[subject, words[1]] = [int.from_bytes(words[2], "big"), True]
        elif op == 3:
            fine = (signer == b"" and signature is None) or (by == [0, True] and valid())
            if fine: self.keys[subject, words[1]] = [0, False]
        elif op == 4: fine = by[1] and keccak(signer) == words[2] and valid()
        elif op in (5, 6): fine = by[1] and ((signature is None and signer == sender) or valid())
        elif op == 7: fine = found.get((7, body)) is not None and (self.has(ANCHOR, sender) if self.roles else sender in self.enrolled.values() or not self.enrolled)
        elif op == 8:
            fine = self.enrolled.get(subject) == sender and self.has(CUSTODIAN, sender) and (subject, words[1]) not in self.keys and keccak(signer) == words[1] and valid()
            if fine: self.proposed[subject] = words[1]
        else:
            fine = by == [0, True] and valid() and (self.proposed.pop(subject, None) or True)
        return fine

def operations(chain, contract, first):
    """Read the contract's logs in order; return (operation, words, hash of the transaction) of each, and the number of its block."""
    by_topic = {keccak(signature.encode()): (op, words.split()) for op, (signature, words) in EVENTS.items()}
    last, found, blocks = int(ask(chain, "eth_blockNumber"), 16), [], []
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
                return keccak(data[at + 32:at + 32 + int.from_bytes(data[at:at + 32], "big")])
            if op: found.append((op, [part(w) for w in words], log["transactionHash"])); blocks.append(log["blockNumber"])
    return found, blocks

def main(evidence, chain, blocks):
    told, wrong = {}, []
    def check(holds, what): wrong.append(what) if not holds else None
    for Lines.now, text in enumerate(open(evidence, "rb"), 1): line = json.loads(text); told.setdefault(line["kind"], Lines()).append((Lines.now, line))

    # 1. The ledger: the logs, rolled, give the head that the contract itself says.
    (deployment,) = told["deployment"]; finality = deployment.get("finality", "single")
    (ops, mined), head = operations(chain, deployment["contract"], 0 if finality == "single" else deployment["block_number"]), bytes(27)  # a single validator may mine the deployment again, in an earlier block
    for op, words, _ in ops: head = keccak(head + bytes(5) + op.to_bytes(32, "big") + b"".join(words))[:27]
    answer, delay = (unhex(ask(chain, "eth_call", {"to": deployment["contract"], "data": "0x" + keccak(name)[:4].hex()}, "latest")) for name in (b"headAndCount()", b"RECOVERY_DELAY()"))
    check(answer[:27] == head and int.from_bytes(answer[32:64], "big") == len(ops), "the logs do not lead to the contract's head"); check(int.from_bytes(delay, "big") >= 604_800, "the contract's recovery delay is less than seven days: a new key could count before the patient can refuse it")
    code = bytearray(unhex(ask(chain, "eth_getCode", deployment["contract"], "latest"))); check(keccak(bytes(code)) == unhex(deployment["code_hash"]), "the contract's code is not the one on record")
    for at in CODE[1]: code[at:at + 32] = bytes(32)
    check(keccak(bytes(code)).hex() == CODE[0], "the contract's code is not that of this specification")
    for verifier in deployment["verifiers"]: check(keccak(unhex(ask(chain, "eth_getCode", verifier, "latest"))).hex() == VERIFIER, f"the code of verifier {verifier} is not OpenZeppelin's")
    proofs, proved, time_of = Proofs(chain, deployment), [], functools.cache(lambda number: int(ask(chain, "eth_getBlockByNumber", number, False)["timestamp"], 16))
    for position, (op, words, name) in enumerate(ops, 1):
        proved.append(proofs.proved(op, words, name))
        check(proved[-1], f"operation {position} ({EVENTS[op][0].split('(')[0]}) is proved by no signature")
    anchors = {}
    for (op, words, _), fine in zip(ops, proved):
        if op == 7 and fine: anchors.setdefault(words[0].rstrip(b"\0").decode(), []).append((words[1], int.from_bytes(words[2], "big")))
    # 2. The consents: what stands, and that each opening is what was signed.
    grants, places, gone, stops, all_stops, openings = {}, {}, {}, {}, {}, {}
    for position, ((op, words, _), fine) in enumerate(zip(ops, proved), 1):
        if op == 4 and fine: grants[keccak(words[0] + words[1])], places[keccak(words[0] + words[1])] = words, position
        if op == 5: gone.setdefault(keccak(words[0] + words[1]), position)
        if op == 6: stops[words[0]] = max(stops.get(words[0], 0), int.from_bytes(words[1], "big")); all_stops.setdefault(words[0], []).append((position, int.from_bytes(words[1], "big")))
    erased = {}  # by the SHA-256 of a patient: the time of the newest receipt that everything about the patient is deleted
    for line in told.get("erasure", []):
        receipt, key = json.loads(line["body"]), eddsa.import_public_key(unhex(line["public_key"]))
        try: eddsa.new(key, "rfc8032").verify(line["body"].encode(), unhex(line["signature"]))
        except ValueError: check(False, f"the receipt of the erasure of {receipt['subject_sha256']} has no valid signature"); continue
        erased[receipt["subject_sha256"]] = max(receipt["at_s"], erased.get(receipt["subject_sha256"], 0))
    def erased_at(words): return erased.get(sha(words[0]).hex(), -CLOCK_STEP)
    for line in told.get("opening", []):
        if line["terms"] is None: continue
        check(keccak(unhex(line["subject"]) + terms_hash(line["terms"])) == (name := unhex(line["consent_id"])), f"opening {name.hex()} is not what was signed")
        openings[name] = line["terms"]
    def outlives_stops(name, words): return int.from_bytes(words[3], "big") > stops.get(words[0], -1) or openings.get(name, {}).get("decision") == "deny"
    stand = {name for name, words in grants.items() if name not in gone and outlives_stops(name, words)}
    for name in grants.keys() - gone.keys(): check(name in openings or erased_at(grants[name]) >= 0, f"consent {name.hex()} was not withdrawn and has no opening")
    # 3. The records: every batch is anchored, every block is there and is what its name says.
    uses, use_of, records, roots = {}, {}, 0, {root for root, _ in anchors.get("records", [])}
    for line in told.get("use", []): uses[line["hash"]], use_of[line["hash"]] = line["body"], read_use(line["body"])
    seen, batches = max((use["count"] for use in use_of.values() if use), default=0), {unhex(line["root"]) for line in told.get("batch", [])}  # it has each batch that was anchored before its newest use
    for position, ((op, words, _), fine) in enumerate(zip(ops[:seen], proved), 1): check(op != 7 or not fine or words[0].rstrip(b"\0") != b"records" or words[1] in batches, f"the batch of operation {position} is missing")
    for batch in told.get("batch", []):
        leaves = [unhex(leaf) for leaf in batch["leaves"]]
        check(merkle(leaves) == unhex(batch["root"]) and unhex(batch["root"]) in roots, f"batch {batch['name']} is not what was anchored")
        for leaf, held in zip(leaves, batch["held"]):
            cid, size = leaf[20:56], int.from_bytes(leaf[56:64], "big"); name = base64.b32encode(cid[2:]).decode().rstrip("=")
            file = pathlib.Path(blocks) / name[-3:-1] / f"{name}.data"
            if held:
                block = file.read_bytes() if file.exists() else b""
                check(len(block) == size and sha(block) == cid[4:], f"block of record {leaf[:16].hex()} is missing or altered")
                records += 1
    # 4. The journal: the rows chain, and their roots are those on the chain.
    for name, body in uses.items(): check(sha(body.encode(errors="replace")).hex() == name and use_of[name], f"use {name} is altered")
    before, hashes, last, seq, ends = bytes(32), [], 0, 0, [0]
    for row in told.get("journal", []):
        check(row["use"] in uses, f"journal row {row['seq']} names no use"); check(use_of.get(row["use"], True), f"journal row {row['seq']} names a use that cannot be read: do not rely on it")
        fixed = row["seq"].to_bytes(8, "big"), unhex(row["use"]), unhex(row["commitments"]), row["version"].to_bytes(4, "big"), unhex(row["consent"])
        check(row["seq"] > seq and [*map(len, fixed)] == [8, 32, 64, 4, 32], f"journal row {row['seq']} is out of order, or not a row")  # else the same bytes could be read in two ways
        check(row["seq"] <= seq + 1, f"journal rows {seq + 1} to {row['seq'] - 1} are missing")  # else a row could pass for a later one
        check(sha(b"".join((before, *fixed, row["outcome"].encode()))).hex() == row["hash"], f"journal row {row['seq']} is altered")
        hashes.append(before := unhex(row["hash"])); seq = row["seq"]  # so that one altered row is one finding
    for root, count in dict.fromkeys(anchors.get("journal", [])):
        check(count <= len(hashes) and any(start < count and merkle(hashes[start:count]) == root for start in ends[:-17:-1]), f"journal rows {last + 1 if count > last else 1} to {count} are not those anchored")  # also of a second anchor: else two journals could be shown
        last = max(last, count); ends.append(count)  # of two processes that anchor at once, the second starts where the first did
    # 5. The uses: each permitted row had a consent of that patient at its view, to that recipient, for that purpose, at that time.
    coming = sorted({int.from_bytes(words[2], "big"): at for at, ((op, words, _), fine) in reversed([*enumerate(zip(ops, proved), 1)]) if op == 7 and fine and words[0].rstrip(b"\0") == b"journal"}.items(), reverse=True)
    bounds = [len(ops) + 1, *itertools.accumulate((at for _, at in coming), min)]  # at its end: the first anchor that covers the row
    newest, depth, latest, names, people = [], 32 if finality == "pos" else 4, 0, {}, {}  # the first positions of the newest anchors before a row, and how many count; the latest time; whose rows have which commitment
    for row in told.get("journal", []):
        use = use_of.get(row["use"])
        if row["outcome"] == "own" and use: check((use["party"], use["purpose"]) == ("patient", "PATRQT"), f"journal row {row['seq']} is not a patient's own reading")
        if row["outcome"] != "permitted" or not use: continue
        while coming and coming[-1][0] < row["seq"]: newest = sorted([*newest, coming.pop()[1]])[-depth:]
        name, whose, where = unhex(row["consent"]), unhex(row["commitments"])[:32], f"journal row {row['seq']} was permitted by consent {row['consent']}, "
        check(len(newest) < depth or use["count"] >= newest[0], where + "by a view that was outdated when the row was written"); check(use["count"] < bounds[len(coming)], where + "by a view from after the row was anchored")
        check(not coming or use["at_s"] <= time_of(mined[bounds[len(coming)] - 1]) + CLOCK_STEP, where + "at a time after that of the block that anchors it")
        check(use["at_s"] >= latest - CLOCK_STEP, where + "at a time before that of earlier rows"); latest = max(latest, use["at_s"])
        check((words := grants.get(name)) is not None and places[name] <= use["count"], where + "which was not on the ledger")
        if words is None: continue
        check(names.setdefault(words[0], whose) == whose and people.setdefault(whose, words[0]) == words[0], where + "which another patient signed")
        signed, until = (int.from_bytes(word, "big") for word in words[3:5])
        ended = gone.get(name, use["count"] + 1) <= use["count"] or any(at <= use["count"] and to >= signed for at, to in all_stops.get(words[0], ()))
        check(not ended, where + "which had been taken back")
        check(signed - SKEW <= use["at_s"] <= until + SKEW, where + "which was not valid at that time")
        if (terms := openings.get(name)) is None:
            check(use["at_s"] <= erased_at(words) + CLOCK_STEP, where + "whose terms are not in the evidence")
            continue
        check(terms["decision"] == "permit" and terms["recipient"] in ("*", use["party"]), where + f"which does not permit {use['party']}")
        check(any(use["purpose"] in (p, *COVERS.get(p, "").split()) for p in terms["purposes"]), where + f"which does not permit {use['purpose']}")
    # 6. The models: manifests and cards are those on the chain, and each line had a consent for training.
    for line in told.get("manifest", []):
        held = json.loads(line["text"]); root = merkle([canonical({"format": held["format"], "question": held["question"]}), *map(canonical, held["lines"])])
        check(root.hex() == line["manifest_root"] and (line["state"] == "trained" or root in {r for r, _ in anchors.get("manifest", [])}), f"manifest of {line['model']} is not what was anchored")
        for used in held["lines"]:
            terms = openings.get(name := unhex(used["consent"]))  # missing only for an erased patient
            fits = name in grants and (erased_at(grants[name]) >= 0 if terms is None else terms["decision"] == "permit" and "MLTRAINING" in terms["purposes"])
            check(fits, f"{line['model']} rests on consent {name.hex()}, which is not known to permit training")
            check(line["state"] != "active" or (name in stand and name in openings), f"{line['model']} is in use although consent {name.hex()} has ended")
    for line in told.get("card", []):
        root = sha(line["text"].encode()); check(root.hex() == line["card_sha256"] and (line["state"] == "trained" or root in {r for r, _ in anchors.get("card", [])}), f"card of {line['model']} is not what was anchored")
    print(json.dumps({"agrees": not wrong, "contract": deployment["contract"], "custodians": sorted({a.hex() for a in proofs.enrolled.values()}), "finality": finality, "operations": len(ops), "consents_standing": len(stand), "erased": len(erased), "receipt_keys": sorted({line["public_key"] for line in told.get("erasure", [])}), "records": records,
                      "journal_rows": len(hashes), "journal_anchored": last, "wrong": wrong[:20]}, indent=1))
    return 1 if wrong else 0

def run(evidence, chain, blocks):
    try: return main(evidence, chain, blocks)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as fault: return f"Do not rely on this evidence: {f'line {Lines.now} of it' if Lines.now else 'it, or an answer of the chain node,'} cannot be read ({type(fault).__name__}: {fault})."
    except OSError as fault: return f"Nothing was checked: {fault}. {evidence} must be a file that you can read, and {chain} a chain node that runs."

if __name__ == "__main__": sys.exit(run(*sys.argv[1:]) if len(sys.argv) == 4 else __doc__)
