"""`adherents check --connect`: each engine is spoken to as the portal will speak to it, and what is wrong is said in words."""
