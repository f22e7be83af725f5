"""What a researcher may see and do: questions, studies, cohorts, models, training sets."""
