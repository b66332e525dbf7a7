"""Figures on what waits and on what was decided."""
