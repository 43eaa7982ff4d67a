"""How a report's results were made: files, versions and devices, remarks, and what it cost."""

import subprocess
from pathlib import Path

import pandas as pd
from landscape import names
from landscape.claims import tables
from landscape.jobs import command
from landscape.surfaces import surface
from landscape.words import OWN, RANDOM


def made_by(paths):
    """What the surfaces say of their files, settings and software."""
    rows, versions, devices, remarks = [], {}, set(), set()
    for path in paths:
        table, provenance = surface.read(path)
        row = table.iloc[0]
        versions |= provenance["versions"]
        settings, run = provenance["settings"], f"{names.task_name(row['task'])}, {row['arm']}"
        devices.add(settings["device"])
        if settings["made_by_seed"]:
            lacking = ", ".join(settings["made_by_seed"])
            remarks.add(f"{run}: the model folder has no {lacking}; the seed made them.")
        if settings["axes"] == [OWN, RANDOM]:
            remarks.add(f"{run}: the task has no partner; δ2 is a random direction.")
        if settings["forward"] != "packed":
            remarks.add(f"{run}: evaluated by the model's forward pass ({settings['forward']}).")
        rows.append(
            {"task": names.task_name(row["task"]), "arm": row["arm"], "seed": row["seed"]}
            | {"plane": row["plane"], "points": len(tables.measured(table))}
            | provenance["files"]
        )
    return {
        "versions": versions,
        "devices": sorted(devices),
        "remarks": sorted(remarks),
        "hashes": html_table(pd.DataFrame(rows)),
    }


def cost(folder):
    """Jobs, hours and memory by stage, as the logs of jobs that ended well tell it last."""
    rows = []
    for path in sorted(folder.rglob("*.log")):
        if costs := command.cost_in(path.read_text(encoding="utf-8", errors="replace")):
            seconds, of_cpu, megabytes = costs
            stage = path.relative_to(folder).parts[0].removesuffix(".log")
            rows.append((stage, 1, seconds / 3600, of_cpu / 3600, megabytes / 1000))
    names = ["stage", "jobs", "hours", "CPU hours", "largest, GB"]
    table = (
        pd.DataFrame(rows, columns=names)
        .groupby("stage", sort=False)
        .agg(dict.fromkeys(names[1:4], "sum") | {names[4]: "max"})
    )
    return html_table(table.reset_index())


def commit():
    """Of the workflow's clone, if it is one."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--tags"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git clone)"


def html_table(table):
    return table.to_html(index=False, na_rep="", border=0, float_format="%.3g")
