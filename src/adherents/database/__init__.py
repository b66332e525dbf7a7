"""What every room asks of the database alike."""

READER = "reader"  # Django's name for the standby that may be read (`database.reader`)
