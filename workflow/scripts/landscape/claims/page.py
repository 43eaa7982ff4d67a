"""The page of the claims: the answer, verdicts at a glance, how they were reached, all numbers."""

from landscape import names
from landscape.claims import tables
from landscape.claims.verdicts import FAILS, HOLDS, NOT_JUDGED, ONE_RUN, UNKNOWN

RULE = """\
## How it was judged

A claim *holds* on a task where the 95 % interval of its measure lies wholly on the claimed side,
*does not hold* where it lies wholly on the other side, and else we *cannot tell*. The interval is
of the difference between the two arms, or of the value where a claim is about the first alone, and
over both new runs and new examples: the variance between the runs of each arm (Welch), plus that
from leaving each twentieth of the examples, or each dev example, out of all runs at once
(jackknife), with Satterthwaite's degrees of freedom. Where there is nothing to find it is wrong in
at most 5 % of studies (docs/statistics.md). *One run* of an arm says nothing of other runs: its
interval is over examples, and there is no verdict; two are enough for one, but the interval is
seldom narrow enough. Directions are measured on no examples: their intervals are over runs. All
fine-tuned models start from one pre-trained model. Measures and bounds are in
`workflow/scripts/landscape/claims/`.

- **Bold**: the verdict also stands among all of this page together (Benjamini and Hochberg, 5 %).
- –: judged on other tasks only, those of its figure.
- \\*: a second look at the same claim comes to the opposite, see below.
- § 3.2: tasks that are each other's partner share one number."""

SYMBOLS = {HOLDS: "✓", FAILS: "✗", UNKNOWN: "?", ONE_RUN: "1"}
OPPOSITE = {HOLDS: FAILS, FAILS: HOLDS}


def markdown(table, arms, collapsed):
    """The page, from the rows that `verdicts.judge` gives, with their task.

    arms: {name: label} of those that are compared; collapsed: the runs that never left guessing.
    """
    parts = ["# Which of the paper's claims hold here"]
    if collapsed:
        parts.append(
            f"**Collapsed:** {', '.join(map(str, collapsed))}. Such a run never left guessing: it "
            "gives (almost) all dev examples one class, and all else about it follows from that."
        )
    parts += [totals(table), "\n".join(answers(table)), "\n".join(at_a_glance(table)), RULE]
    for (section, claim), rows in table.groupby(["section", "claim"], sort=False):
        parts.append(f"## § {section}: {claim}")
        for measure, cells in rows.groupby("measure", sort=False):
            note = "" if cells["decides"].all() else " (a second look: it does not decide)"
            shown = {arm: label for arm, label in arms.items() if cells[arm].notna().any()}
            header = ["task", *(label.lower() for label in shown.values()), "judged", "verdict"]
            of_tasks = [line(cell, shown) for cell in cells.to_dict("records")]
            parts += [f"**{measure}**{note}", "\n".join(tables.markdown(header, of_tasks))]
    return "\n\n".join(parts) + "\n"


def totals(table):
    """The headline: how many verdicts there are of each kind, and how many stand together."""
    decided = table[table["decides"]]
    parts = []
    for verdict, symbol in SYMBOLS.items():
        of_it = decided[decided["verdict"] == verdict]
        standing = int(of_it["stands"].sum())
        stands = f" (**{standing}** stand together)" if verdict in OPPOSITE and len(of_it) else ""
        if len(of_it) or verdict != ONE_RUN:
            parts.append(f"{symbol} *{verdict}* {len(of_it)}{stands}")
    return f"{len(decided)} judgements, a claim on a task each: {', '.join(parts)}."


def answers(table):
    """A line a claim: on how many of its tasks it holds, and what stands against it."""
    for (section, claim), looks in table.groupby(["section", "claim"], sort=False):
        first = looks[looks["decides"]]
        if first.empty:  # second looks alone decide nothing
            continue
        counted = first["verdict"].value_counts()
        said = [f"holds on {counted.get(HOLDS, 0)} of {len(first)}"]
        against = first.loc[first["verdict"] == FAILS, "task"]
        if len(against):
            said.append(f"does not hold on {', '.join(map(names.task_name, against))}")
        if odd := [names.task_name(task) for task in first["task"] if opposed(task, looks)]:
            said.append(f"a second look comes to the opposite on {', '.join(odd)}")
        reasons = first.loc[first["verdict"].isin([UNKNOWN, ONE_RUN])]
        why = reasons["reason"].where(reasons["reason"] != "", reasons["verdict"])
        said += [f"{reason} on {number}" for reason, number in why.value_counts().items()]
        yield f"- § {section} {claim}: **{said[0]}**" + "".join(f"; {more}" for more in said[1:])


def opposed(task, looks):
    """Whether another look at a claim comes to the opposite of the one that decides."""
    of_task = looks[looks["task"] == task]
    (verdict,) = of_task.loc[of_task["decides"], "verdict"]
    return OPPOSITE.get(verdict) in set(of_task["verdict"])


def at_a_glance(table):
    """A row a claim, a column a task."""
    tasks = list(dict.fromkeys(table["task"]))
    rows = []
    for (section, claim), looks in table.groupby(["section", "claim"], sort=False):
        first = looks[looks["decides"]].set_index("task")
        if not first.empty:
            cells = (cell(task, first, looks) for task in tasks)
            rows.append([section, claim, *cells])
    return tables.markdown(["§", "claim", *map(names.task_name, tasks)], rows)


def cell(task, first, looks):
    """A verdict with its symbol: bold where it stands, marked where another look is opposed."""
    if task not in first.index:
        return "–"
    row = first.loc[task]
    said = f"{SYMBOLS[row['verdict']]} {row['verdict']}"
    said = f"**{said}**" if row["stands"] else said
    return said + (" \\*" if opposed(task, looks) else "")


def line(row, arms):
    """The cells of one judgement."""
    cells = [names.task_name(row["task"])]
    cells += [interval(row[f"{arm}_low"], row[arm], row[f"{arm}_high"]) for arm in arms]
    cells.append(interval(row["low"], row["judged"], row["high"]))
    about = [f"{row['seeds']} seeds" if row["seeds"] > 1 else ""]
    about += [f"{row['points']} points" if row["points"] else ""]
    about = [row["reason"], row["detail"], *about]
    said = ", ".join(filter(None, about))
    verdict = f"*{row['verdict']}*" if row["verdict"] != NOT_JUDGED else NOT_JUDGED
    return [*cells, verdict + (f" ({said})" if said else "")]


def interval(low, value, high):
    if value != value:
        return "–"
    return f"{value:.3g}" + (f" [{low:.3g}, {high:.3g}]" if low == low else "")
