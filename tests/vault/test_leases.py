"""Who was killed has let go at once; who lives, or lives elsewhere, has not."""

import base64
import os
import subprocess
import sys

from adherents.vault.services import leases

MADE = "from adherents.vault.services.leases import new_lease; print(new_lease())"


def of_one_that_ended() -> str:
    completed = subprocess.run(
        [sys.executable, "-c", MADE], capture_output=True, text=True, check=True, timeout=60
    )
    return completed.stdout.strip()


def test_a_process_that_has_ended_has_let_go_and_one_that_lives_has_not() -> None:
    mine = leases.new_lease()
    assert len(mine) == 16
    assert not leases.is_left(mine)
    assert leases.is_left(of_one_that_ended())


def test_a_process_has_let_go_before_its_parent_has_asked_how_it_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", MADE], stdout=subprocess.PIPE, text=True) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process.stdout is not None
        assert leases.is_left(process.stdout.read().strip())


def test_of_another_machine_or_another_space_of_process_numbers_nothing_is_known() -> None:
    ended = bytearray(base64.urlsafe_b64decode(of_one_that_ended()))
    ended[0] ^= 1
    assert not leases.is_left(base64.urlsafe_b64encode(bytes(ended)).decode())


def test_two_leases_of_one_process_are_not_the_same() -> None:
    assert len({leases.new_lease() for _ in range(1000)}) == 1000
