"""The two published lab reports: their tables, claims and questions."""
