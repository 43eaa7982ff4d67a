# The embedded study's mini BERT, pre-trained on the language's text.


rule mini_architecture:
    input:
        code=code("models/mini_architecture.py"),
        tokenizer=TOKENIZER,
    output:
        "<results>/models/mini/architecture/config.json",
    log:
        "<logs>/models/architecture.log",
    conda:
        "../envs/torch.yaml"
    params:
        config=json.dumps(MODEL["pretrain"]["config"], sort_keys=True),
    message:
        "describe the mini BERT"
    shell:
        "python {input.code[0]:q} --config {params.config:q}"
        " --tokenizer $(dirname {input.tokenizer[0]}) --output $(dirname {output}) >> {log} 2>&1"


rule pretrain:
    input:
        code=code("models/pretrain.py"),
        text="<results>/language/text.parquet",
        tokenizer=TOKENIZER,
        architecture="<results>/models/mini/architecture/config.json",
    output:
        config="<results>/models/mini/pretrained/config.json",
        weights="<results>/models/mini/pretrained/model.safetensors",
        log="<results>/models/mini/pretrained/pretraining.parquet",
    log:
        "<logs>/models/pretraining.log",
    priority: 90
    conda:
        "../envs/torch.yaml"
    threads: config["threads"]
    params:
        recipe=json.dumps(MODEL["pretrain"]["recipe"], sort_keys=True),
        seed=MODEL["pretrain"]["seed"],
        state=f"{STATE}/models/pretraining",
    message:
        "pre-train the mini BERT"
    shell:
        "python {input.code[0]:q} --text {input.text} --tokenizer $(dirname {input.tokenizer[0]})"
        " --architecture $(dirname {input.architecture}) --recipe {params.recipe:q}"
        " --seed {params.seed} --threads {threads} --state {params.state}"
        " --output $(dirname {output.config}) >> {log} 2>&1"
