"""Estimates how far calibration differs between sites, for an answer at a site not trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

MIN_SITES: Final = 3
"""With fewer, the variation between sites is anybody's guess: none is stated."""
_QUANTILE: Final = 0.975


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
    from scipy.special import stdtrit

    count = len(shifts)
    if count < MIN_SITES:
        return None
    values = np.array(shifts, np.float64)
    spread = float(values.std(ddof=1))
    student = float(stdtrit(count - 1, _QUANTILE))
    margin = student * spread * math.sqrt(1 + 1 / count)
    return SiteVariation(sites=count, mean=float(values.mean()), spread=spread, margin=margin)
