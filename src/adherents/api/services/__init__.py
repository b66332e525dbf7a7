"""Clients and their keys, who calls, and the answers that are given again."""
