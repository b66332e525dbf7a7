"""What a file is, before a person opens it: its type, the antivirus, and its pages as pixels. Imports nothing of ours."""
