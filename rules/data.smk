# From any source to tokenised Parquet. Data and θ0 go first: what is wrong with them is said
# before any long work.


rule download_task:
    input:
        local_files,
        code=code("data/download_task.py"),
    output:
        train="<results>/downloads/data/{task}/train.parquet",
        dev="<results>/downloads/data/{task}/dev.parquet",
        source="<results>/downloads/data/{task}/source.json",
    log:
        "<logs>/downloads/data/{task}.log",
    priority: 100
    retries: 2
    localrule: True
    conda:
        "../envs/torch.yaml"
    params:
        pins=PINS,
        source=lambda wildcards: " ".join(
            option(key, config["tasks"][wildcards.task]["hub"].get(key, default))
            for key, default in {"path": "", "name": "", "revision": "main"}.items()
        ),
        splits=lambda wildcards: option("splits", *config["tasks"][wildcards.task]["hub"]["splits"]),
    message:
        "{wildcards.task}: fetch {params.source}"
    shell:
        "command python {input.code[0]:q} {params.source} {params.splits}"
        " --pins {params.pins} --output $(dirname {output.train}) >> {log} 2>&1"


rule prepare_task:
    input:
        unpack(source),
        code=lambda wildcards: [*code("data/prepare_task.py"), *readers(wildcards)],
        tokenizer=TOKENIZER,
    output:
        train="<results>/data/{task}/train.parquet",
        dev="<results>/data/{task}/dev.parquet",
    log:
        "<logs>/data/{task}.log",
    priority: 100
    conda:
        "../envs/torch.yaml"
    params:
        text=lambda wildcards: option("text", *config["tasks"][wildcards.task]["text"]),
        label=lambda wildcards: option("label", config["tasks"][wildcards.task]["label"]),
        max_length=config["max_length"],
    message:
        "{wildcards.task}: tokenise"
    shell:
        "python {input.code[0]:q} --train={input.train:q} --dev={input.dev:q}"
        " {params.text} {params.label}"
        ' --tokenizer="$(dirname -- {input.tokenizer[0]:q})" --max-length {params.max_length}'
        " --output-train {output.train} --output-dev {output.dev} >> {log} 2>&1"


rule sample_examples:
    input:
        code=code("data/sample_examples.py"),
        train="<results>/data/{task}/train.parquet",
    output:
        "<results>/data/{task}/sample.parquet",
    log:
        "<logs>/data/{task}_sample.log",
    priority: 100
    conda:
        "../envs/torch.yaml"
    params:
        examples=config["surfaces"]["train_examples"],
    message:
        "{wildcards.task}: choose the training examples of the surfaces"
    shell:
        "python {input.code[0]:q} --train {input.train} --examples {params.examples}"
        " --output {output} >> {log} 2>&1"


# All training waits for this step, and all runs again where it does: hence for no reason but that
# the model or the data are others. Its own code is none, and what `dtype: auto` is, it says always.
rule try_model:
    input:
        code=ancient(str(SCRIPTS / "models/try_model.py")),
        start=f"<results>/models/{study.first_start}/s{study.first_seed}/model.safetensors",
        config=f"<results>/models/{study.first_start}/s{study.first_seed}/config.json",
        train="<results>/data/{task}/train.parquet",
        dev="<results>/data/{task}/dev.parquet",
    output:
        "<results>/data/{task}/tried.json",
    log:
        "<logs>/data/{task}_tried.log",
    priority: 100
    conda:
        "../envs/torch.yaml"
    resources:
        gpu=min(1, config["gpus_per_run"]),
        mem_mb=memory(encoders=3),
    message:
        "{wildcards.task}: try the model on its examples"
    shell:
        "python {input.code:q} --start $(dirname {input.start}) --train {input.train}"
        " --dev {input.dev} --dtype auto --output {output} >> {log} 2>&1"
