"""What people ask of each other: patients' directory, studies proposed, requests, answers."""

from web.asking.asking import Asking

__all__ = ["Asking"]
