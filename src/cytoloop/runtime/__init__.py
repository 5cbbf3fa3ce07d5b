"""Settings and assembly: the only place that reads the environment and builds collaborators."""
