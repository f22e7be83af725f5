"""Joins the stores that are remembered from one delivery of FHIR to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from services.custodian.items import ItemIndex
from services.custodian.medicine_uses import MedicineUses
from services.custodian.parked import ParkedEntries
from services.custodian.patient_names import PatientNames
from services.custodian.sender_servers import SenderServers
from storage import RecordStore


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeStores:
    """What is remembered from one delivery to the next.

    Attributes:
        items: which resource is filed in which record.
        names: what senders call their patients.
        parked: resources without a known patient.
        servers: where senders' resources have their addresses.
        uses: which stored resources refer to which medicine.
    """

    items: ItemIndex
    names: PatientNames
    parked: ParkedEntries
    servers: SenderServers
    uses: MedicineUses


def make_intake_stores(
    engine: sa.Engine, store: RecordStore, clock: Callable[[], float]
) -> IntakeStores:
    """Return the stores of an installation's deliveries."""
    names = PatientNames(engine, store)
    return IntakeStores(
        items=ItemIndex(engine, store),
        names=names,
        parked=ParkedEntries(engine, store, names, clock),
        servers=SenderServers(engine, store),
        uses=MedicineUses(engine, store),
    )
