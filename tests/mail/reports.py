"""Delivery reports as servers write them (RFC 3464), about a mail that really left."""

POSTFIX = """\
Return-Path: <>
X-Original-To: {to}
Delivered-To: rebonds@mutuelle.example
Date: Mon, 23 Nov 2026 10:21:00 +0100 (CET)
From: MAILER-DAEMON@relay.mutuelle.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4F2A.1/relay"
Message-Id: <20261123092100.5B0C@relay.mutuelle.example>

This is a MIME-encapsulated message.

--4F2A.1/relay
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host relay.mutuelle.example.

<{recipient}>: host mx.example.org[192.0.2.1] said: {answer} (in reply to {command} command)

--4F2A.1/relay
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.mutuelle.example
X-Postfix-Queue-ID: 4F2A
Arrival-Date: Mon, 23 Nov 2026 10:20:58 +0100 (CET)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{original}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; {answer}

--4F2A.1/relay
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{to}>
From: MESE Adh <fr-contact@mese.se.com>
To: {recipient}
Subject: Votre compte

--4F2A.1/relay--
"""
EXCHANGE = """\
From: postmaster@example.org
To: <{to}>
Date: Mon, 23 Nov 2026 09:21:01 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="_000_exchange_"
MIME-Version: 1.0
Subject: Undeliverable: Votre compte

--_000_exchange_
Content-Type: multipart/alternative; boundary="_001_exchange_"

--_001_exchange_
Content-Type: text/plain; charset="us-ascii"

Your message wasn't delivered.

--_001_exchange_--

--_000_exchange_
Content-Type: message/delivery-status

Reporting-MTA: dns;mx.example.org

Final-recipient: RFC822;{recipient}
Action: failed
Status: {status}
Diagnostic-code: smtp;{answer}

--_000_exchange_--
"""
VACATION = """\
To: {to}
From: {recipient}
Auto-Submitted: auto-replied
Subject: Absence

Je suis en vacances. 550 5.1.1 User unknown
"""


def postfix(to: str, recipient: str, **said: str) -> bytes:
    """A report of Postfix, sent to the envelope's sender `to`, about `recipient`: refused for good but as `said`."""
    usual = {
        "original": recipient,
        "action": "failed",
        "status": "5.1.1",
        "answer": "550 5.1.1 User unknown",
        "command": "RCPT TO",
    }
    return POSTFIX.format(to=to, recipient=recipient, **usual | said).encode()
