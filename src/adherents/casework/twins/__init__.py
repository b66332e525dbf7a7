"""What was sent before: the same bytes again, from the same member or another one, and what looks like it."""
