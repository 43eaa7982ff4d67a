# Table 1: dev accuracy, whole and with layer groups put back to θ0.


rule table1:
    input:
        code=code("claims/table1_rollback.py"),
        rollbacks=expand(
            "<results>/rollbacks/pretrained/{task}/s{seed}.parquet",
            task=FIGURES["tasks"],
            seed=config["seeds"],
        ),
    output:
        csv=shown("<results>/tables/table1.csv", table="Table 1"),
        markdown="<results>/tables/table1.md",
        latex="<results>/tables/table1.tex",
    log:
        "<logs>/tables/table1.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["tasks"],
    message:
        "draw up Table 1"
    shell:
        "python {input.code[0]:q} --tasks {params.tasks} --rollbacks {input.rollbacks}"
        " --csv {output.csv} --markdown {output.markdown} --latex {output.latex} >> {log} 2>&1"


rule paper_vs_ours:
    input:
        code=code("claims/compare_table1.py"),
        rollbacks=rules.table1.input.rollbacks,
    output:
        shown("<results>/tables/paper_vs_ours.md", table="the paper's and ours"),
    log:
        "<logs>/tables/paper_vs_ours.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["tasks"],
        study=STUDY,
        # what it reads of the study: only where that changes is it another table
        read=lambda wildcards: json.dumps(
            {
                key: config[key]
                for key in ("model", "layer_groups", "tasks", "seeds", "max_length", "training")
            },
            sort_keys=True,
        ),
    message:
        "compare Table 1 with the paper's"
    shell:
        "python {input.code[0]:q} --tasks {params.tasks} --rollbacks {input.rollbacks}"
        " --config {params.study} --output {output} >> {log} 2>&1"


RUNS = {"arm": ARMS, "task": FIGURES["tasks"], "seed": config["seeds"]}
FIG4 = {
    "arm": "pretrained",
    "task": FIGURES["overfitting"]["task"],
    "seed": FIRST,
    "plane": "full",
    "length": "longer",
}


rule claims:
    input:
        code=code("claims/judge_claims.py"),
        planes=rules.figure1.input.surfaces,
        groups=rules.figure7.input.surfaces,
        controls=surfaces("random", FIGURES["tasks"]),
        curves=expand(f"{SURFACE}/surface.parquet", plane="curve", **RUNS),
        samples=expand(
            "<results>/data/{task}/sample.parquet",
            task=sorted({*FIGURES["tasks"], *FIGURES["layer_groups"]}),
        ),
        logs=expand(f"{RUN}/log.parquet", **RUNS),
        scores=expand(f"{RUN}/scores.parquet", **RUNS),
        projections=expand(f"{TRAJECTORY}/projection.parquet", length="run", **RUNS),
        norms=expand("<results>/directions/{arm}/{task}/s{seed}.json", **RUNS),
        rollbacks=rules.table1.input.rollbacks,
        sharpness=expand("<results>/sharpness/{arm}/{task}/s{seed}.parquet", **RUNS),
        fig4_plane=expand(f"{SURFACE}/surface.parquet", **FIG4),
        fig4_scores=expand([f"{RUN}/scores.parquet", f"{RUN}/further/scores.parquet"], **FIG4),
        fig4_projection=expand(f"{TRAJECTORY}/projection.parquet", **FIG4),
    output:
        csv=shown("<results>/tables/claims.csv", table="claims"),
        markdown="<results>/tables/claims.md",
    log:
        "<logs>/tables/claims.log",
    conda:
        "../envs/plot.yaml"
    params:
        figures=json.dumps(
            {key: FIGURES[key] for key in ("tasks", "layer_groups", "overfitting")}, sort_keys=True
        ),
        groups=json.dumps(GROUPS, sort_keys=True),
    message:
        "judge the paper's claims"
    shell:
        "python {input.code[0]:q} --surfaces {input.planes} {input.groups} {input.curves}"
        " {input.controls} {input.fig4_plane} --samples {input.samples}"
        " --logs {input.logs} --scores {input.scores} {input.fig4_scores[0]}"
        " --further {input.fig4_scores[1]} --projections {input.projections}"
        " --longer {input.fig4_projection} --rollbacks {input.rollbacks} --norms {input.norms}"
        " --sharpness {input.sharpness}"
        " --figures {params.figures:q} --layer-groups {params.groups:q}"
        " --csv {output.csv} --markdown {output.markdown} >> {log} 2>&1"


rule runs_table:
    input:
        code=code("claims/tabulate_runs.py"),
        curves=rules.claims.input.curves,
        selected=expand(f"{RUN}/selected.json", **RUNS),
        norms=rules.claims.input.norms,
        projections=rules.claims.input.projections,
    output:
        csv=shown("<results>/tables/runs.csv", table="runs"),
        markdown="<results>/tables/runs.md",
    log:
        "<logs>/tables/runs.log",
    conda:
        "../envs/plot.yaml"
    params:
        groups=json.dumps(GROUPS, sort_keys=True),
    message:
        "list the runs"
    shell:
        "python {input.code[0]:q} --curves {input.curves} --selected {input.selected}"
        " --norms {input.norms} --projections {input.projections}"
        " --layer-groups {params.groups:q} --csv {output.csv} --markdown {output.markdown}"
        " >> {log} 2>&1"


rule tables:
    input:
        rules.table1.output,
        rules.runs_table.output,
        rules.paper_vs_ours.output,
        rules.claims.output,
    localrule: True
