"""Deploys the ledger once, records where it is, and checks that it is still there."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from consent import abi
from consent.chain import FINALITIES, Chain, Finality, Look, Receipt
from consent.durable_file import write_durably
from consent.errors import ConsentInvalid, LedgerBroken, LedgerUnavailable
from consent.outbox import Intent, Outbox, StoredTransaction
from consent.passkeys import P256, P256_VECTOR, P256_WRONG_VECTOR, P256_YES
from consent.raw_transactions import Payload, read_payload
from consent.typed_data import keccak

RECOVERY_DELAY_S: Final = 7 * 24 * 3600
_DEVELOPMENT_CHAINS: Final = frozenset({1337, 31337})
_DEVELOPMENT_CLIENTS: Final = ("anvil", "hardhat", "ganache", "ethereumjs", "eth-tester")
_DEPLOY_GAS: Final = {"verifier": 4_000_000, "ledger": 12_000_000}
_DEPLOY_LIMIT_S: Final = 60.0
_POLL_S: Final = 0.05
_ADMIN_SHARE: Final = 100
_PAYMENT_GAS: Final = 21_000


@dataclass(frozen=True, slots=True)
class Deployment:
    """One ledger on one chain; hashes are bytes, addresses lower-case hex.

    `founder` is the account that deployed it, to which the constructor gave the roles custodian and
    anchor, and `admin` the one to which it gave the others. Both are "" in older records.
    """

    chain_id: int
    genesis_hash: bytes
    contract: str
    block_number: int
    code_hash: bytes
    finality: Finality
    verifiers: tuple[str, ...]
    recovery_delay_s: int = RECOVERY_DELAY_S
    founder: str = ""
    admin: str = ""

    @property
    def first_block(self) -> int:
        """The first block that can hold a change of this ledger.

        A single validator that lost its chain may mine the deployment again in an earlier block.
        """
        return 0 if self.finality == "single" else self.block_number

    def require_same(self, chain: Chain) -> None:
        """Check that the node shows this chain, and this contract on it.

        Raises:
            LedgerBroken: another chain, another genesis, or other code at the address.
            LedgerUnavailable: the node is unavailable.
        """
        self.require_matching(chain.look(self.contract, self.finality, 0))

    def require_chain(self, chain: Chain) -> None:
        """Check that the node shows this chain, whether or not the contract is on it yet.

        Raises:
            LedgerBroken: another chain, or another genesis.
            LedgerUnavailable: the node is unavailable.
        """
        self._require_chain(chain.look(self.contract, "single", 0))

    def require_matching(self, look: Look) -> None:
        """Check what a node reported of itself; see `require_same`."""
        self._require_chain(look)
        if look.code_hash != self.code_hash:
            raise LedgerBroken(f"contract code mismatch at {self.contract}")

    def _require_chain(self, look: Look) -> None:
        if look.chain_id != self.chain_id:
            raise LedgerBroken(f"the node is on chain {look.chain_id}, not {self.chain_id}")
        if look.genesis_hash != self.genesis_hash:
            raise LedgerBroken("genesis block mismatch: the node is on another chain of this id")

    def save(self, path: Path) -> None:
        """Write the record; afterwards the file holds all of it or what it held before."""
        values = asdict(self) | {
            "genesis_hash": "0x" + self.genesis_hash.hex(),
            "code_hash": "0x" + self.code_hash.hex(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, f"{json.dumps(values, indent=1)}\n".encode())


def load(path: Path) -> Deployment | None:
    """Return the recorded deployment, or None if there is no record.

    Raises:
        LedgerBroken: the file cannot be read as a record.
    """
    if not path.exists():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["finality"] not in FINALITIES:
            raise ValueError("an unknown finality")
        return Deployment(
            int(record["chain_id"]),
            abi.data(record["genesis_hash"], 32),
            "0x" + abi.data(record["contract"], 20).hex(),
            int(record["block_number"]),
            abi.data(record["code_hash"], 32),
            record["finality"],
            tuple("0x" + abi.data(verifier, 20).hex() for verifier in record["verifiers"]),
            int(record.get("recovery_delay_s", RECOVERY_DELAY_S)),
            _address(record, "founder"),
            _address(record, "admin"),
        )
    except (ValueError, KeyError, TypeError, OSError) as exc:
        raise LedgerBroken(f"the deployment record {path.name} cannot be read") from exc


def _address(record: Mapping[str, Any], name: str) -> str:
    return "0x" + abi.data(record[name], 20).hex() if record.get(name) else ""


def require_production(chain: Chain, development: bool) -> None:
    """Refuse a development node outside an explicit development setting.

    On such a node any caller may act as any account.

    Raises:
        LedgerBroken: a development chain or client, and `development` is False.
    """
    if development:
        return
    chain_id, client = chain.chain_id(), chain.client_version()
    if chain_id in _DEVELOPMENT_CHAINS or client.lower().startswith(_DEVELOPMENT_CLIENTS):
        raise LedgerBroken(
            f"a development chain ({client.split('/')[0]}, id {chain_id}) is refused"
        )


def require_p256(chain: Chain) -> None:
    """Check that the chain verifies P-256 at 0x100 (EIP-7951), without which passkeys are costly.

    Raises:
        LedgerBroken: it answers a valid test signature, or an invalid one, wrongly.
        LedgerUnavailable: the node is unavailable.
    """
    valid, invalid = chain.answers(P256, [P256_VECTOR, P256_WRONG_VECTOR])
    if valid != P256_YES or invalid:
        raise LedgerBroken(
            "the chain does not verify P-256 signatures at 0x100 (EIP-7951), which passkeys need: "
            "use a node with Osaka's rules, such as the geth that `make nodes` builds"
        )


def deploy(  # noqa: PLR0913 - the last three have defaults
    chain: Chain,
    outbox: Outbox,
    finality: Finality,
    recovery_delay_s: int = RECOVERY_DELAY_S,
    compiled: Mapping[str, Any] | None = None,
    admin: str = "",
) -> Deployment:
    """Deploy verifier and ledger through the outbox; a second call returns the same deployment.

    `compiled` is the compiler's output; consent/ledger.json unless another is given. `admin` is the
    account (lower-case hex) that administers the contract, "" for the outbox's own; another one is
    given a hundredth of the outbox's money, so that it can pay for what it sends.

    Raises:
        LedgerUnavailable: not mined in time; call again.
        LedgerBroken: the chain refused the deployment or holds other code than was sent.
    """
    if finality not in FINALITIES:
        raise ConsentInvalid(f"finality is {finality!r}; it must be one of {', '.join(FINALITIES)}")
    compiled = compiled or abi.contract()
    verifier = _deployed(outbox, "verifier", abi.data(compiled["verifier"]["bytecode"]))
    owner, admin = outbox.address, admin or outbox.address
    code = abi.encode_constructor(admin, owner, [verifier.contract], recovery_delay_s)
    ledger = _deployed(outbox, "ledger", code)
    _wait_for_block(chain, ledger)
    _require_compiled(chain.code(verifier.contract), compiled["verifier"])
    _require_compiled(chain.code(ledger.contract), compiled)
    if admin != owner:
        pay(outbox, admin, chain.balance(owner) // _ADMIN_SHARE)
    look = chain.look(ledger.contract, "single", 0)
    return Deployment(
        look.chain_id,
        look.genesis_hash,
        ledger.contract,
        ledger.block_number,
        look.code_hash,
        finality,
        (verifier.contract,),
        recovery_delay_s,
        owner,
        admin,
    )


def pay(outbox: Outbox, to: str, wei: int) -> None:
    """Send money to an account, once, however often this is called.

    Raises:
        LedgerUnavailable: not mined in time; call again.
        LedgerBroken: the chain refused it.
    """
    earlier = [sent for sent in outbox.find("pay") if read_payload(sent.raw).to == to]
    payload = Payload(to=to, data=b"", gas=_PAYMENT_GAS, value=wei)
    _mined(outbox, f"pay {to}", earlier[:1] or outbox.write([Intent("pay", payload)]))


def _deployed(outbox: Outbox, kind: str, code: bytes) -> Receipt:
    transactions = outbox.find(kind)[:1]
    if not transactions:
        payload = Payload(to="", data=code, gas=_DEPLOY_GAS[kind])
        transactions = outbox.write([Intent(kind, payload)])
    receipt = _mined(outbox, f"deploy the {kind}", transactions)
    if not receipt.contract:
        raise LedgerBroken(f"the chain shows no contract where it deployed the {kind}")
    return receipt


def _mined(outbox: Outbox, purpose: str, transactions: Sequence[StoredTransaction]) -> Receipt:
    outbox.send(transactions)
    try:
        receipts = outbox.settle(transactions, _DEPLOY_LIMIT_S)
    except LedgerUnavailable as exc:
        raise LedgerUnavailable(
            f"{exc}. If the chain takes fees, send money to the account {outbox.address}, then "
            "start again"
        ) from exc
    outbox.record(transactions, receipts)
    if not receipts[0].ok:
        raise LedgerBroken(f"the chain refused to {purpose}")
    return receipts[0]


def _wait_for_block(chain: Chain, mined: Receipt) -> None:
    """Wait until the node's newest block has a transaction: it can return the receipt before."""
    until_s = time.monotonic() + _DEPLOY_LIMIT_S
    while chain.look(mined.contract, "single", 0).latest.number < mined.block_number:
        if time.monotonic() > until_s:
            raise LedgerUnavailable(
                f"the chain node's newest block is before block {mined.block_number}, of which it"
                f" returned a receipt {_DEPLOY_LIMIT_S:.0f} s ago: check the node, then start again"
            )
        time.sleep(_POLL_S)


def _require_compiled(code: bytes, compiled: Any) -> None:
    """Compare code with the compiler's, without the immutables that the constructor fills in."""
    masked = bytearray(code)
    for reference in compiled["immutableReferences"]:
        start, length = reference["start"], reference["length"]
        masked[start : start + length] = bytes(length)
    if keccak(bytes(masked)) != abi.data(compiled["runtimeCodeHash"], 32):
        raise LedgerBroken("the deployed code differs from consent/ledger.json")
