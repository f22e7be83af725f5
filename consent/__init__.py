"""The front door of this package."""
