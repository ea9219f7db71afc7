"""Searches: which configuration is tried next, and which trials end early."""
