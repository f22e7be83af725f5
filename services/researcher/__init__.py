"""What a researcher may see and do, for pages and API: studies, cohorts, models, training sets."""
