"""Celery as the portal uses it: messages that say the name of a sweep, one queue a kind of work, no result, nothing but JSON.

Imported only where `ADHERENTS_WORK_URL` names a broker. Whatever a message may do, a worker does without it too: it looks for due
rows. So a message that is lost, told twice or invented by somebody changes nothing but when the looking is done.
"""

import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from django.conf import settings
from kombu.entity import Exchange, Queue

from adherents.work.registry import SWEEPS, broker_queues

TASK = "adherents.sweep"
FORGOTTEN_AFTER = (
    300  # seconds: a message that waited longer is dropped, for the rows have been looked for since
)
MOST_WAITING = 10_000  # messages of one queue, where the broker can drop the oldest (RabbitMQ)
CONNECTS_WITHIN, ANSWERS_WITHIN = 2, 5  # seconds


def in_the_broker(name: str) -> str:
    """A queue's name there, where others may have theirs."""
    return f"adherents.{name}"


def _queues(url: str) -> list[Queue]:
    """On Valkey a message is gone once it is taken. An acknowledgement that is lost with its connection would keep a lane from
    taking another until it is restarted: kombu counts it as in hand, and notices no cut while it asks for nothing. RabbitMQ sends
    a lane one message at a time only where each is acknowledged.
    """
    exchange = Exchange("adherents", type="direct")  # type: ignore[no-untyped-call]
    return [
        Queue(  # type: ignore[no-untyped-call]
            in_the_broker(name),
            exchange,
            routing_key=name,
            no_ack=is_valkey(url),
            queue_arguments={"x-max-length": MOST_WAITING, "x-overflow": "drop-head"},
        )
        for name in broker_queues()
    ]


def is_valkey(url: str) -> bool:
    return urlsplit(url).scheme.startswith("redis")


def _tls(url: str) -> Any:
    """How a broker is spoken to over TLS: it proves who it is, unless the address says otherwise; False: without TLS."""
    parts = urlsplit(url)
    wanted = parse_qs(parts.query).get("ssl_cert_reqs", ["required"])[0].lower()
    proof = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL}.get(wanted, ssl.CERT_REQUIRED)
    if parts.scheme == "rediss":
        return {"ssl_cert_reqs": proof, "ssl_check_hostname": proof == ssl.CERT_REQUIRED}
    if parts.scheme == "amqps":
        return {"cert_reqs": proof, "server_hostname": parts.hostname}
    return False


def _transport_options(url: str) -> dict[str, Any]:
    # Without these kombu asks again without end, whatever it is told elsewhere.
    options: dict[str, Any] = {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.2,
    }
    if is_valkey(url):
        options |= {
            "global_keyprefix": "adherents:",
            "socket_connect_timeout": CONNECTS_WITHIN,
            "socket_timeout": ANSWERS_WITHIN,
            "socket_keepalive": True,
        }
    return options


def _configure(made: Celery) -> None:
    """Give it the broker that the setting names: it is asked for once, when this module is imported."""
    url = settings.ADHERENTS_WORK_URL
    made.conf.update(
        broker_url=url.partition("?")[0],
        broker_use_ssl=_tls(url),
        broker_transport_options=_transport_options(url),
        broker_connection_timeout=CONNECTS_WITHIN,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_heartbeat=0,  # a lane that draws for a minute answers nothing meanwhile, and is alive
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        result_expires=None,
        task_ignore_result=True,
        task_queues=_queues(url),
        task_create_missing_queues=False,
        task_default_queue=in_the_broker(broker_queues()[0]),
        task_default_delivery_mode="transient",  # the row is on the disk already
        task_acks_late=True,  # RabbitMQ gives what a worker had in hand to another when it dies
        worker_prefetch_multiplier=1,
        worker_enable_prefetch_count_reduction=False,
        worker_enable_remote_control=False,  # nobody who reaches the broker may command a worker
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        enable_utc=True,
    )


def _made() -> Celery:
    # Django's fixup would close the database after each message.
    made = Celery("adherents", set_as_current=False, fixups=[])
    _configure(made)
    return made


app = _made()


class Outgoing:
    """A connection to send over. Raises what the network or the broker does; it is then to be closed, and another made."""

    def __init__(self) -> None:
        self._connection = app.connection_for_write()
        if self._connection.transport_cls in {"amqp", "amqps", "pyamqp"}:
            self._connection.transport_options |= {
                "read_timeout": ANSWERS_WITHIN,
                "write_timeout": ANSWERS_WITHIN,
            }
        try:
            self._connection.connect()
            self._producer = app.amqp.Producer(self._connection, auto_declare=False)
        except BaseException:
            self.close()
            raise

    def send(self, name: str) -> None:
        """Have the sweep of this name run by some worker."""
        app.send_task(
            TASK,
            args=[name],
            queue=in_the_broker(SWEEPS[name].broker_queue),
            producer=self._producer,
            retry=False,
            expires=FORGOTTEN_AFTER,
            ignore_result=True,
        )

    def close(self) -> None:
        with suppress(Exception):
            self._connection.collect(socket_timeout=1)
