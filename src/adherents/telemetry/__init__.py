"""What whoever runs the portal sees of it: requests by their names, parts that are away, whether each part answers."""
