"""What happened, in order, for the insurer's systems: identifiers and codes, never a person's data."""
