"""The demo: the platform's main job on real people, from enrolment to withdrawal."""
