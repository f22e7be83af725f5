"""Who a custodian's page may invite, and as whom."""

from __future__ import annotations

import pytest

from services.custodian import overview as keeping

pytestmark = pytest.mark.node


@pytest.mark.parametrize("role", ["custodian", "clinician"])
def test_nobody_is_invited_by_a_page_to_treat_or_keep_in_anothers_name(hospital, role) -> None:
    query = keeping.Asked(role, "card", name="E", party="organisation:elsewhere")
    with pytest.raises(keeping.InviteWrong) as refused:
        keeping.invite(hospital.platform, query, "me")
    assert refused.value.field == "party"


@pytest.mark.parametrize("role", ["researcher", "auditor"])
def test_a_researcher_or_auditor_of_another_organisation_is_invited(hospital, role) -> None:
    query = keeping.Asked(role, "card", name="E", party="organisation:elsewhere")
    assert "/join/" in keeping.invite(hospital.platform, query, "me")
