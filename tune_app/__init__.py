"""Hyperparameter studies on Ray Tune that share work between rows and can be resumed."""
