"""Images: received, imported as jobs, opened, read as methods see them, moved, removed."""
