"""The agents' desk: finding a member, their record, a document, the agents, the journal, the installation."""
