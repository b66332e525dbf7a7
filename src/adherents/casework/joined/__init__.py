"""Documents that were joined, beside what was made of them."""
