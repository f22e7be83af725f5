"""The pages of the part `researcher`, as one table."""

from typing import Final

from services.tokens import RESEARCHER
from web.pages.page import Page
from web.pages.researcher import cohort, models, sets, studies

ONLY: Final = frozenset({RESEARCHER})
_STUDY: Final = "/researcher/studies/{slug}"
_MODEL: Final = "/researcher/models/{id}"

PAGES: Final[tuple[Page, ...]] = (
    Page("GET", "/researcher", studies.start, ONLY),
    Page("GET", "/researcher/questions", studies.questions, ONLY),
    Page("GET", "/researcher/questions/{id}", studies.question, ONLY),
    Page("GET", "/researcher/studies/new", studies.new, ONLY),
    Page("POST", "/researcher/studies/new", studies.register, ONLY),
    Page("GET", _STUDY, studies.study, ONLY),
    Page("POST", f"{_STUDY}/request", studies.send, ONLY),
    Page("GET", f"{_STUDY}/cohort", cohort.cohort, ONLY),
    Page("POST", f"{_STUDY}/cohort", cohort.train, ONLY),
    Page("GET", f"{_STUDY}/jobs/{{job}}", cohort.progress, ONLY),
    Page("POST", f"{_STUDY}/jobs/{{job}}", cohort.stop, ONLY),
    Page("GET", _MODEL, models.model, ONLY),
    Page("POST", f"{_MODEL}/retraining", models.retrain, ONLY),
    Page("GET", f"{_MODEL}/pictures/{{name}}", models.picture, ONLY),
    Page("GET", "/researcher/sets/{slug}", sets.training_set, ONLY),
    Page("POST", "/researcher/sets/{slug}", sets.download, ONLY),
    Page("GET", "/researcher/notices", sets.notices, ONLY),
    Page("POST", "/researcher/notices", sets.confirm, ONLY),
)
