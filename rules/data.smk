# From any source to tokenised Parquet. Data and θ0 go first: what is wrong with them is said
# before any long work.


rule download_task:
    input:
        code=code("download_task.py"),
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
        path=lookup(dpath="tasks/{task}/hub/path", within=config),
        name=lookup(dpath="tasks/{task}/hub/name", within=config, default=""),
        revision=lookup(dpath="tasks/{task}/hub/revision", within=config, default="main"),
        splits=lookup(dpath="tasks/{task}/hub/splits", within=config),
    message:
        "{wildcards.task}: download {params.path} {params.name}"
    shell:
        "python {input.code[0]} --path {params.path:q} --name {params.name:q}"
        " --revision {params.revision:q} --splits {params.splits:q}"
        " --output $(dirname {output.train}) > {log} 2>&1"


rule prepare_task:
    input:
        unpack(source),
        code=code("prepare_task.py"),
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
        text=lookup(dpath="tasks/{task}/text", within=config),
        label=lookup(dpath="tasks/{task}/label", within=config),
        max_length=config["max_length"],
    message:
        "{wildcards.task}: tokenise"
    shell:
        "python {input.code[0]} --train {input.train:q} --dev {input.dev:q}"
        " --text {params.text:q} --label {params.label:q}"
        ' --tokenizer "$(dirname {input.tokenizer:q})" --max-length {params.max_length}'
        " --output-train {output.train} --output-dev {output.dev} > {log} 2>&1"


rule sample_examples:
    input:
        code=code("sample_examples.py"),
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
        "python {input.code[0]} --train {input.train} --examples {params.examples}"
        " --output {output} > {log} 2>&1"


rule try_model:
    input:
        code=code("try_model.py"),
        start=f"<results>/models/scratch/s{FIRST}/model.safetensors",
        config=f"<results>/models/scratch/s{FIRST}/config.json",
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
        gpu=min(1, config["gpus_per_run"]) if config["surfaces"]["dtype"] == "auto" else 0,
        mem_mb=memory(encoders=3),
    params:
        dtype=config["surfaces"]["dtype"],
    message:
        "{wildcards.task}: try the model on its examples"
    shell:
        "python {input.code[0]} --start $(dirname {input.start}) --train {input.train}"
        " --dev {input.dev} --dtype {params.dtype} --output {output} > {log} 2>&1"
