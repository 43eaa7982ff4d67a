# Training loss and dev error over curves, planes and layer-group planes: in chunks of points, or small
# ones several at once.


IN_CHUNKS = "|".join(study.in_chunks) or "none"
EVALUATED = {
    "batch_tokens": SURFACES["batch_tokens"],
    "dtype": SURFACES["dtype"],
    "tolerance": SURFACES["tolerance"],
    "dev": SURFACES.get("dev_tolerance", 0.0),
    "keep": SURFACES["keep_gb"],
    "state": f"{STATE}/surfaces/{{arm}}/{{task}}/s{{seed}}",
}


rule surface_chunk:
    input:
        code=code("surfaces/evaluate_surface.py"),
        start=theta0("model.safetensors"),
        config=theta0("config.json"),
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
        axes=axis_files(),
        train="<results>/data/{task}/sample.parquet",
        dev="<results>/data/{task}/dev.parquet",
        tried="<results>/data/{task}/tried.json",
        before=before,
    output:
        f"{SURFACE}/{{level}}chunk_{{chunk}}_of_{{chunks}}.parquet",
    log:
        "<logs>/surfaces/{arm}/{task}/s{seed}/{plane}/{level}{chunk}_of_{chunks}.log",
    wildcard_constraints:
        plane=IN_CHUNKS,
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
        **EVALUATED,
        planes=plane_options(),
        finer=finer_options,
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: {wildcards.plane}, {wildcards.level}chunk {wildcards.chunk} of {wildcards.chunks}"
    shell:
        "python {input.code[0]:q} --start $(dirname {input.start}) --end {input.end}"
        " {params.planes} --train {input.train} --dev {input.dev}"
        " --labels {wildcards.arm} {wildcards.task} {wildcards.seed}"
        " --batch-tokens {params.batch_tokens} --dtype {params.dtype} --tried {input.tried}"
        " --tolerance {params.tolerance} --dev-tolerance {params.dev} --keep {params.keep}"
        " --threads {threads} --state {params.state} --output {output} {params.finer}"
        " --chunk {wildcards.chunk} {wildcards.chunks} >> {log} 2>&1"


rule surface:
    input:
        code=code("surfaces/gather_surface.py"),
        chunks=chunks_of_all_levels,
    output:
        f"{SURFACE}/surface.parquet",
    log:
        "<logs>/surfaces/{arm}/{task}/s{seed}/{plane}/gather.log",
    wildcard_constraints:
        plane=IN_CHUNKS,
    priority: 80
    conda:
        "../envs/torch.yaml"
    params:
        levels=lambda wildcards: len(study.planes[wildcards.plane].finer),
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: {wildcards.plane}, gather"
    shell:
        "python {input.code[0]:q} --chunks {input.chunks} --levels {params.levels}"
        " --output {output} >> {log} 2>&1"


# small planes of a run in one process, which takes longer to start than to measure one of them
for set_, planes in study.together.items():

    rule:
        name:
            set_
        input:
            code=code("surfaces/evaluate_surface.py"),
            start=theta0("model.safetensors"),
            config=theta0("config.json"),
            selected=chosen,
            end=ancient(f"{RUN}/final.safetensors"),
            axes=axis_files(*planes),
            train="<results>/data/{task}/sample.parquet",
            dev="<results>/data/{task}/dev.parquet",
            tried="<results>/data/{task}/tried.json",
        output:
            expand(f"{SURFACE}/surface.parquet", plane=planes, allow_missing=True),
        log:
            f"<logs>/surfaces/{{arm}}/{{task}}/s{{seed}}/{set_}.log",
        conda:
            "../envs/torch.yaml"
        threads: config["threads"]
        resources:
            gpu=min(1, config["gpus_per_run"]),
            mem_mb=memory(encoders=6),
            runtime=time(
                lambda costs, tokens, wildcards, planes=planes: sum(
                    costs.whole(study.planes[plane], tokens) for plane in planes
                )
            ),
        params:
            **EVALUATED,
            planes=plane_options(*planes),
        message:
            f"{{wildcards.task}} {{wildcards.arm}} seed {{wildcards.seed}}: {', '.join(planes)}"
        shell:
            "python {input.code[0]:q} --start $(dirname {input.start}) --end {input.end}"
            " {params.planes} --train {input.train} --dev {input.dev}"
            " --labels {wildcards.arm} {wildcards.task} {wildcards.seed}"
            " --batch-tokens {params.batch_tokens} --dtype {params.dtype} --tried {input.tried}"
            " --tolerance {params.tolerance} --dev-tolerance {params.dev} --keep {params.keep}"
            " --threads {threads} --state {params.state} --output {output}"
            " >> {log} 2>&1"
