"""What a clinician may see and do: patients, requests for access, predictions, model cards."""
