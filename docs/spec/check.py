"""A stranger's check of evidence, the chain's logs and the IPFS blocks, without Vouchsafe's code.

    python check.py evidence.ndjson CHAIN BLOCKS [REQUESTED_AT]

CHAIN: an IPC socket's path or an http URL.
BLOCKS: Kubo's repo/blocks, or the folder `blocks` that `vouchsafe export --blocks` wrote.
REQUESTED_AT: when you requested the evidence, such as 2026-12-01T09:30Z; an hour ago if not given.
Evidence does not agree if the ledger had operations then that it does not describe.

Verifies the contract's code, every signature from calldata, and every journalled use against its
consent. Compare the contract, the custodian accounts and the finality that it prints with those
that you know. Needs Python 3.11 and pycryptodome. Formats: ledger.md, evidence.md and envelope.md
beside this file. Exit code 0: everything agrees; 1: it does not.
"""

import base64
import datetime
import functools
import hashlib
import http.client
import itertools
import json
import math
import pathlib
import socket
import sys
import time
import urllib.request

from Crypto.Hash import SHA256, keccak as _keccak
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS, eddsa

# The contract, from consent/ledger.json: keccak of its code with the immutables zeroed, where those
# are, and the verifier's.
CODE = (
    "222fda77b07f5931bc715cbb2c9c3237d4c9afbdcc5ca701cfddadfe3065a39e",
    (3654, 3695, 5866, 6663, 13301, 13348, 13427, 13465, 13531),
)
CUSTODIAN, ANCHOR = (
    _keccak.new(digest_bits=256, data=name).digest() for name in (b"CUSTODIAN_ROLE", b"ANCHOR_ROLE")
)
VERIFIER = "d2d89a16b6018390b5f186502374ca65dd0ea79edb8ea4552c90b24b6df26a40"
# Which purposes a permission covers besides its own (docs/spec/ledger.md, HL7 v3-PurposeOfUse).
COVERS = {
    "TREAT": "CLINTRL COC ERTREAT ETREAT POPHLTH",
    "ETREAT": "ERTREAT",
    "SYSDEV": "HTEST",
    "PUBHLTH": "DISASTER THREAT",
    "HOPERAT": "CAREMGT HQUALIMP HTEST PATSFTY SYSDEV TRAIN",
    "PATRQT": "FAMRQT PWATRNY SUPNWK",
    "HRESCH": "BIORCH CLINTRCH CLINTRCHNPC CLINTRCHPC DSRCH POARCH PRECLINTRCH TRANSRCH",
    "CLINTRCH": "CLINTRCHNPC CLINTRCHPC PRECLINTRCH",
}
SKEW = 120  # seconds: of a consent's times
CLOCK_STEP = 3_600  # seconds: by how much a host's clock may be wrong
LATER = 3_600  # seconds: how old evidence may be that the ledger has gone on from
FINAL = 1_800  # seconds: how long an operation can wait until it counts (finality `pos`)

# The operations: docs/spec/ledger.md, section 5.
ENROLLED, KEY_ADDED, KEY_REMOVED, GRANTED, WITHDRAWN, STOPPED, ANCHORED = range(1, 8)
RECOVERY_PROPOSED, RECOVERY_VETOED, RECOVERED, PAUSED, UNPAUSED = range(8, 13)
ROLE_GRANTED, ROLE_REVOKED = range(13, 15)
# What the contract takes from any account.
ANYBODYS = KEY_ADDED, KEY_REMOVED, GRANTED, WITHDRAWN, STOPPED, RECOVERY_VETOED
# By operation: the event's signature, and its words (t: a topic, d: data, b: the hash of bytes in
# the data).
EVENTS = {
    ENROLLED: ("Enrolled(bytes32,address,bytes)", "t1 t2 b0"),
    KEY_ADDED: ("KeyAdded(bytes32,bytes,uint8,uint40)", "t1 b0 d1 d2"),
    KEY_REMOVED: ("KeyRemoved(bytes32,bytes)", "t1 b0"),
    GRANTED: ("Granted(bytes32,bytes32,bytes32,uint40,uint40)", "t1 d0 d1 d2 d3"),
    WITHDRAWN: ("Withdrawn(bytes32,bytes32)", "t1 d0"),
    STOPPED: ("Stopped(bytes32,uint40)", "t1 d0"),
    ANCHORED: ("Anchored(bytes32,bytes32,uint64)", "t1 d0 d1"),
    RECOVERY_PROPOSED: ("RecoveryProposed(bytes32,bytes,uint40)", "t1 b0"),
    RECOVERY_VETOED: ("RecoveryVetoed(bytes32,bytes)", "t1 b0"),
    RECOVERED: ("Recovered(bytes32,bytes)", "t1 b0"),
    PAUSED: ("Paused(address)", "d0"),
    UNPAUSED: ("Unpaused(address)", "d0"),
    ROLE_GRANTED: ("RoleGranted(bytes32,address,address)", "t1 t2"),
    ROLE_REVOKED: ("RoleRevoked(bytes32,address,address)", "t1 t2"),
}
TERMS = (
    "Terms(string decision,string recipient,string[] purposes,string[] categories,string[] records,"
    "string dataFrom,string dataTo,string[] obligations,string statement,string policyUri,"
    "bytes32 policyHash,bytes32 salt)"
)
# The functions of the contract that change anything.
FUNCTIONS = (
    "grant((bytes32,bytes32,uint40,uint40,bytes,bytes)[])",
    "withdraw((bytes32,bytes32,bytes,bytes)[])",
    "stop((bytes32,uint40,bytes,bytes)[])",
    "enrol((bytes32,bytes,bytes)[])",
    "withdrawOwn(bytes32,bytes32)",
    "stopOwn(bytes32)",
    "addKey(bytes32,bytes,uint8,uint40,bytes,bytes,bytes)",
    "removeKey(bytes32,bytes,bytes,bytes)",
    "endKey(bytes32,bytes)",
    "proposeRecovery(bytes32,bytes,bytes)",
    "vetoRecovery(bytes32,bytes,bytes,bytes)",
    "anchor(bytes32,bytes32,uint64)",
    "completeRecovery(bytes32)",
    "grantRole(bytes32,address)",
    "revokeRole(bytes32,address)",
    "renounceRole(bytes32,address)",
)
# By operation: the type that is signed (docs/spec/ledger.md, section 2).
SIGNED = {
    ENROLLED: "Enrolment(bytes32 subject,address custodian,bytes signer)",
    KEY_ADDED: "KeyAddition(bytes32 subject,bytes signer,uint8 role,uint40 until)",
    KEY_REMOVED: "KeyRemoval(bytes32 subject,bytes signer)",
    GRANTED: "Grant(bytes32 subject,Terms terms,uint40 signedAt,uint40 notAfter)" + TERMS,
    WITHDRAWN: "Withdrawal(bytes32 subject,bytes32 termsHash)",
    STOPPED: "Stop(bytes32 subject,uint40 issuedAt)",
    RECOVERY_PROPOSED: "Enrolment(bytes32 subject,address custodian,bytes signer)",
    RECOVERY_VETOED: "RecoveryVeto(bytes32 subject,bytes signer)",
}
FIELDS = (
    *("decision", "recipient", "purposes", "categories", "records", "data_from", "data_to"),
    *("obligations", "statement", "policy_uri"),
)


