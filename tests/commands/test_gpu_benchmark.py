"""What is to run on a GPU runs on a CPU first: minutes of a GPU are few."""

import json
import subprocess
import sys

import helpers


def test_the_rehearsal_of_the_gpu_benchmark(tmp_path):
    argv = [sys.executable, helpers.ROOT / "benchmarks/gpu.py", tmp_path, "--rehearse"]
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in (tmp_path / "gpu.jsonl").read_text().splitlines()]
    ended = {
        one["part"]: one["rc"]
        for one in told
        if "rc" in one and "seconds" in one and "what" not in one
    }
    assert ended == {"machine": 0, "correct": 0, "training": 0, "fast": 0}
    assert all(one["same"] for one in told if "same" in one)
    assert all(one["twice the same bits"] for one in told if "way" in one and "dtype" in one)
    exact = [
        one["apart"] for one in told if one.get("dtype", "float32") == "float32" and "apart" in one
    ]
    assert exact and max(map(max, exact)) < 1e-5
    assert {one["way"] for one in told if "share" in one} == {"call a length", "plain loop"}
