"""Where sealed bytes lie: objects, how they are sealed, and how they are read back."""
