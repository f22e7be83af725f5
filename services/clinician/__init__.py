"""What a clinician may see and do, for the pages and for the API: patients, asking, diagnoses."""

from __future__ import annotations

from services.clinician.clinician import Clinician
from services.clinician.diagnosing import Diagnosing

__all__ = ["Clinician", "Diagnosing"]
