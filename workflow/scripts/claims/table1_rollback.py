"""Table 1: dev accuracy of the trained models, whole and with layer groups rolled back."""

import argparse

from landscape import names
from landscape.claims import rollbacks, tables
from landscape.jobs.command import run, whole
from landscape.jobs.sealed import write_page


def cells(table):
    """Header and rows as in the paper; a change is that of the two printed numbers."""
    by_group = table.drop_duplicates("group").set_index("group")["layers"]
    groups = [group for group in by_group.index if group != rollbacks.WHOLE]
    header = ["Dataset", "Whole model", *(f"Layers {by_group[group]}" for group in groups)]
    rows = []
    for task, of_task in table.groupby("task", sort=False):
        printed = of_task.set_index("group")["accuracy"].round(2)
        row = [names.task_name(task), f"{printed[rollbacks.WHOLE]:.2f}"]
        for group in groups:
            row.append(f"{printed[group]:.2f} ({printed[group] - printed[rollbacks.WHOLE]:+.2f})")
        rows.append(row)
    return header, rows


def markdown(header, rows):
    return "\n".join(tables.markdown(header, rows, numbers=True)) + "\n"


def latex(header, rows):
    """For the booktabs package."""
    header = [cell.removeprefix("Layers ").replace("-", "--") for cell in header]
    rows = [[cell.replace("(-", "($-$").replace("_", r"\_") for cell in row] for row in rows]
    lines = [
        rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
        r"\toprule",
        rf" & & \multicolumn{{{len(header) - 2}}}{{c}}{{Layers rolled back}} \\",
        rf"\cmidrule(lr){{3-{len(header)}}}",
        " & ".join(header) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollbacks", nargs="+", required=True, metavar="FILE")
    parser.add_argument("--tasks", nargs="+", help="rows, in this order (default: all)")
    names.add_arm(parser)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--markdown", required=True)
    parser.add_argument("--latex", required=True)
    args = parser.parse_args(argv)

    table = rollbacks.read(args.rollbacks, args.arm, args.tasks)
    tables.write_csv(table.assign(arm=args.arm), args.csv)
    write_page(markdown(*cells(table)), args.markdown)
    with whole(args.latex) as beside:
        beside.write_text(latex(*cells(table)), encoding="utf-8")


if __name__ == "__main__":
    run(main)
