"""What a clinician may see and do, for the pages and for the API: patients, asking, diagnoses."""

from __future__ import annotations

from web.clinic.clinician import Clinician
from web.clinic.diagnosing import Diagnosing

__all__ = ["Clinician", "Diagnosing"]
