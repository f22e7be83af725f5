from __future__ import annotations

from records.values import as_written


def test_people_read_a_bound_in_place_of_the_number_beside_it() -> None:
    observations = {
        "x|crp": (0.25, "mg/L"),
        "x|crp;bound": ("<0.5", "mg/L"),
        "x|hb": (13.0, "g/dL"),
        "x|tsh;bound": (">200", "1"),
    }
    assert as_written(observations) == {
        "x|crp": ("<0.5", "mg/L"),
        "x|hb": (13.0, "g/dL"),
        "x|tsh": (">200", "1"),
    }
