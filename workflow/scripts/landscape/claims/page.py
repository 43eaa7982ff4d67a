"""The page of the claims: how to read it, the verdicts at a glance, then measure by measure."""

from landscape import names
from landscape.claims import tables
from landscape.claims.entries import FAILS, HOLDS, UNKNOWN

RULE = """\
A claim *holds* on a task where the 95 % interval of its measure lies wholly on the claimed side,
it *does not hold* where the interval lies wholly on the other side, and else we *cannot tell*. The
interval is of the difference between the two arms, or of the value where a claim is about the
first alone: over seeds where there are several, which says nothing about other
examples; else over examples, which says nothing about other seeds: from the measure without each
tenth of the examples in turn, the same tenth for both arms (jackknife; for sharpness, of its
random draws as well), or for losses of an epoch and the growth of a dev error from their own
spread. A measure of one run that is the same without any tenth has no interval. Planes and Fig. 4
are of the first seed only. All fine-tuned models start from one pre-trained model.
Measures and bounds are in `workflow/scripts/landscape/claims/`."""
NOTES = """\
- –: judged on other tasks only, those of its figure.
- \\*: a second look at the same claim comes to the opposite, see below.
- § 3.2: tasks that are each other's partner share one number."""

SYMBOLS = {HOLDS: "✓", FAILS: "✗", UNKNOWN: "?"}
OPPOSITE = {HOLDS: FAILS, FAILS: HOLDS}


def markdown(table, contrast):
    """The page, from the rows that `entries.judge` gives, with their task.

    contrast: {name: label} of the arms that they compare.
    """
    header = ["task", *(label.lower() for label in contrast.values()), "judged", "verdict"]
    glance = "\n".join(at_a_glance(table))
    parts = ["# Which of the paper's claims hold here", RULE, totals(table), glance, NOTES]
    parts.append(chance(table))
    for (section, claim), rows in table.groupby(["section", "claim"], sort=False):
        parts.append(f"## § {section}: {claim}")
        for measure, cells in rows.groupby("measure", sort=False):
            note = "" if cells["decides"].all() else " (a second look: it does not decide)"
            of_tasks = [line(cell, contrast) for cell in cells.to_dict("records")]
            parts += [f"**{measure}**{note}", "\n".join(tables.markdown(header, of_tasks))]
    return "\n\n".join(parts) + "\n"


def totals(table):
    verdicts = table.loc[table["decides"], "verdict"]
    number = verdicts.value_counts().reindex(list(SYMBOLS), fill_value=0)
    found = ", ".join(f"*{verdict}* {number[verdict]}" for verdict in SYMBOLS)
    return f"{len(verdicts)} judgements, a claim on a task each: {found}."


def at_a_glance(table):
    """A row a claim, a column a task."""
    tasks = list(dict.fromkeys(table["task"]))
    rows = []
    for (section, claim), looks in table.groupby(["section", "claim"], sort=False):
        first = looks[looks["decides"]].set_index("task")["verdict"]
        if first.empty:  # second looks alone decide nothing
            continue
        cells = (marked(first.get(task), looks[looks["task"] == task]) for task in tasks)
        rows.append([section, claim, *cells])
    return tables.markdown(["§", "claim", *map(names.task_name, tasks)], rows)


def marked(verdict, looks):
    """A verdict with its symbol, marked where another look at the claim comes to the opposite."""
    if verdict is None:
        return "–"
    opposite = OPPOSITE.get(verdict) in set(looks["verdict"])
    return f"{SYMBOLS[verdict]} {verdict}" + (" \\*" if opposite else "")


def chance(table):
    """What the number of judgements means for those that hold."""
    number = int((table["decides"] & table["low"].notna()).sum())
    return (
        f"Nothing is corrected for the number of judgements. {number} of them have an interval: if "
        f"there were nothing to find, about {0.025 * number:.1f} would hold by chance and as many "
        "not hold (2.5 % on each side); they share runs, so chance would come in clusters."
    )


def line(row, contrast):
    """The cells of one judgement."""
    cells = [names.task_name(row["task"])]
    cells += [interval(row[f"{arm}_low"], row[arm], row[f"{arm}_high"]) for arm in contrast]
    cells.append(interval(row["low"], row["judged"], row["high"]))
    seeds = f"{row['seeds']} seeds" if row["seeds"] > 1 else "one seed"
    over = seeds if row["over"] == "seeds" else f"examples, {seeds}"
    reason = f": {row['reason']}" if row["reason"] else f" (over {over})"
    return [*cells, f"*{row['verdict']}*{reason}"]


def interval(low, value, high):
    if value != value:
        return "–"
    return f"{value:.3g}" + (f" [{low:.3g}, {high:.3g}]" if low == low else "")
