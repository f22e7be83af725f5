"""Long work: the job queue, the kinds of jobs and the worker that runs them."""
