"""The storage of sealed bytes: its objects, how they are sealed, and how they are read back."""
