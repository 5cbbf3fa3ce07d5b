"""Objects of a project that look like one: vectors by a job, and on the spot for what is new."""
