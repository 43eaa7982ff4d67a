# The study on one page. (`snakemake --report` shows the same files in Snakemake's own page.)

PAGES = HERE / "workflow/report"


rule report_page:
    input:
        code=code("figures/make_report.py"),
        pages=[
            *expand(f"{PAGES}/{{page}}", page=["page.html", "style.css", "surfaces.js"]),
            *expand(f"{PAGES}/fig{{number}}.rst", number=range(1, 8)),
            f"{PAGES}/table1.rst",
        ],
        figures=expand("<results>/figures/fig{number}.png", number=range(1, 8)),
        numbers=expand("<results>/figures/fig{number}.csv", number=range(1, 8)),
        planes=rules.figure1.input.surfaces,
        groups=rules.figure7.input.surfaces,
        trajectories=trajectories(FIGURES["tasks"], "run"),
        claims=rules.claims.output.markdown,
        table1=rules.table1.output.markdown,
        compared=rules.paper_vs_ours.output[0],
        runs=rules.runs_table.output.markdown,
    output:
        shown("<results>/report.html"),
    log:
        "<logs>/report.log",
    conda:
        "../envs/plot.yaml"
    params:
        study=STUDY,
        config=lambda wildcards: json.dumps(config, sort_keys=True),  # another is another report
        benchmarks="{results}/benchmarks".format(**config["pathvars"]),
    message:
        "write the report"
    shell:
        "python {input.code[0]:q} --figures {input.figures} --surfaces {input.planes} {input.groups}"
        " --trajectories {input.trajectories} --claims {input.claims}"
        " --table1 {input.table1} --compared {input.compared} --runs {input.runs}"
        " --config {params.study} --benchmarks {params.benchmarks}"
        ' --pages "$(dirname -- {input.pages[0]:q})" --output {output}'
        " >> {log} 2>&1"
