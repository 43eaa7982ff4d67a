"""A job that is forked is what a plain process is: arguments, streams, surroundings, its end."""

import json
import os
import signal
import subprocess
import sys

import helpers
import pytest
from landscape.jobs import warm

JOB = "jobs/job.py"
TELLS = """
import json, os, signal, sys
import beside
told = {"argv": sys.argv, "cwd": os.getcwd(), "env": os.environ.get("A"), "beside": beside.HERE}
told |= {"name": __name__, "read": sys.stdin.read()}
told |= {"ignored": signal.getsignal(signal.SIGHUP) == signal.SIG_IGN}
told |= {"threads": __import__("torch").get_num_threads()}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def offered():
    """The environment in which jobs find the process that forks."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in helpers.environment(**{warm.OFFER: ""}).items():
            patch.setenv(name, value)
        server = warm.offer(1)
        environment = dict(os.environ)
    yield environment
    server.stdin.close()  # as when Snakemake is gone
    assert server.wait(60) == 0
    assert not os.path.exists(os.path.dirname(json.loads(environment[warm.OFFER])[0]))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/beside.py").write_text("HERE = 1")
    return tmp_path


def started(folder, text, env, *argv, before="", **more):
    (folder / JOB).write_text(text)
    command = [sys.executable, "-IS", warm.__file__, JOB, *argv]
    return subprocess.Popen(
        ["bash", "-c", f'{before} exec "$@"', "-", *command],
        cwd=folder,
        env=env,
        **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE),
        text=True,
        **more,
    )


def ended(process, given=""):
    out, err = process.communicate(given, timeout=60)
    return process.returncode, out, err


def test_a_job_finds_what_a_plain_one_finds(folder, offered):
    env = offered | {"A": "ä {x}"}
    plain = {name: value for name, value in env.items() if name != warm.OFFER}
    argv = ["--a=b c", ""]
    one, other = (
        ended(started(folder, TELLS, it, *argv, before="trap '' HUP;"), "given")
        for it in (env, plain)
    )
    assert one == other
    told = json.loads(one[1])
    assert told["argv"] == [JOB, *argv] and told["read"] == "given"
    assert told["env"] == "ä {x}" and told["ignored"] is True and told["beside"] == 1


def test_it_is_a_fork(folder, offered):
    """Whose imports lie behind it; and none of them of this project."""
    text = "import sys; print('torch' in sys.modules, 'landscape' in sys.modules, sys.path[0])"
    assert ended(started(folder, text, offered))[1].split() == ["True", "False", f"{folder}/jobs"]


@pytest.mark.parametrize("other", [{"OMP_NUM_THREADS": "2"}, {warm.OFFER: '["/none", "x", "1"]'}])
def test_for_other_threads_or_another_python_it_is_a_plain_process(folder, offered, other):
    text = "import sys; print('torch' in sys.modules)"
    assert ended(started(folder, text, offered | other)) == (0, "False\n", "")


def test_where_nobody_is_there_it_is_a_plain_process(folder, offered):
    gone = json.loads(offered[warm.OFFER])
    gone[0] += ".gone"
    text = "import sys; print('torch' in sys.modules)"
    assert ended(started(folder, text, offered | {warm.OFFER: json.dumps(gone)}))[1] == "False\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("raise SystemExit('error: so')", 1, "error: so\n"),
        ("raise SystemExit(7)", 7, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
        ("print('cut', end='')", 0, ""),
    ],
)
def test_it_ends_as_the_job_does(folder, offered, text, code, said):
    assert ended(started(folder, text, offered))[::2] == (code, said)


def test_an_error_shows_where_it_happened(folder, offered):
    code, _, said = ended(started(folder, "def f():\n    1 / 0\nf()", offered))
    assert code == 1 and said.endswith("ZeroDivisionError: division by zero\n")
    assert 'job.py", line 2, in f' in said


WAITS = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
print(os.getpid(), flush=True)
time.sleep(60)
"""


def test_a_signal_reaches_it(folder, offered):
    process = started(folder, WAITS, offered)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 5


def test_it_does_not_outlive_who_asked_for_it(folder, offered):
    process = started(folder, WAITS, offered)
    job = int(process.stdout.readline())
    process.kill()
    helpers.wait_for(lambda: not os.path.exists(f"/proc/{job}"))


def test_where_no_socket_can_be_nothing_is_offered(tmp_path, monkeypatch):
    """A job then starts as it always could; Snakemake must not stop for it."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(warm.tempfile, "tempdir", str(long))
    monkeypatch.delenv(warm.OFFER, raising=False)
    assert warm.offer(1) is None and warm.OFFER not in os.environ
    monkeypatch.setattr(warm.tempfile, "tempdir", str(tmp_path / "none"))
    assert warm.offer(1) is None
