"""Figures on conversations: what waits for an answer, and how many began and were answered."""
