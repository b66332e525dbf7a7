"""The pages of notes and of opinions."""