def keccak(data):
    return _keccak.new(digest_bits=256, data=data).digest()


def sha(data):
    return hashlib.sha256(data).digest()


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def to_int(data):
    return int.from_bytes(data, "big")


def to_word(number):
    return number.to_bytes(32, "big")


def canonical(content):
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_use(body):
    """Return the fields of a use.

    {} if the body is not JSON, can be read in two ways, or lacks a field that is read below.
    """
    try:
        use = json.loads(body, parse_constant=int)  # int refuses NaN and the infinities
        types = [type(use.get(field)) for field in ("at_s", "count", "party", "purpose")]
        return use if types == [int, int, str, str] and canonical(use) == body.encode() else {}
    except (AttributeError, RecursionError, ValueError):
        return {}


class Lines(list):
    """Lines of the evidence of one kind; `now` is the number of the line that is being read."""

    now = 0

    def __iter__(self):
        for Lines.now, line in super().__iter__():
            yield line
        Lines.now = 0


def ask(where, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    if "://" in where:
        request = urllib.request.Request(where, body, {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))["result"]
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(60)
        wire.connect(where)
        wire.sendall(body)
        text = bytearray()
        while True:
            if not (chunk := wire.recv(2**20)):
                raise ConnectionError("the chain node ended its answer early")
            text += chunk
            # Not after each part: a node ends a long answer that is read too slowly.
            if not chunk.rstrip().endswith(b"}"):
                continue
            try:
                return json.loads(text)["result"]
            except ValueError:
                continue


def merkle(leaves):
    """Return the root of RFC 6962."""
    level = [sha(b"\0" + leaf) for leaf in leaves] or [sha(b"")]
    while len(level) > 1:
        paired = [sha(b"\1" + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def terms_hash(terms):
    """Return the hash of terms as EIP-712 has it."""

    def word(value):
        if isinstance(value, list):
            return keccak(b"".join(keccak(text.encode()) for text in value))
        return keccak(value.encode())

    words = [word(terms[field]) for field in FIELDS]
    ends = unhex(terms["policy_hash"]), unhex(terms["salt"])
    return keccak(b"".join([keccak(TERMS.encode()), *words, *ends]))


# P-256: a signature with a larger s has a smaller twin; only one of the two counts.
HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2

# secp256k1: the account that signed a hash (SEC 1, 4.1.6), in Jacobian coordinates
P, N = 2**256 - 2**32 - 977, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    1,
)
# A cube root of 1 modulo P, and a basis of its lattice modulo N.
BETA = 0x7AE96A2B657C07106E64479EAC3434E99CF0497512F58995C1396C28719501EE
SHORT = (
    0x3086D221A7D46BCDE86C90E49284EB15,
    0xE4437ED6010E88286F547FA90ABFE4C3,
    0x114CA50F7A8E2F3F657C1108D9D44CFD8,
)


def double(p):
    x, y, z = p
    s, m = 4 * x * (w := y * y % P) % P, 3 * x * x % P
    u = (m * m - 2 * s) % P
    return u, (m * (s - u) - 8 * w * w) % P, 2 * y * z % P


def add(p, q):
    if not p[2] or not q[2]:
        return p if p[2] else q
    a, b = q[2] * q[2] % P, p[2] * p[2] % P
    u, v, s, t = p[0] * a % P, q[0] * b % P, p[1] * (a * q[2] % P) % P, q[1] * (b * p[2] % P) % P
    if u == v:
        return double(p) if s == t else (1, 1, 0)
    h, r = v - u, t - s
    i = h * h % P
    j, k = h * i % P, u * i % P
    x = (r * r - j - 2 * k) % P
    return x, (r * (k - x) - s * j) % P, h * p[2] * q[2] % P


def halves(scalar, point):
    """The curve's endomorphism: 256 bits times a point is the sum of two products of 129 bits."""
    c, d = (SHORT[0] * scalar + N // 2) // N, (SHORT[1] * scalar + N // 2) // N
    parts = (
        (scalar - c * SHORT[0] - d * SHORT[2], point[0]),
        (c * SHORT[1] - d * SHORT[0], point[0] * BETA % P),
    )
    return [(abs(k), (x, point[1] if k >= 0 else P - point[1], 1)) for k, x in parts]


def recover(hashed, r, s, parity):
    """Return the account that signed a hash; b"" if none did."""
    if not (0 < r < N and 0 < s <= N // 2 and parity in (0, 1)):
        return b""
    y = pow(r**3 + 7, (P + 1) // 4, P)
    if (y * y - r**3 - 7) % P:
        return b""
    point = r, y if y % 2 == parity else P - y, 1
    inverse = pow(r, -1, N)
    parts = halves(-to_int(hashed) * inverse % N, G) + halves(s * inverse % N, point)
    sums, total = [(1, 1, 0)], (1, 1, 0)
    for _, each in parts:
        sums += [add(known, each) for known in sums]
    a, b, c, d = (scalar for scalar, _ in parts)
    for bit in range(128, -1, -1):
        total = double(total)
        which = a >> bit & 1 | (b >> bit & 1) << 1 | (c >> bit & 1) << 2 | (d >> bit & 1) << 3
        if which:
            total = add(total, sums[which])
    if not total[2]:
        return b""
    z = pow(total[2], -1, P)
    return keccak(to_word(total[0] * z * z % P) + to_word(total[1] * z**3 % P))[12:]


def unrlp(data, at=0):
    """Return the RLP item at a position, and the position after it."""
    kind = data[at]
    if kind < 0x80:
        return data[at : at + 1], at + 1
    short = kind - 0x80 if kind < 0xC0 else kind - 0xC0
    size, start = kind & 0x3F, at + 1
    if short > 55:
        size, start = to_int(data[start : start + short - 55]), start + short - 55
    if kind < 0xC0:
        return data[start : start + size], start + size
    items, end = [], start + size
    while start < end:
        item, start = unrlp(data, start)
        items.append(item)
    return items, end


def rlp(item):
    body = item if isinstance(item, bytes) else b"".join(map(rlp, item))
    if isinstance(item, bytes) and len(item) == 1 and item[0] < 0x80:
        return item
    first, size = (0x80 if isinstance(item, bytes) else 0xC0), len(body)
    if size < 56:
        return bytes([first + size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([first + 55 + len(length)]) + length + body


def transaction(raw):
    """Return sender, receiver and calldata of a signed transaction (EIP-2718, EIP-155)."""
    typed = raw[0] if raw[0] < 0x80 else None
    fields = unrlp(raw, 0 if typed is None else 1)[0]
    to, data = {None: (3, 5), 1: (4, 6), 2: (5, 7), 4: (5, 7)}[typed]
    if typed is not None:
        hashed, parity = keccak(bytes([typed]) + rlp(fields[:-3])), to_int(fields[-3])
    elif to_int(fields[6]) < 35:
        hashed, parity = keccak(rlp(fields[:6])), to_int(fields[6]) - 27
    else:
        chain_id, parity = divmod(to_int(fields[6]) - 35, 2)
        hashed = keccak(rlp([*fields[:6], chain_id.to_bytes(8, "big").lstrip(b"\0"), b"", b""]))
    sender = recover(hashed, to_int(fields[-2]), to_int(fields[-1]), parity)
    return sender, fields[to], fields[data]


def claims(sender, data):
    """Yield (operation, words as signed, signer, signature) of each message that a call brings.

    Without a signature the sender speaks.
    """

    def word(at):
        return data[4 + at : 36 + at]

    def number(at):
        return to_int(word(at))

    def long(at):
        return data[36 + at : 36 + at + number(at)]

    def args(*places):
        return [long(number(32 * place)) for place in places]

    selector = {keccak(name.encode())[:4]: name.split("(")[0] for name in FUNCTIONS}
    called, wide = selector.get(data[:4], ""), sender.rjust(32, b"\0")
    if called in ("grant", "withdraw", "stop", "enrol"):
        kinds = {"grant": (GRANTED, 4), "withdraw": (WITHDRAWN, 2), "stop": (STOPPED, 2)}
        op, fixed = kinds.get(called, (ENROLLED, 1))
        array = number(0)
        for index in range(min(number(array), 4096)):
            at = array + 32 + number(array + 32 + 32 * index)
            words = data[4 + at : 4 + at + 32 * fixed]
            signer = long(at + number(at + 32 * fixed))
            signature = long(at + number(at + 32 * fixed + 32))
            if op == ENROLLED:
                words += wide + keccak(signer)
            yield op, words, signer, signature
    elif called == "addKey":
        signer, by, signature, proof = args(1, 4, 5, 6)
        words = word(0) + keccak(signer) + word(64) + word(96)
        yield KEY_ADDED, words, by, signature
        yield -KEY_ADDED, words, signer, proof  # the new key's own signature
    elif called in ("removeKey", "vetoRecovery"):
        op = KEY_REMOVED if called == "removeKey" else RECOVERY_VETOED
        yield op, word(0) + keccak(args(1)[0]), *args(2, 3)
    elif called == "proposeRecovery":
        yield RECOVERY_PROPOSED, word(0) + wide + keccak(args(1)[0]), *args(1, 2)
    elif called == "endKey":
        yield KEY_REMOVED, word(0) + keccak(args(1)[0]), b"", None
    elif called.endswith("Role"):
        op = ROLE_GRANTED if called == "grantRole" else ROLE_REVOKED
        yield op, word(0) + word(32), sender if called == "renounceRole" else b"", None
    elif called == "withdrawOwn":
        yield WITHDRAWN, word(0) + word(32), sender, None
    elif called == "stopOwn":
        yield STOPPED, word(0), sender, None
    elif called == "anchor":
        yield ANCHORED, word(0) + word(32) + word(64), sender, None


def passkey_signed(signer, hashed, signature):
    """Return whether a passkey signed a hash: WebAuthn 7.2, as OpenZeppelin's verifier reads it."""
    try:
        places = range(0, 192, 32)
        numbers = [to_int(signature[place : place + 32]) for place in places]
        r, s, challenge_at, type_at, data_at, client_at = numbers

        def text(at):
            return signature[at + 32 : at + 32 + to_int(signature[at : at + 32])]

        authenticator, client = text(data_at), text(client_at)
        challenge = b'"challenge":"' + base64.urlsafe_b64encode(hashed).rstrip(b"=") + b'"'
        if not client.startswith(b'"type":"webauthn.get"', type_at):
            return False
        if not client.startswith(challenge, challenge_at):
            return False
        # The person is present and verified; a key that may not be backed up is not.
        if (
            len(authenticator) < 37
            or authenticator[32] & 5 != 5
            or authenticator[32] & 0x18 == 0x10
        ):
            return False
        if s > HALF_ORDER:
            return False
        x, y = to_int(signer[20:52]), to_int(signer[52:])
        key = ECC.construct(curve="P-256", point_x=x, point_y=y)
        signed = SHA256.new(authenticator + sha(client))
        DSS.new(key, "fips-186-3").verify(signed, to_word(r) + to_word(s))
        return True
    except (ValueError, OverflowError):
        return False


class Proofs:
    """Which operations are proved by signatures in the transactions that the chain names."""

    def __init__(self, chain, deployment):
        self.chain = chain
        self.contract = unhex(deployment["contract"])
        self.verifiers = [unhex(verifier) for verifier in deployment["verifiers"]]
        kind = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        domain = keccak(kind) + keccak(b"Vouchsafe") + keccak(b"1")
        domain += deployment["chain_id"].to_bytes(32, "big") + self.contract.rjust(32, b"\0")
        self.domain = keccak(domain)
        self.calls = {}
        self.keys = {}  # by subject and hash of the key: [its role, whether it may sign]
        self.enrolled = {}  # by subject: the account that enrolled it
        self.ends = {}  # by subject and hash of a delegate's key: its last second
        self.proposed = {}  # by subject: the hash of the key that a recovery proposes
        self.roles = set()
        self.started = False

    def call(self, name):
        """Return sender and claims of a transaction; its hash is checked."""
        if name not in self.calls:
            raw = ask(self.chain, "eth_getRawTransactionByHash", name)
            try:
                answer = self.read(unhex(raw), unhex(name)) if raw else (b"", {})
            except (KeyError, IndexError, RecursionError, ValueError, TypeError):
                answer = b"", {}
            self.calls = {name: answer}  # transactions come in order: one is enough
        return self.calls[name]

    def read(self, raw, name):
        if keccak(raw) != name:
            return b"", {}
        sender, to, data = transaction(raw)
        found = {"deploys": True} if to == b"" else {}
        for op, words, *by in claims(sender, data) if to == self.contract else ():
            # Of a message that comes twice, the signed one counts.
            if (op, words) not in found or (op in SIGNED and self.signed(op, words, *by)):
                found[op, words] = tuple(by)
        return sender, found

    def signed(self, op, words, signer, signature):
        hashed = keccak(b"\x19\x01" + self.domain + keccak(keccak(SIGNED[op].encode()) + words))
        if signature is None:
            return False
        if len(signer) == 84:
            return signer[:20] in self.verifiers and passkey_signed(signer, hashed, signature)
        if len(signer) != 20:
            return False
        if len(signature) == 65:
            r, s = to_int(signature[:32]), to_int(signature[32:64])
            if recover(hashed, r, s, signature[64] - 27) == signer:
                return True
        return self.signed_by_code(signer, hashed, signature)

    def signed_by_code(self, signer, hashed, signature):
        """An account with code answers only through the chain (ERC-1271)."""
        question = keccak(b"isValidSignature(bytes32,bytes)")[:4] + hashed + to_word(64)
        question += to_word(len(signature)) + signature + bytes(-len(signature) % 32)
        account = "0x" + signer.hex()
        if unhex(ask(self.chain, "eth_getCode", account, "latest") or "0x") == b"":
            return False
        call = {"to": account, "data": "0x" + question.hex()}
        return (ask(self.chain, "eth_call", call, "latest") or "").startswith("0x1626ba7e")

    def has(self, role, account):
        # A ledger always starts with its constructor's roles.
        return not self.roles or (role, account) in self.roles

    def role(self, op, words, sender, found):
        """The constructor gives roles, then an admin; an account may give up its own."""
        pair = words[0], words[1][12:]
        asked = found.get((op, words[0] + words[1]))
        by_constructor = "deploys" in found and not self.started and op == ROLE_GRANTED
        is_admin = (bytes(32), sender) in self.roles
        fine = by_constructor or asked is not None and (is_admin or asked[0] == pair[1])
        if op == ROLE_REVOKED:
            self.roles = (self.roles - {pair}) or {(b"none", b"none")}
        elif fine:
            self.roles.add(pair)
        return fine

    def proved(self, op, words, name):
        """Return whether the transaction of this name proves an operation; remember what it did."""
        if op in (PAUSED, UNPAUSED):
            return True  # pauses give nobody a right to data
        sender, found = self.call(name)
        if op in (ROLE_GRANTED, ROLE_REVOKED):
            return self.role(op, words, sender, found)
        self.started = True
        if op == RECOVERED:
            return self.recovered(*words)
        if op == ANCHORED:
            return self.anchored(b"".join(words), sender, found)
        return self.message(op, words, sender, found)

    def proved_by_own(self, op, words, raw):
        """Return whether a transaction of the custodian has the signed message.

        Anybody can bring a message through a contract, in a way that shows no signature.
        """
        if op not in ANYBODYS:
            return False
        try:
            found = self.read(unhex(raw), keccak(unhex(raw)))[1]
        except (AttributeError, KeyError, IndexError, RecursionError, ValueError, TypeError):
            return False
        # Only what a key of the patient signed: who sent this one says nothing of the other.
        signed = {key: by for key, by in found.items() if by is not True and by[1] is not None}
        return self.message(op, words, b"", signed)

    def recovered(self, subject, key):
        if self.proposed.pop(subject, None) != key or (subject, key) in self.keys:
            return False
        self.keys[subject, key] = [0, True]
        return True

    def anchored(self, body, sender, found):
        if found.get((ANCHORED, body)) is None:
            return False
        if self.roles:
            return self.has(ANCHOR, sender)
        return sender in self.enrolled.values() or not self.enrolled

    def message(self, op, words, sender, found):
        """Return whether a message that is signed proves an operation."""
        subject, body = words[0], b"".join(words)
        sought = body
        if op == GRANTED:
            sought = body[:64] + body[96:]
        if op == RECOVERY_PROPOSED:
            sought = subject + sender.rjust(32, b"\0") + body[32:]
        claim = found.get((op, sought)) or (
            found.get((STOPPED, subject)) if op == STOPPED else None
        )
        signer, signature = claim or (b"", b"none")
        by = self.keys.get((subject, keccak(signer)), [None, False])

        def valid():
            return self.signed(op, sought, signer, signature)

        if op == ENROLLED:
            may_enrol = self.has(CUSTODIAN, sender) and self.has(ANCHOR, sender)
            is_new = words[1][12:] == sender and subject not in self.enrolled
            fine = is_new and may_enrol and valid()
            if fine:
                self.enrolled[subject], self.keys[subject, words[2]] = sender, [0, True]
        elif op == KEY_ADDED:
            own_proof = found.get((-KEY_ADDED, body), (b"", b""))
            is_new = (subject, words[1]) not in self.keys
            fine = by == [0, True] and is_new and valid() and self.signed(op, body, *own_proof)
            if fine:
                self.keys[subject, words[1]] = [to_int(words[2]), True]
                if to_int(words[3]):
                    self.ends[subject, words[1]] = to_int(words[3])
        elif op == KEY_REMOVED:
            # The contract lets anybody remove a key that has ended, through another one too.
            last_s = self.ends.get((subject, words[1]), math.inf)
            fine = last_s < time.time() + CLOCK_STEP or (by == [0, True] and valid())
            if fine:
                self.keys[subject, words[1]] = [0, False]
        elif op == GRANTED:
            fine = by[1] and keccak(signer) == words[2] and valid()
        elif op in (WITHDRAWN, STOPPED):
            fine = by[1] and ((signature is None and signer == sender) or valid())
        elif op == RECOVERY_PROPOSED:
            is_ours = self.enrolled.get(subject) == sender and self.has(CUSTODIAN, sender)
            is_new = (subject, words[1]) not in self.keys and keccak(signer) == words[1]
            fine = is_ours and is_new and valid()
            if fine:
                self.proposed[subject] = words[1]
        else:
            fine = by == [0, True] and valid() and (self.proposed.pop(subject, None) or True)
        return fine


def operations(chain, contract, first, last):
    """Return (operation, words, transaction's hash) of each log in order, and its block."""
    by_topic = {keccak(name.encode()): (op, words.split()) for op, (name, words) in EVENTS.items()}
    found, blocks = [], []
    for start in range(first, last + 1, 200):
        end = min(start + 199, last)
        asked = {"address": contract, "fromBlock": hex(start), "toBlock": hex(end)}
        for log in ask(chain, "eth_getLogs", asked):
            topics, data = [unhex(topic) for topic in log["topics"]], unhex(log["data"])
            op, words = by_topic.get(topics[0], (0, ()))  # 0: Refused, which changes nothing
            if op:
                read = [log_word(word, topics, data) for word in words]
                found.append((op, read, log["transactionHash"]))
                blocks.append(log["blockNumber"])
    return found, blocks


def log_word(word, topics, data):
    """Return a word of a log, as EVENTS says where it is."""
    kind, index = word[0], int(word[1])
    if kind == "t":
        return topics[index]
    plain = data[32 * index : 32 * index + 32]
    if kind == "d":
        return plain
    at = to_int(plain)
    return keccak(data[at + 32 : at + 32 + to_int(data[at : at + 32])])


class Check:
    """The checks of one evidence file, in the order of `run_all`; `wrong` has what failed."""

    def __init__(self, evidence, chain, blocks, requested_at_s=None):
        self.chain, self.blocks, self.requested_at_s = chain, pathlib.Path(blocks), requested_at_s
        self.lines, self.wrong = {}, []
        for Lines.now, text in enumerate(open(evidence, "rb"), 1):
            line = json.loads(text)
            self.lines.setdefault(line["kind"], Lines()).append((Lines.now, line))
        found = len(self.all("deployment"))
        if found != 1:
            raise Refused(f"it has {found} lines of the kind deployment, and must have one")
        (self.deployment,) = self.all("deployment")
        self.finality = self.deployment.get("finality", "single")
        self.time_of = functools.cache(self.read_time)

    def run_all(self):
        self.check_ledger()
        self.find_point()
        self.check_contract()
        self.check_signatures()
        self.read_consents()
        self.check_erasures()
        self.check_openings()
        self.check_records()
        self.check_journal()
        self.check_journal_anchors()
        self.check_uses()
        self.check_models()
        return {
            "agrees": not self.wrong,
            "contract": self.deployment["contract"],
            "custodians": sorted({account.hex() for account in self.enrolled_by}),
            "finality": self.finality,
            "operations": self.until,
            "block": self.deployment.get("block"),
            "block_time": self.point_time(),
            "operations_later": len(self.ops) - self.until,
            "consents_standing": len(self.stand),
            "erased": len(self.erased),
            "receipt_keys": sorted({line["public_key"] for line in self.all("erasure")}),
            "records": self.records,
            "journal_rows": len(self.hashes),
            "journal_anchored": self.anchored_rows,
            "wrong": self.wrong[:20],
        }

    def holds(self, condition, what):
        if not condition:
            self.wrong.append(what)

    def all(self, kind):
        return self.lines.get(kind, [])

    def steps(self):
        """Return (position, operation, words, whether a signature proves it) of each operation."""
        pairs = zip(self.ops, self.proved)
        return [(at, op, words, fine) for at, ((op, words, _), fine) in enumerate(pairs, 1)]

    # 1. The ledger: the logs, rolled, give the head that the contract itself says.

    def check_ledger(self):
        contract = self.deployment["contract"]
        # A single validator may mine the deployment again, in an earlier block.
        first = 0 if self.finality == "single" else self.deployment["block_number"]
        # The chain goes on meanwhile: what is read of it is up to this block.
        self.last = int(ask(self.chain, "eth_blockNumber"), 16)
        if not self.code_at(contract):
            raise Refused(f"the chain has no ledger at {contract}: one of the two is another's")
        self.ops, self.mined = operations(self.chain, contract, first, self.last)
        head, heads = bytes(27), []
        for op, words, _ in self.ops:
            head = keccak(head + bytes(5) + to_word(op) + b"".join(words))[:27]
            heads.append(head)
        self.check_lines(heads)
        answer = self.contract_says(b"headAndCount()")
        self.holds(
            answer[:27] == head and to_int(answer[32:64]) == len(self.ops),
            "the logs do not lead to the contract's head",
        )
        delay_s = to_int(self.contract_says(b"RECOVERY_DELAY()"))
        self.holds(
            self.deployment.get("recovery_delay_s", delay_s) == delay_s,
            "the deployment's line states another recovery delay than the contract has",
        )
        self.holds(
            delay_s >= 7 * 86_400,
            "the contract's recovery delay is less than seven days: "
            "a new key could count before the patient can refuse it",
        )

    def check_lines(self, heads):
        # No check below uses these lines, but somebody may read them.
        for line in self.all("operation"):
            at, words = line["position"], [unhex(word) for word in line["words"]]
            told = self.ops[at - 1][:2] if 0 < at <= len(heads) else (0, [])
            fits = told[1] == words and heads[at - 1 : at] == [unhex(line["head"])]
            event = EVENTS[told[0]][0].split("(")[0].lower() if told[0] else ""
            fits = fits and line["op"].replace("_", "") == event
            fits = fits and ("signer" not in line or keccak(unhex(line["signer"])) in words)
            self.holds(fits, f"the line of operation {at} differs from the ledger")
        said = self.deployment.get("count"), self.deployment.get("head")
        is_said = said == (None, None) or heads[said[0] - 1 : said[0]] == [unhex(said[1])]
        self.holds(is_said, "count and head of the deployment's line differ from the ledger")
        known = {line["position"] for line in self.all("operation")}
        for at in range(1, 1 + (said[0] if is_said and said[0] else 0)):
            self.holds(at in known, f"the line of operation {at} is missing")

    def contract_says(self, function):
        call = {"to": self.deployment["contract"], "data": "0x" + keccak(function)[:4].hex()}
        return unhex(ask(self.chain, "eth_call", call, hex(self.last)))

    def find_point(self):
        """Find how many operations the evidence describes: those up to its block.

        What the ledger has later is not compared with it, if it came after the request. Else
        evidence from before a row was anchored could hide that row.
        """
        said, block = self.deployment.get("count"), self.deployment.get("block")
        self.until = len(self.ops)
        if said is None or block is None:
            return
        is_said = sum(int(mined, 16) <= block <= self.last for mined in self.mined) == said
        self.holds(
            is_said,
            f"the ledger does not have {said} operations up to block {block}, as the deployment's "
            "line states. Export the evidence again",
        )
        if not is_said or said == len(self.ops):
            return
        slack_s = SKEW if self.finality == "single" else FINAL
        requested_at_s = (
            time.time() - LATER if self.requested_at_s is None else self.requested_at_s - slack_s
        )
        first_s = self.time_of(self.mined[said])
        self.holds(
            first_s >= requested_at_s,
            f"the ledger has {len(self.ops) - said} operations that are later than this evidence, "
            f"the first at {iso(first_s)}. Export it again, or state when you requested it",
        )
        if first_s >= requested_at_s:
            self.until = said

    def check_contract(self):
        code = bytearray(self.code_at(self.deployment["contract"]))
        is_ours = keccak(bytes(code)) == unhex(self.deployment["code_hash"])
        self.holds(is_ours, "the contract's code is not the one on record")
        code_hash, immutables = CODE
        for at in immutables:
            code[at : at + 32] = bytes(32)
        is_specified = keccak(bytes(code)).hex() == code_hash
        self.holds(is_specified, "the contract's code is not that of this specification")
        for verifier in self.deployment["verifiers"]:
            is_known = keccak(self.code_at(verifier)).hex() == VERIFIER
            self.holds(is_known, f"the code of verifier {verifier} is not OpenZeppelin's")

    def code_at(self, account):
        return unhex(ask(self.chain, "eth_getCode", account, "latest"))

    def check_signatures(self):
        proofs, self.proved = Proofs(self.chain, self.deployment), []
        lines = self.all("operation")
        own = {line["position"]: line.get("own_transaction") for line in lines}
        for position, (op, words, name) in enumerate(self.ops, 1):
            fine = proofs.proved(op, words, name)
            fine = fine or proofs.proved_by_own(op, words, own.get(position))
            self.proved.append(fine)
            event = EVENTS[op][0].split("(")[0]
            what = f"operation {position} ({event}) is proved by no signature"
            self.holds(self.proved[-1], what)
        self.enrolled_by = proofs.enrolled.values()
        self.anchors = {}  # by kind: (root, count, position) of each anchor
        for position, op, words, fine in self.steps():
            if op == ANCHORED and fine:
                kind = words[0].rstrip(b"\0").decode()
                self.anchors.setdefault(kind, []).append((words[1], to_int(words[2]), position))

    def roots(self, kind):
        return {root for root, _, _ in self.anchors.get(kind, [])}

    # 2. The consents: what stands, and that each opening is what was signed.

    def read_consents(self):
        self.grants, self.places = {}, {}  # by consent id: its words, and its position
        self.gone = {}  # by consent id: the position of the first withdrawal
        self.stops = {}  # by subject: (position, time) of each stop
        for position, op, words, fine in self.steps():
            if op == GRANTED and fine:
                name = keccak(words[0] + words[1])
                self.grants[name], self.places[name] = words, position
            if op == WITHDRAWN:
                self.gone.setdefault(keccak(words[0] + words[1]), position)
            if op == STOPPED:
                self.stops.setdefault(words[0], []).append((position, to_int(words[1])))

    def check_erasures(self):
        # By the SHA-256 of a patient: the time of the newest receipt that all of it is deleted.
        self.erased = {}
        for line in self.all("erasure"):
            receipt, key = (
                json.loads(line["body"]),
                eddsa.import_public_key(unhex(line["public_key"])),
            )
            whose = receipt["subject_sha256"]
            try:
                eddsa.new(key, "rfc8032").verify(line["body"].encode(), unhex(line["signature"]))
            except ValueError:
                self.holds(False, f"the receipt of the erasure of {whose} has no valid signature")
                continue
            self.erased[whose] = max(receipt["at_s"], self.erased.get(whose, 0))

    def erased_at(self, words):
        return self.erased.get(sha(words[0]).hex(), -CLOCK_STEP)

    def check_openings(self):
        self.openings = {}
        for line in self.all("opening"):
            if line["terms"] is None:
                continue
            name = unhex(line["consent_id"])
            is_signed = keccak(unhex(line["subject"]) + terms_hash(line["terms"])) == name
            self.holds(is_signed, f"opening {name.hex()} is not what was signed")
            self.openings[name] = line["terms"]
        known = {
            name
            for name, position in self.places.items()
            if position <= self.until < self.gone.get(name, math.inf)
        }
        self.stand = {name for name in known if self.outlives_stops(name, self.grants[name])}
        for name in known:
            is_known = name in self.openings or self.erased_at(self.grants[name]) >= 0
            self.holds(is_known, f"consent {name.hex()} was not withdrawn and has no opening")

    def outlives_stops(self, name, words):
        stops = self.stops.get(words[0], ())
        newest = max((at_s for position, at_s in stops if position <= self.until), default=-1)
        is_refusal = self.openings.get(name, {}).get("decision") == "deny"
        return to_int(words[3]) > newest or is_refusal

    # 3. The records: every batch is anchored, every block is there and is what its name says.

    def check_records(self):
        self.uses = {line["hash"]: line["body"] for line in self.all("use")}
        self.use_of = {line["hash"]: read_use(line["body"]) for line in self.all("use")}
        batches = {unhex(line["root"]) for line in self.all("batch")}
        # The evidence has each batch that was anchored before its newest use.
        seen = max((use["count"] for use in self.use_of.values() if use), default=0)
        for position, op, words, fine in self.steps()[: min(seen, self.until)]:
            is_batch = op == ANCHORED and fine and words[0].rstrip(b"\0") == b"records"
            is_there = not is_batch or words[1] in batches
            self.holds(is_there, f"the batch of operation {position} is missing")
        self.records, self.found, roots = 0, 0, self.roots("records")
        for batch in self.all("batch"):
            leaves, root = [unhex(leaf) for leaf in batch["leaves"]], unhex(batch["root"])
            is_anchored = merkle(leaves) == root and root in roots
            self.holds(is_anchored, f"batch {batch['name']} is not what was anchored")
            for leaf, held in zip(leaves, batch["held"], strict=True):
                if held:
                    self.check_block(leaf)
        if self.records and not self.found:  # one line for all: the folder is another, most likely
            self.wrong = [each for each in self.wrong if not each.startswith("block of record")]
            self.wrong.append(
                f"{self.blocks} has none of the {self.records} blocks: give Kubo's repo/blocks, or "
                "the folder `blocks` that `vouchsafe export --blocks` wrote"
            )

    def check_block(self, leaf):
        cid, size = leaf[20:56], to_int(leaf[56:64])
        name = base64.b32encode(cid[2:]).decode().rstrip("=")
        file = self.blocks / name[-3:-1] / f"{name}.data"
        block = file.read_bytes() if file.exists() else b""
        self.found += bool(block)
        is_whole = len(block) == size and sha(block) == cid[4:]
        self.holds(is_whole, f"block of record {leaf[:16].hex()} is missing or altered")
        self.records += 1

    # 4. The journal: the rows chain, and their roots are those on the chain.

    def check_journal(self):
        for name, body in self.uses.items():
            is_same = sha(body.encode(errors="replace")).hex() == name and self.use_of[name]
            self.holds(is_same, f"use {name} is altered")
        before, self.hashes, last = bytes(32), [], 0
        for row in self.all("journal"):
            seq = row["seq"]
            self.holds(row["use"] in self.uses, f"journal row {seq} names no use")
            self.holds(
                self.use_of.get(row["use"], True),
                f"journal row {seq} names a use that cannot be read: do not rely on it",
            )
            version = row["version"].to_bytes(4, "big")
            use, commitments = unhex(row["use"]), unhex(row["commitments"])
            fixed = seq.to_bytes(8, "big"), use, commitments, version, unhex(row["consent"])
            # Else the same bytes could be read in two ways.
            is_row = seq > last and [*map(len, fixed)] == [8, 32, 64, 4, 32]
            self.holds(is_row, f"journal row {seq} is out of order, or not a row")
            # Else a row could pass for a later one.
            self.holds(seq <= last + 1, f"journal rows {last + 1} to {seq - 1} are missing")
            is_chained = (
                sha(b"".join((before, *fixed, row["outcome"].encode()))).hex() == row["hash"]
            )
            self.holds(is_chained, f"journal row {seq} is altered")
            before, last = unhex(row["hash"]), seq  # so that one altered row is one finding
            self.hashes.append(before)

    def check_journal_anchors(self):
        self.anchored_rows, ends = 0, [0]
        # Also of a second anchor of the same rows: else two journals could be shown.
        anchors = self.anchors.get("journal", [])
        described = [(root, count) for root, count, position in anchors if position <= self.until]
        for root, count in dict.fromkeys(described):
            # Of two processes that anchor at once, the second starts where the first did.
            starts = [start for start in ends[:-17:-1] if start < count]
            is_same = any(merkle(self.hashes[start:count]) == root for start in starts)
            first = self.anchored_rows + 1 if count > self.anchored_rows else 1
            wrong = f"journal rows {first} to {count} are not those anchored"
            if count > len(self.hashes):
                wrong = (
                    f"journal rows {len(self.hashes) + 1} to {count} are anchored and not in this "
                    "evidence: they were left out, or anchored after it was written. Export it "
                    "again"
                )
            self.holds(count <= len(self.hashes) and is_same, wrong)
            self.anchored_rows = max(self.anchored_rows, count)
            ends.append(count)

    # 5. The uses: each permitted row had a consent of that patient at its view, to that recipient,
    #    for that purpose, at that time.

    def check_uses(self):
        # Of the journal's anchors: by how many rows they cover, the first position.
        first_places = {}
        for position, op, words, fine in self.steps():
            if op == ANCHORED and fine and words[0].rstrip(b"\0") == b"journal":
                first_places.setdefault(to_int(words[2]), position)
        coming = sorted(first_places.items(), reverse=True)
        # At its end: the first anchor that covers the row.
        bounds = [len(self.ops) + 1, *itertools.accumulate((at for _, at in coming), min)]
        newest, depth = [], 32 if self.finality == "pos" else 4  # anchors before a row that count
        latest = 0
        self.commitment_of, self.subject_of = {}, {}
        for row in self.all("journal"):
            use, outcome = self.use_of.get(row["use"]), row["outcome"]
            if outcome == "own" and use:
                is_own = (use["party"], use["purpose"]) == ("patient", "PATRQT")
                self.holds(is_own, f"journal row {row['seq']} is not a patient's own reading")
            if outcome != "permitted" or not use:
                continue
            while coming and coming[-1][0] < row["seq"]:
                newest = sorted([*newest, coming.pop()[1]])[-depth:]
            where = f"journal row {row['seq']} was permitted by consent {row['consent']}, "
            self.holds(
                len(newest) < depth or use["count"] >= newest[0],
                where + "by a view that was outdated when the row was written",
            )
            bound = bounds[len(coming)]
            is_before = use["count"] < bound
            self.holds(is_before, where + "by a view from after the row was anchored")
            self.holds(
                not coming or use["at_s"] <= self.time_of(self.mined[bound - 1]) + CLOCK_STEP,
                where + "at a time after that of the block that anchors it",
            )
            is_in_order = use["at_s"] >= latest - CLOCK_STEP
            self.holds(is_in_order, where + "at a time before that of earlier rows")
            latest = max(latest, use["at_s"])
            self.check_consent_of(row, use, where)

    def point_time(self):
        """Return when the block was made that the evidence describes, in UTC."""
        block = self.deployment.get("block")
        if block is None or not 0 <= block <= self.last:
            return None
        return iso(self.time_of(hex(block)))

    def read_time(self, block):
        return int(ask(self.chain, "eth_getBlockByNumber", block, False)["timestamp"], 16)

    def check_consent_of(self, row, use, where):
        name, whose = unhex(row["consent"]), unhex(row["commitments"])[:32]
        words = self.grants.get(name)
        is_there = words is not None and self.places[name] <= use["count"]
        self.holds(is_there, where + "which was not on the ledger")
        if words is None:
            return
        subject = words[0]
        is_theirs = self.commitment_of.setdefault(subject, whose) == whose
        is_theirs = is_theirs and self.subject_of.setdefault(whose, subject) == subject
        self.holds(is_theirs, where + "which another patient signed")
        signed_s, until_s = (to_int(word) for word in words[3:5])
        is_over = self.gone.get(name, use["count"] + 1) <= use["count"] or any(
            position <= use["count"] and at_s >= signed_s
            for position, at_s in self.stops.get(subject, ())
        )
        self.holds(not is_over, where + "which had been taken back")
        is_in_time = signed_s - SKEW <= use["at_s"] <= until_s + SKEW
        self.holds(is_in_time, where + "which was not valid at that time")
        terms = self.openings.get(name)
        if terms is None:
            is_erased = use["at_s"] <= self.erased_at(words) + CLOCK_STEP
            self.holds(is_erased, where + "whose terms are not in the evidence")
            return
        permits = terms["decision"] == "permit" and terms["recipient"] in ("*", use["party"])
        self.holds(permits, where + f"which does not permit {use['party']}")
        covered = {
            code for own in terms["purposes"] for code in (own, *COVERS.get(own, "").split())
        }
        self.holds(use["purpose"] in covered, where + f"which does not permit {use['purpose']}")

    # 6. The models: manifests and cards are those on the chain, and each line had a consent for
    #    training.

    def check_models(self):
        studies = {}  # by model, its file and question: the study that its card names
        for line in self.all("card"):
            root, card = sha(line["text"].encode()), json.loads(line["text"])
            is_whole = root.hex() == line["card_sha256"] and self.is_anchored(line, root)
            self.holds(is_whole, f"card of {line['model']} is not what was anchored")
            named, model = card.get("model", {}), (line["model"], line.get("sha256"))
            if (named.get("id"), named.get("sha256")) == model:
                studies[model, card["question"]["sha256"]] = card["study"]
        for line in self.all("manifest"):
            model, held = line["model"], json.loads(line["text"])
            head = {"format": held["format"], "question": held["question"]}
            root = merkle([canonical(head), *map(canonical, held["lines"])])
            is_whole = root.hex() == line["manifest_root"] and self.is_anchored(line, root)
            # Else the same text could be read in two ways.
            is_whole = is_whole and canonical(held) == line["text"].encode()
            self.holds(is_whole, f"manifest of {model} is not what was anchored")
            study = studies.get(((model, line.get("sha256")), held["question"]), "")
            self.holds(
                study, f"no card of {model} names its file, its study and its manifest's question"
            )
            for used in held["lines"]:
                consent = unhex(used["consent"])
                self.check_training(model, consent, study, line["state"] == "active")

    def is_anchored(self, line, root):
        """Return whether the root of a card or a manifest is on the chain, once it must be."""
        return line["state"] == "trained" or root in self.roots(line["kind"])

    def check_training(self, model, name, study, is_active):
        terms = self.openings.get(name)
        if terms is None:  # missing only for an erased patient
            permits = name in self.grants and self.erased_at(self.grants[name]) >= 0
        else:
            is_training = terms["decision"] == "permit" and "MLTRAINING" in terms["purposes"]
            permits = name in self.grants and is_training
            permits = permits and terms["recipient"] in ("*", study)
        consent = f"consent {name.hex()}"
        self.holds(
            permits,
            f"{model} rests on {consent}, which is not known to permit training for its study",
        )
        is_in_force = name in self.stand and name in self.openings
        self.holds(not is_active or is_in_force, f"{model} is in use although {consent} has ended")


UNREADABLE = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    MemoryError,
)


class Refused(Exception):
    """Why nothing of the evidence can be checked."""


def iso(at_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def read_time_of(text):
    """Return the seconds of a time in ISO 8601; without a zone it is UTC."""
    read = datetime.datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=datetime.UTC)).timestamp()


def main(evidence, chain, blocks, requested_at_s=None):
    result = Check(evidence, chain, blocks, requested_at_s).run_all()
    print(json.dumps(result, indent=1))
    return 0 if result["agrees"] else 1


def run(evidence, chain, blocks, requested_at=None):
    try:
        requested_at_s = None if requested_at is None else read_time_of(requested_at)
    except ValueError:
        return f"Nothing was checked: {requested_at} is no time such as 2026-12-01T09:30Z."
    if not pathlib.Path(blocks).is_dir():
        return f"Nothing was checked: {blocks} is not a folder of blocks."
    try:
        return main(evidence, chain, blocks, requested_at_s)
    except Refused as fault:
        return f"Do not rely on this evidence: {fault}."
    except UNREADABLE as fault:
        place = f"line {Lines.now} of it" if Lines.now else "it, or an answer of the chain node,"
        why = f"{type(fault).__name__}: {fault}"
        return f"Do not rely on this evidence: {place} cannot be read ({why})."
    except (OSError, http.client.HTTPException) as fault:
        return (
            f"Nothing was checked: {fault}. {evidence} must be a file that you can read, and "
            f"{chain} a chain node that runs."
        )


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]) if len(sys.argv) in (4, 5) else __doc__)
