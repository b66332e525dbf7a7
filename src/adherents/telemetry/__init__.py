"""What the people who run the portal see of it: requests by their names, parts that are away, whether each part answers, what is
counted, and traces."""
