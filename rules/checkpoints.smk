# With `keep_checkpoints: false` those that only trajectories need go when these are done. Not by
# `temp()`: what asks for such a file later would train for days without a word; here it stops and
# says so, and a candidate that is added finds the others.


rule delete_checkpoints:
    input:
        trajectories_of,
        code=code("runs/delete_checkpoints.py"),
        checkpoints=its_epochs,
        final=its_final,
    output:
        f"{RUN}/deleted.txt",
    log:
        "<logs>/runs/{arm}/{task}/s{seed}_delete.log",
    priority: 100
    localrule: True  # it only renames files
    conda:
        "../envs/torch.yaml"
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: delete checkpoints"
    shell:
        "python {input.code[0]:q} --checkpoints {input.checkpoints} --final {input.final}"
        " --output {output} >> {log} 2>&1"
