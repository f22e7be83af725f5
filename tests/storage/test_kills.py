"""Kills at random moments lose nothing acknowledged; KILLS=500 for docs/assurance.md."""

from __future__ import annotations

import os
import random
import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from liar import CONTRACT, DEPLOYMENT, NOW_S
from scripted import ScriptedChain, open_ledger
from township import Clock

from consent import Anchor, StateMark, View
from consent.consent_ledger import ConsentLedger
from consent.outbox import ENTRY_BYTES, Intent
from consent.raw_transactions import Payload
from deploy.database import make_engine, metadatas
from storage.integrity import check_journal
from storage.journal import NOBODY, AccessOutcome, Journal, Use
from storage.keys import Keys, SecretKey

KILLS = int(os.environ.get("KILLS", "3"))
KILLS_OF_ONE = 25
MAX_LIFE_S = 0.2
VIEW = View(1, "0x", b"", 7, b"", 1_000, 3, b"h" * 27, 1_000)


class NoAnchors:
    def anchors(self, _kind: str, _last: int | None = None) -> list[Anchor]:
        return []


@dataclass
class Process:
    """What one process holds: a ledger that notes every "no", and a journal."""

    folder: Path

    def __post_init__(self) -> None:
        self.ledger: ConsentLedger = open_ledger(
            self.folder / "kills.db", ScriptedChain(), Clock(NOW_S)
        )
        self.mark = StateMark(self.folder / "mark", DEPLOYMENT.contract)
        self.ledger.protect(self.mark)
        self.engine = make_engine(f"sqlite:///{self.folder / 'kills.db'}")
        keys = Keys(self.engine)
        keys.unseal(SecretKey(b"k" * 32))
        self.journal = Journal(self.engine, keys, NoAnchors(), lambda: 1_000)  # type: ignore[arg-type]

    def work(self, acknowledge: int) -> None:
        """Withdraw and journal until the end, and name what is durable."""
        payload = Payload(to=CONTRACT, data=b"", gas=1)
        while True:
            entry, record = secrets.token_bytes(ENTRY_BYTES), secrets.token_bytes(16)
            self.ledger._outbox.write([Intent("withdraw", payload, entry)])  # noqa: SLF001
            os.write(acknowledge, entry)
            answer = AccessOutcome(entry[:32], record, 1, "permitted", NOBODY)
            use = Use(1_000, "study:x", "", "MLTRAINING", record.hex(), VIEW)
            self.journal.write(use, [answer])
            os.write(acknowledge, record.ljust(ENTRY_BYTES, b"\0"))

    def close(self) -> None:
        self.engine.dispose()
        self.ledger._outbox._engine.dispose()  # noqa: SLF001


def killed(folder: Path) -> list[bytes]:
    """Let a process work, kill it at some moment, and return what it acknowledged."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            Process(folder).work(writing)
        finally:
            os._exit(1)
    os.close(writing)
    words = [os.read(reading, ENTRY_BYTES)]  # it has begun
    time.sleep(random.uniform(0, MAX_LIFE_S))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as rest:
        read = words[0] + rest.read()
    assert len(read) >= ENTRY_BYTES
    return [read[at : at + ENTRY_BYTES] for at in range(0, len(read), ENTRY_BYTES)]


def test_what_was_acknowledged_is_there_after_each_kill(tmp_path: Path) -> None:
    acknowledged = 0
    for start in range(0, KILLS, KILLS_OF_ONE):
        folder, words = tmp_path / str(start), list[bytes]()
        folder.mkdir()
        engine = make_engine(f"sqlite:///{folder / 'kills.db'}")
        for metadata in metadatas():
            metadata.create_all(engine)
        engine.dispose()
        for _ in range(min(KILLS_OF_ONE, KILLS - start)):
            words += killed(folder)
            after = Process(folder)
            entries = set(after.ledger._outbox.pending().withdrawals)  # noqa: SLF001
            records = {row.answer.record_id for row in after.journal.rows()}
            missing = [w for w in words if w not in entries and w[:16] not in records]
            assert missing == []
            stored = after.ledger._outbox.find(kind="withdraw")  # noqa: SLF001
            assert [sent.nonce for sent in stored] == list(range(len(stored)))
            assert check_journal(after.journal, []) == []
            marked = after.mark.read()
            assert marked is not None
            assert len(marked.open) >= len(stored) - 1  # one may be stored, not acknowledged yet
            after.close()
        acknowledged += len(words)
    print(f"{KILLS} kills, {acknowledged} acknowledgements, none lost")  # noqa: T201
