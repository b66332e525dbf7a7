"""What agents do at the desk: one file a subject."""
