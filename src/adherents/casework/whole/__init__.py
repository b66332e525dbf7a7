"""The whole sending beside one of its documents."""
