"""Reports for people: HTML, figures, tables, terminal summary."""
