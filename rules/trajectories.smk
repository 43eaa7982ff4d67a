# The epochs of a run as points of its plane: of the `run` itself, or of the `longer` one of Fig. 4.


rule project_trajectory:
    input:
        lambda wildcards: epochs_of(wildcards, wildcards.length),
        further_log,
        code=code("surfaces/project_trajectory.py"),
        start=theta0("model.safetensors"),
        selected=chosen,
        first=DIRECTION,
        end=ancient(f"{RUN}/final.safetensors"),
        second=second,
    output:
        f"{TRAJECTORY}/projection.parquet",
    log:
        "<logs>/trajectories/{arm}/{task}/s{seed}/{length}_projection.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    params:
        further=further,
        kind=kind_of_second,
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: project the trajectory ({wildcards.length})"
    shell:
        "python {input.code[0]:q} --start {input.start} --run $(dirname {input.selected})"
        " {params.further} --first {input.first} --end {input.end}"
        " --second {params.kind} {input.second}"
        " --labels {wildcards.arm} {wildcards.task} {wildcards.seed} --output {output}"
        " >> {log} 2>&1"


rule evaluate_trajectory:
    input:
        lambda wildcards: epochs_of(wildcards, wildcards.length),
        further_log,
        code=code("surfaces/evaluate_trajectory.py"),
        projection=f"{TRAJECTORY}/projection.parquet",
        start=theta0("model.safetensors"),
        config=theta0("config.json"),
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
        second=second,
        train="<results>/data/{task}/sample.parquet",
        dev="<results>/data/{task}/dev.parquet",
    output:
        f"{TRAJECTORY}/trajectory.parquet",
    log:
        "<logs>/trajectories/{arm}/{task}/s{seed}/{length}.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    threads: config["threads"]
    resources:
        gpu=min(1, config["gpus_per_run"]),
        mem_mb=memory(encoders=6),
        runtime=time(
            lambda costs, tokens, wildcards: costs.trajectory(tokens, epochs_along(wildcards))
        ),
    params:
        further=further,
        kind=kind_of_second,
        batch_tokens=SURFACES["batch_tokens"],
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: losses along the trajectory ({wildcards.length})"
    shell:
        "python {input.code[0]:q} --projection {input.projection}"
        " --start $(dirname {input.start}) --run $(dirname {input.selected}) {params.further}"
        " --end {input.end} --second {params.kind} {input.second} --train {input.train} --dev {input.dev}"
        " --batch-tokens {params.batch_tokens} --threads {threads} --output {output}"
        " >> {log} 2>&1"
