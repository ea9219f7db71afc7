"""Claims and audits: what a table of results supports, and what in it cannot be right."""
