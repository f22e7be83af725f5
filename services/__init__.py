"""What each role does: patients, clinicians, researchers, custodians, auditors; no HTTP here."""
