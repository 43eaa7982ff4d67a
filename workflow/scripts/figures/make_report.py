"""The whole study on one page that opens from a file, without a network (report.html)."""

import argparse
import base64
import json
from pathlib import Path

import pandas as pd
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from landscape import names
from landscape.claims import tables
from landscape.figures import origins, scales, scenes, style
from landscape.jobs.command import InputError, one_line, run, whole
from landscape.jobs.sealed import read_json, read_page
from landscape.study import Study
from landscape.words import ERROR, FULL, LOSS
from markdown_it import MarkdownIt
from PIL import Image
from plotly.offline import get_plotlyjs

MEASURED = (LOSS, ERROR)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", nargs="+", required=True, metavar="PNG", help="each with .csv")
    parser.add_argument("--surfaces", nargs="+", required=True, help="of all planes, gathered")
    parser.add_argument("--trajectories", nargs="+", required=True, help="of the runs, with losses")
    parser.add_argument("--claims", required=True, help=".md")
    parser.add_argument("--table1", type=Path, help=".md; of a study with layer groups")
    parser.add_argument("--compared", help="Table 1 beside the paper's, .md")
    parser.add_argument("--runs", required=True, help="each in a line, .md")
    parser.add_argument("--config", type=read_json, required=True, help="the study, .json")
    parser.add_argument("--logs", type=Path, required=True, help="folder of what jobs said")
    parser.add_argument("--pages", type=Path, required=True, help="folder of template and captions")
    parser.add_argument("--output", required=True, help=".html")
    args = parser.parse_args(argv)

    config, study = args.config, Study(args.config)
    verdicts, _, claims = read_page(args.claims).partition("\n## ")
    page = Environment(
        loader=FileSystemLoader(args.pages),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html")
    shown = surfaces_to_turn(args.surfaces, args.trajectories, study)
    html = page.render(
        study=in_a_line(config),
        embedded="language" in config,
        verdicts=html_of(verdicts),
        claims=html_of(f"## {claims}"),
        figures=[figure(Path(path), args.pages, study) for path in args.figures],
        scenes=shown,
        data=json.dumps(
            [[json.loads(panel["figure"].to_json()) for panel in s["panels"]] for s in shown],
            separators=(",", ":"),
        ).replace("</", r"<\/"),
        table1=args.table1
        and captioned(args.table1, args.pages) | {"html": html_of(read_page(args.table1))},
        compared=args.compared and html_of(read_page(args.compared)),
        runs=html_of(read_page(args.runs)),
        config=yaml.safe_dump(config, allow_unicode=True, default_flow_style=None, width=100),
        made_by=origins.made_by(args.surfaces),
        cost=origins.cost(args.logs),
        commit=origins.commit(),
        plotly=get_plotlyjs(),
    )
    with whole(args.output) as beside:
        beside.write_text(html, encoding="utf-8")


def in_a_line(config):
    """What was studied, in a line."""
    name, seeds = names.model_name(config["model"]), config["seeds"]
    of_tasks = ", ".join(map(names.task_name, config["figures"]["tasks"]))
    plural = "s" if len(seeds) > 1 else ""
    return f"{name}; {of_tasks}; seed{plural} {', '.join(map(str, seeds))}"


def text_of(path):
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})")


