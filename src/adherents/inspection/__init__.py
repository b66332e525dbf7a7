"""What a file is, before anybody opens it: its type, the antivirus, and its pages as pixels. Imports nothing of ours."""
