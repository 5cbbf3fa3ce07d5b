"""Speed as ratios against peers, in one run, on real data: ``make bench``."""
