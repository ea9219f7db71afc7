"""Audit of tables of results: what cannot be right, by rule."""
