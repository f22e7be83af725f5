"""What a custodian does: overview, invitations, uploads, records, approvals, recoveries."""
