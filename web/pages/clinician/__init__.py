"""The pages of the part `clinician`, as one table."""

from typing import Final

from services.tokens import CLINICIAN
from web.pages.clinician import card, diagnosis, ward
from web.pages.page import Page

ONLY: Final = frozenset({CLINICIAN})

PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/clinician", ward.ward, ONLY),
    Page("GET", "/clinician/requests/new", ward.ask, ONLY),
    Page("POST", "/clinician/requests/new", ward.send, ONLY),
    Page("GET", "/clinician/patients/{id}", ward.patient, ONLY),
    Page("GET", "/clinician/diagnoses/new", diagnosis.values, ONLY),
    Page("POST", "/clinician/diagnoses/new", diagnosis.predict, ONLY),
    Page("GET", "/clinician/diagnoses/{id}", diagnosis.diagnosis, ONLY),
    Page("POST", "/clinician/diagnoses/{id}", diagnosis.decide, ONLY),
    Page("GET", "/clinician/diagnoses/{id}/contributions.svg", diagnosis.plot, ONLY),
    Page("GET", "/clinician/models/{id}", card.card, ONLY),
    Page("GET", "/clinician/models/{id}/pictures/{name}", card.picture, ONLY),
)
