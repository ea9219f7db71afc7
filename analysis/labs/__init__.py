"""What belongs to the two published lab reports: their tables, their claims, their questions."""
