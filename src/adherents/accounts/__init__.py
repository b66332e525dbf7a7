"""Who may sign in, and with what: accounts, passwords, links, locks, sessions, roles."""
