"""Estimates how far calibration differs between sites, for an answer at a site not trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

MIN_SITES: Final = 3
"""With fewer, the variation between sites is anybody's guess: none is stated."""
_T_975: Final = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
"""The 97.5 % quantile of Student's t with 1 to 20 degrees of freedom."""
_Z_975: Final = 1.95996


@dataclass(frozen=True, slots=True)
class SiteVariation:
    """How far a model of some sites is off at another one, in log-odds.

    Attributes:
        sites: how many were each predicted by a model of the others.
        mean: of their calibration in the large.
        spread: its standard deviation over these sites, chance errors included.
        margin: half the width of the 95 % prediction interval for one more site.
    """

    sites: int
    mean: float
    spread: float
    margin: float


def fit_site_variation(shifts: Sequence[float]) -> SiteVariation | None:
    """Return the variation between sites; None with fewer than `MIN_SITES`.

    The prediction interval is Student's for one more observation of a normal quantity. It counts
    the chance errors of the sites as variation between them: it is exact for the next site's
    figure as it would be observed, and wider than needed for the true one.

    Args:
        shifts: calibration in the large of each site, by a model of the others (internal-external
            validation; Riley and others 2016).
    """
    count = len(shifts)
    if count < MIN_SITES:
        return None
    values = np.array(shifts, np.float64)
    spread = float(values.std(ddof=1))
    margin = _student(count - 1) * spread * math.sqrt(1 + 1 / count)
    return SiteVariation(sites=count, mean=float(values.mean()), spread=spread, margin=margin)


def _student(degrees: int) -> float:
    if degrees <= len(_T_975):
        return _T_975[degrees - 1]
    # Fisher's expansion; beyond 20 degrees it is right to three decimals.
    return (
        _Z_975
        + (_Z_975**3 + _Z_975) / (4 * degrees)
        + (5 * _Z_975**5 + 16 * _Z_975**3 + 3 * _Z_975) / (96 * degrees**2)
    )
