"""A real SLURM of one node, started for these tests and removed after them.

Starting it installs Debian's packages of SLURM, munge and MariaDB where they are missing and links
its configuration into /etc/slurm: only as root on Debian, and never where a SLURM is configured.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import helpers
import pytest

HERE = Path(__file__).parent


def why_not():
    """Why no SLURM may be started here, or None."""
    if not helpers.may_install():
        return "a SLURM for tests is only started as root on Debian"
    if os.path.lexists("/etc/slurm/slurm.conf"):
        return "/etc/slurm/slurm.conf: this machine has a SLURM of its own"
    return None


@pytest.fixture(scope="session")
def cluster():
    """SLURM with accounting: 8 CPUs, 200 GB and 2 GPUs, all pretended; partitions main and gpu."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tempfile.mkdtemp(prefix="slurm-")  # munge wants a short path that all may read
    try:
        up = subprocess.run(
            [HERE / "slurm-up.sh", folder],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=900,
        )
        if up.returncode == 3:
            pytest.skip(up.stderr.strip())
        assert up.returncode == 0, up.stderr
        yield
    finally:
        subprocess.run([HERE / "slurm-down.sh", folder], stdin=subprocess.DEVNULL, timeout=120)
