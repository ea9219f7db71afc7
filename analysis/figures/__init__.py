"""Figures of the report: frames as Vega-Lite specifications."""
