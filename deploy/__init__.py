"""How an install is run: its settings, its database, its nodes."""
