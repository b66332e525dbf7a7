"""The member’s answers about what was read."""
