"""HTTP: pages, JSON API and health checks (Flask)."""

from web.factory import create_app

__all__ = ["create_app"]
