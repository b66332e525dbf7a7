"""Saving the whole portal, putting it back elsewhere, and taking everything away in open formats."""
