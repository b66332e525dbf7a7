"""What figures of all rooms share: the tables, who is shown what, and which rooms have some."""