def html_of(markdown):
    """A Markdown page as HTML, its headings one level down: the page's own is the first."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")  # names are the user's
    tokens = parser.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + 1}"
    return parser.renderer.render(tokens, parser.options, {})


# Figures


def captioned(path, pages):
    """The caption of a result: its first line is the title."""
    title, _, caption = text_of(pages / f"{path.stem}.rst").partition("\n")
    return {"id": path.stem, "title": title, "caption": caption}


def figure(png, pages, study):
    """A figure with its caption and its numbers: what `page.html` shows of it."""
    numbers_of = png.with_suffix(".csv")
    try:
        with Image.open(png) as opened:
            written = opened.info.get(style.NUMBERS)
            opened.verify()  # each part has a checksum
        image = base64.b64encode(png.read_bytes()).decode()
    except (OSError, SyntaxError) as error:
        raise InputError(f"{png}: no whole picture ({one_line(error)}); delete it to have it drawn")
    if not numbers_of.is_file() or written != style.checksum(numbers_of):
        raise InputError(f"{numbers_of}: not what {png} was drawn from; delete both")
    drawn = tables.read_csv(numbers_of)
    return captioned(png, pages) | {
        "image": image,
        "numbers": origins.html_table(numbers(drawn, study)),
    }


def numbers(drawn, study):
    """A figure's numbers, a line a panel or curve: for those who do not see it."""
    measured = [name for name in drawn if name.endswith(("loss", "error"))][-1]
    of = [name for name in ("task", "arm", "plane", "drawn") if name in drawn]
    lines = []
    for key, rows in drawn.groupby(of, sort=False, dropna=False):
        line = dict(zip(of, key))
        named = "landmark" in rows and rows["landmark"].notna().any()
        if named:
            marks = rows.dropna(subset="landmark").drop_duplicates("landmark")
            line |= dict(zip(marks["landmark"], marks[measured]))
            rows = rows.drop(marks.index)
        else:  # epochs, in their order
            line |= {"start": rows[measured].iloc[0], "end": rows[measured].iloc[-1]}
        finite = rows[measured].replace([float("inf"), -float("inf")], float("nan"))
        line |= {"lowest": finite.min(), "median": finite.median(), "highest": finite.max()}
        lines.append(line | {"not finite": finite.isna().sum()})
    arms = {name: arm.label for name, arm in study.arms.items()}
    groups = {name: names.group_name(name) for name in study.groups}
    table = pd.DataFrame(lines).replace({"arm": arms, "plane": groups})
    table["task"] = table["task"].map(names.task_name)
    return table


# Surfaces


def surfaces_to_turn(paths, trajectories, study):
    """[{task, name, panels: [{name, words, figure}]}]: a choice in the page's list each."""
    columns = [*tables.KEY, "phase", "epoch", "alpha", "beta", "off_plane"]
    columns += [of + measured for measured in MEASURED for of in ("", "plane_")]
    epochs = tables.read(trajectories, columns)
    epochs = epochs[epochs["phase"] == "first"]
    colour_map, shown = study.config["figures"]["colour_map"], []
    for measured in MEASURED:
        points = tables.read_surfaces(paths, measured)
        for plane, title in planes_of_all_layers(study).items():
            if measured not in study.planes[plane].measures:
                continue
            name = f"{scenes.NAMES[measured]}, {title}"
            for task in study.drawn("tasks"):
                panels = {
                    label: tables.one(points, task=task, arm=arm, plane=plane)
                    for arm, label in study.shown_arms.items()
                }
                on_it = epochs if plane == FULL else None
                shown.append(scene(task, name, panels, measured, colour_map, on_it))
        for task in study.drawn("groups") if study.group_planes and measured == LOSS else ():
            panels = {
                names.group_name(group): tables.one(points, task=task, arm=study.shown, plane=group)
                for group in study.group_planes
            }
            name = f"{scenes.NAMES[measured]}, layer groups"
            shown.append(scene(task, name, panels, measured, colour_map))
    order = {task: place for place, task in enumerate(study.drawn("tasks"))}
    return sorted(shown, key=lambda scene: order.get(scene["of"], len(order)))


def planes_of_all_layers(study):
    """{name: title}: that of δ1 and δ2, and the config's own of two axes."""
    return {FULL: "plane of δ1 and δ2"} | {name: f"plane {name}" for name in study.own_planes}


def scene(task, name, panels, measured, colour_map, epochs=None):
    """Panels that share one scale, so that they compare."""
    together = pd.concat(panels.values())
    if measured == LOSS:
        scale = scales.loss_scale(together, colour_map)
    else:
        scale = scales.error_scale(together[measured], colour_map)
    drawn = []
    for title, points in panels.items():
        run_ = {key: points[key].iloc[0] for key in tables.KEY}
        drawn.append(
            {
                "name": title,
                "words": scenes.in_words(points, measured),
                "figure": scenes.scene(
                    points,
                    measured,
                    scale,
                    colour_map,
                    None if epochs is None else tables.one(epochs, **run_),
                    markers(points),
                ),
            }
        )
    return {"of": task, "task": names.task_name(task), "name": name, "panels": drawn}


def markers(points):
    """The landmarks that are on a surface, as figures mark them."""
    there = set(points["landmark"])
    known = style.ROLLED_BACK if "rollback" in there else style.START_END
    return {name: marker for name, marker in known.items() if name in there}


if __name__ == "__main__":
    run(main)
