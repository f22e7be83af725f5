"""What an auditor does: read registers and the journal, verify, export evidence."""
