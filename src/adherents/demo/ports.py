"""Which ports the demonstration listens on: the portal's is given, the others follow from it."""

import socket

from adherents.demo.data_folder import CannotRun

ADDRESS = "127.0.0.1"
PAGES_FROM_PORT, SMTP_FROM_PORT = 25, 26


def pages_port(port: int) -> int:
    return port + PAGES_FROM_PORT


def smtp_port(port: int) -> int:
    return port + SMTP_FROM_PORT


def check_ports(port: int) -> None:
    """Raises `CannotRun` for the first of the three ports that another program holds."""
    for wanted, use in ((port, "le portail"), (pages_port(port), "le courrier"), (smtp_port(port), "SMTP")):
        if not 0 < wanted < 65536:
            raise CannotRun(
                f"Le port {wanted} (pour {use}) n’existe pas : choisissez PORT entre 1024 et 65000."
            )
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((ADDRESS, wanted))
            except OSError as error:
                raise CannotRun(
                    f"Le port {wanted} (pour {use}) est déjà pris ou interdit : "
                    f"choisissez-en un autre, par exemple PORT={port + 100} make demo."
                ) from error
