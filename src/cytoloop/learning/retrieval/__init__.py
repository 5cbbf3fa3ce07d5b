"""Objects that look alike: vectors from a network's encoder, and the nearest ones."""
