"""A local page and an interface over the network for live analysis."""
