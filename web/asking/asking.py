"""The front door of asking: who is a patient here, who asks them for what, what they said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from consent import Law
from models import Diagnostics
from storage import Safe


@dataclass(frozen=True, slots=True)
class Asking:
    """The parts that requests are made of, on one database."""

    engine: sa.Engine
    clock: Callable[[], float]
    law: Law
    safe: Safe
    diagnostics: Diagnostics
    organisation: str

    def party_name(self, party: str) -> str:
        """Return what people call a study or an organisation; its id's own words if nothing else.

        A study is called by its title.
        """
        for study in self.diagnostics.studies():
            if study.id == party:
                return study.title
        return party.partition(":")[2].replace("-", " ").strip() or party
