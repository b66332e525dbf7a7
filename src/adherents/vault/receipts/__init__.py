"""The receipt of a deposit: what is signed, how it is checked without the database, and how it is drawn on paper."""
