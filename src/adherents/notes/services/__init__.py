"""What agents do with notes and opinions: one file a subject."""
