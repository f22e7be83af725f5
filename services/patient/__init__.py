"""What patients can see and do: requests, permissions, records, history, keys."""
