"""The accounts that the first start makes, on a real chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from exchanges import bft_chain
from geth import Geth
from township import RELAYER

from consent import ConsentLedger, RelayerAccount
from consent.chain import Chain
from consent.outbox import Intent, Outbox
from consent.raw_transactions import Payload
from consent.tables import METADATA
from deploy.database import make_engine
from deploy.joining import open_ledger_of
from deploy.settings import Settings, read_settings

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("fast_root_key")]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geth]:
    made = Geth(tmp_path_factory.mktemp("geth"), RelayerAccount(RELAYER).address).start()
    yield made
    made.kill()


@pytest.fixture
def bft(node: Geth, tmp_path: Path) -> Iterator[str]:
    with bft_chain(node.endpoint, tmp_path) as endpoint:
        yield endpoint


def settings_of(home: Path, finality: str, key: bytes = RELAYER) -> Settings:
    secrets = home / "secrets"
    secrets.mkdir(mode=0o700, parents=True)
    path = secrets / "relayer.key"
    path.write_text(key.hex() + "\n")
    path.chmod(0o600)
    return read_settings(
        {
            "VOUCHSAFE_HOME": str(home),
            "VOUCHSAFE_PASSPHRASE": "a phrase",
            "LEDGER_FINALITY": finality,
            "LEDGER_RPC_URL": "http://localhost:8545",  # another finality needs a chain of others
        }
    )


def engine_of(home: Path) -> sa.Engine:
    engine = make_engine(f"sqlite:///{home / 'ledger.db'}")
    METADATA.create_all(engine)
    return engine


def listed(ledger: ConsentLedger) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.use, each.roles) for each in ledger.accounts.list()]


ADMIN = ("admin", ("admin", "pauser"))


def test_the_first_start_on_a_chain_of_several_validators_makes_an_account_for_each_task(
    bft: str, tmp_path: Path
) -> None:
    settings, engine = settings_of(tmp_path, "bft"), engine_of(tmp_path)
    for _ in range(2):  # the second start finds them
        assert listed(open_ledger_of(engine, settings, bft)) == [
            ("relayer", ()),
            ("custodian", ("custodian", "anchor")),
            ("anchor", ("anchor",)),
            ADMIN,
        ]


def test_the_first_start_on_a_chain_of_one_validator_makes_one_account_and_the_admin(
    node: Geth, tmp_path: Path
) -> None:
    settings, engine = settings_of(tmp_path, "single"), engine_of(tmp_path)
    everyday = ("everyday", ("custodian", "anchor"))
    assert listed(open_ledger_of(engine, settings, node.endpoint)) == [everyday, ADMIN]


def test_a_first_start_that_cannot_pay_for_further_accounts_goes_on_with_one(
    bft: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key, chain = b"\x77" * 32, Chain(bft)
    settings, engine = settings_of(tmp_path, "bft", key), engine_of(tmp_path)
    rich, poor = Outbox(engine, chain, RelayerAccount(RELAYER)), RelayerAccount(key).address
    money = 100_000_000 * chain.fees().max_fee
    paid = rich.write([Intent("pay", Payload(to=poor, data=b"", gas=21_000, value=money))])
    rich.send(paid)
    assert rich.settle(paid, 30)[0].ok
    ledger = open_ledger_of(engine, settings, bft)
    assert not ledger.accounts.are_separate
    assert "too little money" in caplog.text
