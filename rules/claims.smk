# Table 1 and its comparison with the paper's, the claims, and each run in a line.

CONTRAST = " ".join(
    f"--{name} " + " ".join(shlex.quote(f"{arm}={study.arms[arm].label}") for arm in arms)
    for name, arms in (("contrast", study.contrast), ("paths", study.paths))
)
LAYERS = " ".join(
    f"--layers {group.name} {group.first} {group.last}" for group in study.groups.values()
)
READ_BY_COMPARISON = ("model", "arms", "groups", "tasks", "seeds", "max_length", "training")
JUDGED = study.judged()
ROLLBACKS = of_runs(ROLLBACK, study.rolled_back())
PROJECTIONS = projections(study.runs(), "run")
NORMS = of_runs(NORM, study.runs())

if study.groups:

    rule table1:
        input:
            code=code("claims/table1_rollback.py"),
            rollbacks=ROLLBACKS,
        output:
            csv=shown("<results>/tables/table1.csv", table="Table 1"),
            markdown="<results>/tables/table1.md",
            latex="<results>/tables/table1.tex",
        log:
            "<logs>/tables/table1.log",
        conda:
            "../envs/plot.yaml"
        params:
            options=f"{tasks_of('tasks')} {ONE_ARM}",
        message:
            "draw up Table 1"
        shell:
            "python {input.code[0]:q} {params.options} --rollbacks {input.rollbacks}"
            " --csv {output.csv} --markdown {output.markdown} --latex {output.latex}"
            " >> {log} 2>&1"

    rule paper_vs_ours:
        input:
            code=code("claims/compare_table1.py"),
            rollbacks=ROLLBACKS,
        output:
            shown("<results>/tables/paper_vs_ours.md", table="the paper's and ours"),
        log:
            "<logs>/tables/paper_vs_ours.log",
        conda:
            "../envs/plot.yaml"
        params:
            options=f"{tasks_of('tasks')} {ONE_ARM}",
            study=STUDY,
            # what it reads of the study: only where that changes is it another table
            read=lambda wildcards: json.dumps(
                {key: config.get(key) for key in READ_BY_COMPARISON},
                sort_keys=True,
            ),
        message:
            "compare Table 1 with the paper's"
        shell:
            "python {input.code[0]:q} {params.options} --rollbacks {input.rollbacks}"
            " --config {params.study} --output {output} >> {log} 2>&1"


rule claims:
    input:
        code=code("claims/judge_claims.py"),
        samples=expand(
            "<results>/data/{task}/sample.parquet",
            task=sorted({*study.drawn("tasks"), *study.drawn("groups")}),
        ),
        logs=of_runs(f"{RUN}/log.parquet", JUDGED),
        scores=of_runs(f"{RUN}/scores.parquet", unique(JUDGED + study.further())),
        norms=NORMS,
        curves=surfaces(CURVE),
        ways=surfaces(WAY),
        basins=surfaces(BASIN),
        controls=surfaces(CONTROL),
        lines=[file for name in study.lines for file in surfaces(name)],
        further=of_runs(f"{RUN}/further/scores.parquet", study.further()),
        projections=projections(JUDGED, "run"),
        longer=projections(study.further(), "longer"),
        rollbacks=ROLLBACKS,
        sharpness=of_runs(SHARPNESS, study.sharpness()),
    output:
        csv=shown("<results>/tables/claims.csv", table="claims"),
        markdown="<results>/tables/claims.md",
    log:
        "<logs>/tables/claims.log",
    conda:
        "../envs/plot.yaml"
    params:
        files=by_flag,
        tasks=json.dumps(
            {key: study.drawn(key) for key in ("tasks", "groups", "overfitting")}, sort_keys=True
        ),
        options=verbatim(f"{CONTRAST} {LAYERS}"),
    message:
        "judge the paper's claims"
    shell:
        "python {input.code[0]:q} {params.files} --tasks {params.tasks:q} {params.options}"
        " --csv {output.csv} --markdown {output.markdown} >> {log} 2>&1"


rule runs_table:
    input:
        code=code("claims/tabulate_runs.py"),
        curves=surfaces(CURVE),
        selected=of_runs(f"{RUN}/selected.json", study.runs()),
        norms=NORMS,
        projections=PROJECTIONS,
    output:
        csv=shown("<results>/tables/runs.csv", table="runs"),
        markdown="<results>/tables/runs.md",
    log:
        "<logs>/tables/runs.log",
    conda:
        "../envs/plot.yaml"
    params:
        options=verbatim(f"{ALL_ARMS} {LAYERS}"),
    message:
        "list the runs"
    shell:
        "python {input.code[0]:q} --curves {input.curves} --selected {input.selected}"
        " --norms {input.norms} --projections {input.projections} {params.options}"
        " --csv {output.csv} --markdown {output.markdown} >> {log} 2>&1"


rule tables:
    input:
        [rules.table1.output, rules.paper_vs_ours.output] if study.groups else [],
        rules.runs_table.output,
        rules.claims.output,
    localrule: True
