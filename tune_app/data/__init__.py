"""Data sets as arrays, their fixed split, and the input pipeline."""
