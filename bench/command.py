"""Runs a benchmark from the command line and prints its figures as one line of JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any


def print_figures(
    measure: Callable[[int], dict[str, Any]], description: str | None, option: str, default: int
) -> None:
    """Measure with the number that `--option` gives, and print the figures."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(f"--{option}", type=int, default=default, dest="number")
    print(json.dumps(measure(parser.parse_args().number)))
