# Dev error with each group of layers put back to θ0.


rule rollback:
    input:
        code=code("surfaces/rollback.py"),
        start=theta0("model.safetensors"),
        config=theta0("config.json"),
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
        dev="<results>/data/{task}/dev.parquet",
    output:
        ROLLBACK,
    log:
        "<logs>/rollbacks/{arm}/{task}/s{seed}.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    threads: config["threads"]
    resources:
        gpu=min(1, config["gpus_per_run"]),
        mem_mb=memory(encoders=6),
        runtime=time(lambda costs, tokens, wildcards: costs.rollback(tokens)),
    params:
        groups=" ".join(
            f"--group {group.name} {group.first} {group.last}" for group in study.groups.values()
        ),
        batch_tokens=SURFACES["batch_tokens"],
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: roll layer groups back"
    shell:
        "python {input.code[0]:q} --start $(dirname {input.start}) --end {input.end}"
        " --dev {input.dev} --labels {wildcards.arm} {wildcards.task} {wildcards.seed}"
        " {params.groups} --batch-tokens {params.batch_tokens} --threads {threads}"
        " --output {output} >> {log} 2>&1"
