from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path

import pytest
from faults import FaultProxy
from geth import Geth
from township import RELAYER, Town, make_town

from consent import abi
from consent.chain import Chain, Finality, Look
from consent.deployment import deploy, load, pay, require_production
from consent.errors import ConsentInvalid, LedgerBroken, LedgerUnavailable
from consent.outbox import Outbox
from consent.raw_transactions import RelayerAccount
from consent.tables import METADATA
from consent.typed_data import keccak
from deploy.database import make_engine

pytestmark = pytest.mark.node


def test_a_deployment_is_written_down_and_read_back_whole(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.json"
    assert load(path) is None
    town.deployment.save(path)
    assert load(path) == town.deployment
    assert [p.name for p in path.parent.iterdir()] == ["ledger.json"]
    town.deployment.require_same(town.chain)


@pytest.mark.parametrize(
    "change", [("chain_id", '"x"'), ("code_hash", '"0x12"'), ("finality", '"soon"'), ("", "")]
)
def test_a_deployment_record_that_is_invalid_is_refused(
    town: Town, tmp_path: Path, change: tuple[str, str]
) -> None:
    path = tmp_path / "ledger.json"
    town.deployment.save(path)
    name, value = change
    lines = path.read_text().splitlines()
    saved = [f' "{name}": {value},' if f'"{name}":' in line else line for line in lines]
    path.write_text("\n".join(saved) if name else "{")
    with pytest.raises(LedgerBroken, match="cannot be read"):
        load(path)


def test_deploying_again_finds_the_first_and_a_lost_deployment_returns_at_the_same_address(
    own_town: Town, own_geth: Geth
) -> None:
    first = own_town.deployment
    assert deploy(own_town.chain, own_town.outbox, "single") == first
    own_geth.wipe()
    own_geth.start()
    with pytest.raises(LedgerBroken, match="code mismatch"):
        first.require_same(own_town.chain)
    first.require_chain(own_town.chain)
    while own_town.outbox.flush():
        time.sleep(0.05)
    first.require_same(own_town.chain)


def test_an_unknown_finality_is_invalid(town: Town) -> None:
    with pytest.raises(ConsentInvalid, match="single, bft, pos"):
        deploy(town.chain, town.outbox, "soon")  # type: ignore[arg-type]


def test_a_deployment_that_the_chain_reverts_is_an_error(town: Town) -> None:
    other = make_town(Path(town.url.removeprefix("sqlite:///")).parent / "b", town.endpoint, 0.0)
    with other.engine.begin() as connection:
        connection.exec_driver_sql("delete from consent_outbox")
    reverting = {**abi.contract(), "verifier": {"bytecode": "0x60006000fd"}}
    with pytest.raises(LedgerBroken, match="refused to deploy"):
        deploy(other.chain, other.outbox, "single", compiled=reverting)


class _LateChain(Chain):
    """A node that returned a receipt and shows the block only after some more looks."""

    looks_before = 0

    def look(self, contract: str, finality: Finality, accepted: int) -> Look:
        look = super().look(contract, finality, accepted)
        if self.looks_before <= 0:
            return look
        self.looks_before -= 1
        earlier = replace(look.latest, number=0)  # others may mine on the shared chain meanwhile
        return replace(look, latest=earlier, code_hash=keccak(b""))

    def code(self, address: str) -> bytes:
        return b"" if self.looks_before > 0 else super().code(address)


def test_a_node_that_shows_the_block_after_the_receipt_is_waited_for(town: Town) -> None:
    chain = _LateChain(town.endpoint)
    chain.looks_before = 3
    made = deploy(chain, town.outbox, "single")
    assert made == town.deployment
    assert chain.looks_before == 0
    chain.close()


def test_a_node_that_never_shows_the_block_is_an_error(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = _LateChain(town.endpoint)
    chain.looks_before = 1_000
    monkeypatch.setattr("consent.deployment._DEPLOY_LIMIT_S", 0.2)
    with pytest.raises(LedgerUnavailable, match="newest block is before block"):
        deploy(chain, town.outbox, "single")
    chain.close()


def test_other_code_than_the_compilers_is_refused(own_town: Town) -> None:
    other = {**abi.contract(), "runtimeCodeHash": "0x" + "11" * 32}
    with pytest.raises(LedgerBroken, match=r"ledger\.json"):
        deploy(own_town.chain, own_town.outbox, "single", compiled=other)


def test_development_chains_are_refused_unless_allowed(shared_geth: Geth, tmp_path: Path) -> None:
    require_production(Chain(shared_geth.endpoint), development=False)
    proxy = FaultProxy(shared_geth.endpoint, tmp_path / "p.ipc")
    chain = Chain(proxy.endpoint)
    harms = {
        "id 31337": lambda answer: answer.replace(b'"0x21ee"', b'"0x7a69"'),
        "id 1337": lambda answer: answer.replace(b'"0x21ee"', b'"0x539"'),
        "anvil": lambda answer: answer.replace(b"Geth/", b"anvil/"),
        "HardhatNetwork": lambda answer: answer.replace(b"Geth/", b"HardhatNetwork/"),
    }
    for why, harm in harms.items():
        proxy.fault = harm
        with pytest.raises(LedgerBroken, match=why):
            require_production(chain, development=False)
        require_production(chain, development=True)
    proxy.close()


def test_other_answers_of_a_node_are_refusals(shared_geth: Geth, tmp_path: Path) -> None:
    proxy = FaultProxy(shared_geth.endpoint, tmp_path / "p.ipc")
    chain = Chain(proxy.endpoint)
    assert chain.receipts([bytes(32)]) == [None]
    assert chain.balance(RelayerAccount(RELAYER).address) > 0
    assert chain.code("0x" + "11" * 20) == b""
    assert chain.find_refusal("0x" + "11" * 20, "0x" + "22" * 20, b"") is None
    proxy.fault = lambda answer: answer.replace(b'"0x', b'"0y')
    for call in (chain.chain_id, chain.fees, lambda: chain.code("0x" + "11" * 20)):
        with pytest.raises(LedgerUnavailable):
            call()
    proxy.close()
    chain.close()


def test_a_first_start_without_money_names_the_account_and_goes_on_with_some(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'poor.db'}")
    METADATA.create_all(engine)
    poor = Outbox(engine, town.chain, RelayerAccount(secrets.token_bytes(32)))
    with monkeypatch.context() as patch:
        patch.setattr("consent.deployment._DEPLOY_LIMIT_S", 0.3)
        with pytest.raises(LedgerUnavailable, match=f"send money to the account {poor.address}"):
            deploy(town.chain, poor, "single")
    pay(town.outbox, poor.address, 10**24)
    assert deploy(town.chain, poor, "single").founder == poor.address
