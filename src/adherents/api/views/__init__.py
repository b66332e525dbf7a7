"""The routes of the API, one module a subject; and the administrateur's pages (`clients`)."""
