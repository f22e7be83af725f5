"""The demo's people: a row of the table each, with documents, subjects and a drawn kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from consent import Signed, Wallet
from deploy.demo.draw import Kind, choices, draw
from deploy.demo.kept import Kept
from models import Mapping, Row, read_table
from storage import Record
from web import Platform
from web.cli.records import to_records
from web.statement import Asked
from web.trial import sign_grants

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = ROOT / "deploy" / "examples" / "nhanes" / "table.csv"
MAPPING = TABLE.with_name("mapping.toml")
STUDY = "study:diabetes-risk"
OTHER_STUDY = "study:sleep"


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of the demo, in the order of the table."""

    rows: list[Row]
    kinds: list[Kind]
    wallet: Wallet
    kept: Kept

    def labels(self) -> list[str]:
        """Return each person's label."""
        return [row.person for row in self.rows]

    def subjects(self) -> list[bytes]:
        """Return each person's subject."""
        return [self.wallet.get_subject(row.person) for row in self.rows]

    def of_kind(self, *names: str) -> list[str]:
        """Return the labels of the people of these kinds."""
        return [
            r.person for r, kind in zip(self.rows, self.kinds, strict=True) if kind.name in names
        ]

    def records(self, custodian: str) -> tuple[list[Record], list[str]]:
        """Return every record, and the source of each."""
        return to_records(self.rows, self.wallet, custodian)

    def grants(self, platform: Platform) -> list[tuple[str, Signed]]:
        """Return everybody's signed grants: those kept from before, or signed and kept now."""
        known = self.kept.signed()
        if known:
            return known
        now_s, labels, wanted = int(platform.clock()), [], []
        for row, kind in zip(self.rows, self.kinds, strict=True):
            for choice in choices(kind, STUDY, OTHER_STUDY, platform.organisation):
                asked = Asked(choice.decision, choice.recipient, choice.purposes, choice.categories)
                subject = self.wallet.get_subject(row.person)
                wanted.append((subject, asked, now_s + choice.signed_s, now_s + choice.ends_s))
                labels.append(row.person)
        signed = list(zip(labels, sign_grants(platform, self.wallet, wanted), strict=True))
        self.kept.keep(signed)
        return signed


def gather_people(folder: Path, count: int | None, seed: int) -> People:
    """Return the first `count` people of the table with a wallet of their own in `folder`."""
    rows = list(read_table(TABLE, Mapping.load(MAPPING)))[:count]
    is_new = not (folder / "seed.json").exists()
    wallet = Wallet.create(folder) if is_new else Wallet.open(folder)
    wallet.new_subjects(row.person for row in rows)
    return People(rows, draw(len(rows), seed), wallet, Kept(folder))
