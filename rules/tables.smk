# Table 1: dev accuracy, whole and with layer groups put back to θ0.


rule table1:
    input:
        code=code("table1_rollback.py"),
        rollbacks=expand(
            "<results>/rollbacks/pretrained/{task}/s{seed}.csv",
            task=FIGURES["tasks"],
            seed=config["seeds"],
        ),
    output:
        csv="<results>/tables/table1.csv",
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
        "python {input.code[0]} --tasks {params.tasks} --rollbacks {input.rollbacks}"
        " --csv {output.csv} --markdown {output.markdown} --latex {output.latex} > {log} 2>&1"


rule tables:
    input:
        rules.table1.output,
    localrule: True
