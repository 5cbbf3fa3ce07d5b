"""``python -m cytoloop.cli``."""

from .main import main

if __name__ == "__main__":  # processes that are spawned import this module under another name
    main()
