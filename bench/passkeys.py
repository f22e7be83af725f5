"""Measures grants by passkeys beside those by accounts, with the P-256 precompile and without."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.grants import CACHE, CHAIN_ID, require_ok
from bench.terms import RESEARCH_TERMS
from consent import (
    ConsentLedger,
    Enrolment,
    Grant,
    Message,
    Signed,
    digest,
    passkey_signature,
    passkey_signer,
)
from consent.chain import Chain
from consent.deployment import deploy
from consent.outbox import Intent, Outbox
from consent.own_accounts import OwnAccounts
from consent.raw_transactions import Payload, RelayerAccount
from consent.signatures import SigningKey
from consent.tables import METADATA
from consent.transactions import KINDS, Batch, encode_checked
from deploy.database import make_engine
from deploy.nodes import GethNode, find_or_build

SIZES = (1, 10, 100)
MAX_GAS_A_GRANT = 60_000
MIN_GRANTS_A_SECOND = 500
_WITHOUT_PRECOMPILE_GAS = 45_000_000
ORIGIN, RP_ID = b"https://consent.example.org", b"consent.example.org"
PRESENT_AND_VERIFIED = b"\x05"


class Device:
    """A passkey as a browser on a patient's own machine has one."""

    def __init__(self, verifier: bytes) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        point = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        self.address = passkey_signer(verifier, *point)

    def sign(self, hashed: bytes) -> bytes:
        """Return the assertion over these 32 bytes, as the ledger takes it."""
        challenge = urlsafe_b64encode(hashed).rstrip(b"=")
        client = b'{"type":"webauthn.get","challenge":"%s","origin":"%s","crossOrigin":false}'
        client %= challenge, ORIGIN
        data = hashlib.sha256(RP_ID).digest() + PRESENT_AND_VERIFIED + bytes(4)
        signed = data + hashlib.sha256(client).digest()
        return passkey_signature(data, client, self._key.sign(signed, ec.ECDSA(hashes.SHA256())))


@dataclass(frozen=True, slots=True)
class Bench:
    """One ledger on one chain."""

    ledger: ConsentLedger
    chain: Chain
    outbox: Outbox

    def enrolled(self, make: Callable[[], Any], count: int) -> list[tuple[bytes, Any]]:
        """Return `count` new subjects with their keys, enrolled."""
        pairs = [(secrets.token_bytes(32), make()) for _ in range(count)]
        custodian = self.ledger.custodian()
        messages = [(Enrolment(s, custodian, key.address), key) for s, key in pairs]
        # One at a time: without the precompile each needs much more gas than a batch offers for it.
        batches = [[message] for message in messages] if count < 200 else [messages]
        for batch in batches:
            require_ok(self.ledger.enrol([self.signed(*pair) for pair in batch]))
        return pairs

    def signed(self, message: Message, key: Any) -> Signed:
        """Sign a message by an account or a passkey."""
        return Signed(message, key.address, key.sign(digest(self.ledger.domain(), message)))

    def grants(self, pairs: list[tuple[bytes, Any]]) -> list[Signed]:
        """Return one signed grant of each subject."""
        now_s = int(time.time())
        grants = []
        for subject, key in pairs:
            terms = replace(RESEARCH_TERMS, salt=secrets.token_bytes(32))
            grants.append(self.signed(Grant(subject, terms, now_s - 1, now_s + 10**7), key))
        return grants

    def gas(self, make: Callable[[], Any], limit: int) -> dict[str, int]:
        """Return the gas of a grant by the number of grants in its transaction."""
        gas = {}
        for size in SIZES:
            signed = self.grants(self.enrolled(make, size))
            entries = [
                encode_checked(KINDS[Grant], index, grant, alone=False)
                for index, grant in enumerate(signed)
            ]
            batch = Batch(KINDS[Grant], tuple(entries))
            contract = self.ledger.deployment.contract
            payload = Payload(to=contract, data=batch.calldata(), gas=limit or batch.gas())
            intent = Intent("grant", payload)
            sent = self.outbox.write([intent])
            self.outbox.send(sent)
            receipt = self.outbox.settle(sent, 60)[0]
            self.outbox.record(sent, [receipt])
            if (
                not receipt.ok
                or len(receipt.changes) != size
                or any(change.op == 0 for change in receipt.changes)
            ):
                raise SystemExit(f"the ledger refused some of {size} grants")
            gas[f"in_{size}"] = round(receipt.gas_used / size)
        return gas

    def rate(self, make: Callable[[], Any], count: int) -> float:
        """Return grants a second from signed to confirmed and mirrored."""
        signed = self.grants(self.enrolled(make, count))
        started = time.perf_counter()
        require_ok(self.ledger.grant(signed))
        return round(count / (time.perf_counter() - started), 1)


class OlderGeth(GethNode):
    """The same chain under Prague's rules, which have no precompile for P-256."""

    def __init__(self, binary: Path, home: Path, relayer_address: str, chain_id: int):
        super().__init__(binary, home, relayer_address, chain_id)
        config: Any = self._genesis["config"]
        del config["osakaTime"], config["blobSchedule"]["osaka"]

    def _require_p256(self) -> None:
        """Its absence is what is measured."""


@contextmanager
def running(kind: type[GethNode]) -> Iterator[Bench]:
    """Start a chain, put a ledger on it, and stop it again."""
    key = secrets.token_bytes(32)
    geth = find_or_build("geth", CACHE, os.environ)
    with tempfile.TemporaryDirectory(prefix="vouchsafe-bench-") as folder:
        home = Path(folder)
        node = kind(geth, home / "chain", RelayerAccount(key).address, CHAIN_ID)
        try:
            chain = Chain(node.start().url)
            engine = make_engine(f"sqlite:///{home / 'bench.db'}")
            METADATA.create_all(engine)
            account = RelayerAccount(key)
            outbox = Outbox(engine, chain, account)
            own, deployment = OwnAccounts.single(account), deploy(chain, outbox, "single")
            ledger = ConsentLedger(engine, chain, own, deployment, time.time)
            yield Bench(ledger, chain, outbox)
            engine.dispose()
        finally:
            node.stop()


def account() -> SigningKey:
    """Return an account's key."""
    return SigningKey(secrets.token_bytes(32))


def main() -> None:
    """Print the figures as JSON; each chain is started for this and stopped again."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5_000)
    count = parser.parse_args().count
    figures: dict[str, Any] = {"grants": count}
    with running(GethNode) as bench:
        verifier = bench.ledger.passkey_verifier()
        bench.gas(account, 0)  # the first grant of a contract costs more
        for name, make in (("account", account), ("passkey", lambda: Device(verifier))):
            for size, gas in bench.gas(make, 0).items():
                figures[f"gas_a_grant_{name}_{size}"] = gas
            figures[f"grants_a_second_{name}"] = bench.rate(make, count)
    with running(OlderGeth) as bench:
        verifier = bench.ledger.passkey_verifier()
        bench.gas(account, 0)
        for size, gas in bench.gas(lambda: Device(verifier), _WITHOUT_PRECOMPILE_GAS).items():
            figures[f"gas_a_grant_passkey_without_precompile_{size}"] = gas
    figures["as_promised"] = (
        figures["grants_a_second_passkey"] >= MIN_GRANTS_A_SECOND
        and figures["gas_a_grant_passkey_in_100"] <= MAX_GAS_A_GRANT
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
