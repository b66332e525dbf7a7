"""Saving, restoring, leaving, and what an administrateur lifts after a restore: one journey a file."""
