"""Simulated studies whose truth is known: how often verdicts are wrong and intervals miss."""
