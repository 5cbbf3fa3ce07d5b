"""Training networks: a process of its own with torch, its folder and curves, datasets out of projects."""
