"""What other packages find on the same films, run from an environment of their own."""
