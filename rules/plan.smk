# What the study will cost, before it starts. No output is declared: it is counted at each call.


rule plan:
    input:
        unpack(unknown_sizes),
        code=code("plan/plan.py"),
    log:
        "<logs>/plan.log",
    localrule: True
    conda:
        "../envs/torch.yaml"
    params:
        study=STUDY,
        results=config["pathvars"]["results"],
    message:
        "count what the study will need"
    shell:
        "python {input.code[0]:q} --config {params.study} --results {params.results}"
        " --output {params.results}/plan 2>> {log}"
