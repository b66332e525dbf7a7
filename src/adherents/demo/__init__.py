"""The demonstration: invented people, a mail catcher, and the portal with its worker, by one command.

It needs the development requirements (reportlab, aiosmtpd, time-machine); no part of the portal imports it,
and what an insurer installs does not hold it.
"""
