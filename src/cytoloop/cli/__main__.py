"""``python -m cytoloop.cli``."""

from .main import main

main()
