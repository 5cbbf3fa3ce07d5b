"""Routes by resource: each parses, calls a workflow or store, and serialises."""
