"""Runs hyperparameter studies on Ray Tune: planned, shared, resumable."""
