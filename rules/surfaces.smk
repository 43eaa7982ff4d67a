# Training loss and dev error over curves, planes and layer-group planes, in chunks of points;
# and what is measured around the end alone.


rule surface_chunk:
    input:
        code=code("surfaces/evaluate_surface.py"),
        start=theta0("model.safetensors"),
        config=theta0("config.json"),
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
        axes=axes,
        train="<results>/data/{task}/sample.parquet",
        dev="<results>/data/{task}/dev.parquet",
        tried="<results>/data/{task}/tried.json",
    output:
        f"{SURFACE}/chunk_{{chunk}}_of_{{chunks}}.parquet",
    log:
        "<logs>/surfaces/{arm}/{task}/s{seed}/{plane}/{chunk}_of_{chunks}.log",
    benchmark:
        "<benchmarks>/surfaces/{arm}/{task}/s{seed}/{plane}/{chunk}_of_{chunks}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: config["threads"]
    resources:
        gpu=min(1, config["gpus_per_run"]),
        mem_mb=memory(encoders=6),
        runtime=time(
            lambda costs, tokens, wildcards: costs.chunk(
                study.planes[wildcards.plane], tokens, SURFACES["points_per_chunk"]
            )
        ),
    params:
        axes=axis_options,
        anchor=lambda wildcards: study.planes[wildcards.plane].anchor,
        layers=layers,
        range=lambda wildcards: list(map(plain, study.planes[wildcards.plane].range)),
        points=lambda wildcards: study.planes[wildcards.plane].points,
        measures=lambda wildcards: study.planes[wildcards.plane].measures,
        batch_tokens=SURFACES["batch_tokens"],
        dtype=SURFACES["dtype"],
        tolerance=SURFACES["tolerance"],
        keep=SURFACES["keep_gb"],
        state=f"{STATE}/surfaces/{{arm}}/{{task}}/s{{seed}}/{{plane}}/{{chunk}}_of_{{chunks}}.jsonl",
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: {wildcards.plane}, chunk {wildcards.chunk} of {wildcards.chunks}"
    shell:
        "python {input.code[0]:q} --start $(dirname {input.start}) --end {input.end}"
        " --anchor {params.anchor} {params.axes} {params.layers} --train {input.train} --dev {input.dev}"
        " --labels {wildcards.arm} {wildcards.task} {wildcards.seed} --plane {wildcards.plane}"
        " --range {params.range} --points {params.points} --measures {params.measures}"
        " --chunk {wildcards.chunk} {wildcards.chunks} --batch-tokens {params.batch_tokens}"
        " --dtype {params.dtype} --tried {input.tried} --tolerance {params.tolerance} --keep {params.keep}"
        " --threads {threads} --state {params.state} --output {output} >> {log} 2>&1"


rule surface:
    input:
        code=code("surfaces/gather_surface.py"),
        chunks=chunks,
    output:
        f"{SURFACE}/surface.parquet",
    log:
        "<logs>/surfaces/{arm}/{task}/s{seed}/{plane}/gather.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: {wildcards.plane}, gather"
    shell:
        "python {input.code[0]:q} --chunks {input.chunks} --output {output} >> {log} 2>&1"


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
    benchmark:
        "<benchmarks>/rollbacks/{arm}/{task}/s{seed}.tsv"
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


if "sharpness" in SURFACES:

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
        benchmark:
            "<benchmarks>/sharpness/{arm}/{task}/s{seed}.tsv"
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
