"""The metric catalogue: what each number is and how it is computed."""
