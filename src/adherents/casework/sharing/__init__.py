"""« Répartition »: how the waiting items are shared among the agents."""
