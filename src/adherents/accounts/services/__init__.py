"""Account life: one file a journey."""
