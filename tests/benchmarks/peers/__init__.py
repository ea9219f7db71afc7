"""The same grid by tune_app and by what one could use instead, measured in one run."""
