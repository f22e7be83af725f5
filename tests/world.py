"""A ledger without a chain, its openings, and the three who decide; they must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa
from decisions import decision_at
from policy import Given, History, answer
from sqlalchemy.pool import StaticPool

from consent.batch import DecisionRequestBatch, Decisions, decide_many
from consent.consent_terms import ConsentTermsStore
from consent.decision import decide
from consent.register import Register
from consent.state import (
    Enrolments,
    Grants,
    Keys,
    LedgerLog,
    LedgerState,
    Stops,
    Withdrawals,
    columns,
)
from consent.tables import METADATA
from consent.terms import ANY, Decision, DecisionRequest, Stop, Terms, View, Withdrawal
from consent.typed_data import consent_id, terms_hash
from consent.vocabulary import CATEGORY_CODES, PURPOSES

ALICE, BOB, CAROL = b"A" * 32, b"B" * 32, b"A" * 31 + b"C"
KEY, DELEGATE, STRANGER = b"k" * 32, b"d" * 32, b"s" * 32
RECORD, OTHER_RECORD = "0a" * 16, "0b" * 16
STUDY = "study:diabetes"
EPOCH = date(1970, 1, 1).toordinal()
NOW_S, BLOCK_S = 1_000, 990


class World:
    """A ledger, its openings, and the three who decide."""

    def __init__(self) -> None:
        engine = sa.create_engine("sqlite://", poolclass=StaticPool)
        METADATA.create_all(engine)
        self.engine = engine
        self.consent_terms = ConsentTermsStore(engine)
        self.register = Register(self.consent_terms)
        self.log = LedgerLog()
        self.history = History()
        self.count = 0
        self.now_s, self.block_s = NOW_S, BLOCK_S
        self._salt = 0

    def add(self, rows: Any) -> None:
        self.log.extend(rows)
        self.count += len(rows.subject)

    def enrol(self, subject: bytes, key: bytes = KEY) -> None:
        self.history.enrolled.append(subject)
        self.add(columns(Enrolments, [(subject,)]))
        self.key(subject, key)

    def key(self, subject: bytes, key: bytes, role: int = 0, until_s: int = 0) -> None:
        self.history.keys.append((subject, key, role, until_s))
        self.add(columns(Keys, [(subject, key, role, until_s)]))

    def grant(self, subject: bytes = ALICE, **change: Any) -> Given:
        rest = {"key": KEY, "signed_s": 100, "ends_s": 10_000, "opening": True}
        rest |= {name: change.pop(name) for name in list(change) if name in rest}
        self._salt += 1
        terms = replace(PERMIT, salt=self._salt.to_bytes(32, "big"), **change)
        made = Given(subject, rest["key"], terms, rest["signed_s"], rest["ends_s"], rest["opening"])
        self.history.given.append(made)
        if made.opening:
            self.put(subject, terms)
        row = (subject, terms_hash(terms), made.key, made.signed_s, made.ends_s)
        self.add(columns(Grants, [row]))
        return made

    def put(self, subject: bytes, terms: Terms) -> None:
        if all(purpose in PURPOSES for purpose in terms.purposes):
            self.consent_terms.put(subject, terms)
            return
        # A word that an older version knew: put under a known one, then given its own name.
        saved = self.consent_terms.put(subject, replace(terms, purposes=("TREAT",)))
        name = consent_id(subject, terms_hash(terms))
        with self.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "UPDATE consent_openings SET consent_id = :n, body = CAST(replace("
                    "CAST(body AS TEXT), '[\"TREAT\"]', :w) AS BLOB) WHERE consent_id = :k"
                ),
                {"n": name, "w": f'["{terms.purposes[0]}"]', "k": saved},
            )

    def withdraw(self, given: Given, seen: bool = False) -> None:
        if seen:
            self.history.seen_withdrawn.append(given)
            return
        self.history.withdrawn.append(given)
        self.add(columns(Withdrawals, [(given.subject, terms_hash(given.terms))]))

    def stop(self, subject: bytes, issued_s: int, seen: bool = False) -> None:
        if seen:
            self.history.seen_stops.append((subject, issued_s))
            return
        self.history.stops.append((subject, issued_s))
        self.add(columns(Stops, [(subject, issued_s)]))

    def state(self) -> LedgerState:
        state = self.log.state(self.count, self.count.to_bytes(27, "big"))
        removed = [Withdrawal(g.subject, terms_hash(g.terms)) for g in self.history.seen_withdrawn]
        return state.with_pending(removed, [Stop(*stop) for stop in self.history.seen_stops])

    def view(self) -> View:
        return View(1, "0x", b"", 9, b"", self.block_s, self.count, b"", self.now_s)

    def decide(self, request: DecisionRequest) -> Decision:
        return decide(request, self.state(), self.consent_terms, self.view(), self.now_s)

    def decide_many(self, requests: list[DecisionRequest]) -> Decisions:
        consents = self.register.at(self.state())
        return decide_many(as_batch(requests), consents, self.view(), self.now_s)

    def reason(self, **change: Any) -> str:
        """Ask all three, and give the answer on which they agree."""
        request = replace(REQUEST, **change)
        item, many = self.decide(request), decision_at(self.decide_many([request]), 0)
        reason, owed = answer(self.history, request, self.now_s, self.block_s)
        assert item.reason == many.reason == reason
        assert item.permitted == many.permitted == (reason == "permitted")
        assert set(item.obligations) == set(many.obligations) == owed
        assert item.consent_ids[:1] == many.consent_ids
        return item.reason


PERMIT = Terms(
    decision="permit",
    recipient=STUDY,
    purposes=("MLTRAINING",),
    categories=("laboratory",),
    records=(ANY,),
    data_from="",
    data_to="",
    obligations=("PSEUD",),
    statement="Yes.",
    policy_uri="",
    policy_hash=bytes(32),
    salt=bytes(32),
)
REQUEST = DecisionRequest(STUDY, "MLTRAINING", ALICE, RECORD, "laboratory", "2020-06-01")
OPT_OUT: dict[str, Any] = {
    "decision": "deny",
    "recipient": ANY,
    "purposes": ("HRESCH",),
    "categories": (ANY,),
}


def as_batch(requests: list[DecisionRequest]) -> DecisionRequestBatch:
    return DecisionRequestBatch(
        requests[0].party,
        requests[0].purpose,
        np.frombuffer(b"".join(r.subject for r in requests), np.uint8).reshape(-1, 32),
        np.array([r.record_id.encode() for r in requests], "S32"),
        np.array([CATEGORY_CODES.index(r.category) for r in requests], np.int16),
        np.array(
            [date.fromisoformat(r.recorded_on).toordinal() - EPOCH for r in requests], np.int32
        ),
    )


def alices_world() -> World:
    world = World()
    world.enrol(ALICE)
    return world
