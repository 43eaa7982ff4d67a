# The study on one page. (`snakemake --report` shows the same files in Snakemake's own page.)

PAGES = HERE / "workflow/report"
# surfaces to turn: the plane of δ1 and δ2, those of the groups and the config's own
TURNED = surfaces(FULL, EACH) + group_surfaces()
TURNED += [file for name in study.own_planes for file in surfaces(name)]


rule report_page:
    input:
        code=code("figures/make_report.py"),
        pages=[
            *expand(f"{PAGES}/{{page}}", page=["page.html", "style.css", "surfaces.js"]),
            *expand(f"{PAGES}/fig{{number}}.rst", number=study.figures),
            f"{PAGES}/table1.rst",
        ],
        figures=expand("<results>/figures/fig{number}.png", number=study.figures),
        numbers=expand("<results>/figures/fig{number}.csv", number=study.figures),
        surfaces=TURNED,
        trajectories=trajectories(EACH, "run"),
        claims=rules.claims.output.markdown,
        table1=rules.table1.output.markdown if study.groups else [],
        compared=rules.paper_vs_ours.output[0] if study.groups else [],
        runs=rules.runs_table.output.markdown,
    output:
        shown("<results>/report.html"),
    log:
        "<logs>/report.log",
    conda:
        "../envs/plot.yaml"
    params:
        files=by_flag,
        study=STUDY,
        config=lambda wildcards: json.dumps(config, sort_keys=True),  # another is another report
        logs="{results}/logs".format(**config["pathvars"]),
    message:
        "write the report"
    shell:
        "python {input.code[0]:q} {params.files} --config {params.study}"
        ' --logs {params.logs} --pages "$(dirname -- {input.pages[0]:q})"'
        " --output {output} >> {log} 2>&1"
