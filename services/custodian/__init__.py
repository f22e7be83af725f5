"""What a custodian does: uploads, invitations, approvals, recoveries."""
