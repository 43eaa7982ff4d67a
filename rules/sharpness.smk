# How far the loss rises in balls about the end.


rule sharpness:
    input:
        code=code("surfaces/measure_sharpness.py"),
        start=theta0("model.safetensors"),
        config=theta0("config.json"),
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
        train="<results>/data/{task}/sample.parquet",
    output:
        SHARPNESS,
    log:
        "<logs>/sharpness/{arm}/{task}/s{seed}.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    threads: config["threads"]
    resources:
        gpu=min(1, config["gpus_per_run"]),
        mem_mb=memory(encoders=8),
        runtime=time(lambda costs, tokens, wildcards: costs.sharpness(tokens)),
    params:
        average=SURFACES["sharpness"]["average"],
        worst=SURFACES["sharpness"]["worst"],
        draws=SURFACES["sharpness"]["draws"],
        steps=SURFACES["sharpness"]["steps"],
        batch_tokens=SURFACES["batch_tokens"],
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: sharpness"
    shell:
        "python {input.code[0]:q} --start $(dirname {input.start}) --end {input.end}"
        " --train {input.train} --labels {wildcards.arm} {wildcards.task} {wildcards.seed}"
        " --average {params.average} --worst {params.worst} --draws {params.draws}"
        " --steps {params.steps} --batch-tokens {params.batch_tokens} --threads {threads}"
        " --output {output} >> {log} 2>&1"
