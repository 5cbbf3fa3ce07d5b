"""Models: the user's library, packages with their cards and scores, evaluation, the numbers that decode their maps."""
