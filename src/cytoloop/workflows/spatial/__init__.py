"""Where objects lie: distances, counts in regions, density; of a project and of annotation files."""
