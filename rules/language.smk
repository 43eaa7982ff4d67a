# The embedded study's own language, tasks and mini BERT.


rule language_text:
    input:
        code=code("data/make_language.py"),
    output:
        text="<results>/language/text.parquet",
        tokenizer=multiext("<results>/language/tokenizer/tokenizer", ".json", "_config.json"),
    log:
        "<logs>/language/text.log",
    conda:
        "../envs/torch.yaml"
    params:
        seed=config["language"]["seed"],
        paragraphs=config["language"]["paragraphs"],
    message:
        "make the language's text and tokenizer"
    shell:
        "python {input.code[0]:q} text --seed {params.seed} --paragraphs {params.paragraphs}"
        " --text {output.text} --tokenizer $(dirname {output.tokenizer[0]}) >> {log} 2>&1"


rule language_task:
    input:
        code=code("data/make_language.py"),
    output:
        train="<results>/language/{task}/train.parquet",
        dev="<results>/language/{task}/dev.parquet",
    log:
        "<logs>/language/{task}.log",
    conda:
        "../envs/torch.yaml"
    params:
        seed=config["language"]["seed"],
        train=lookup(dpath="tasks/{task}/grammar/train", within=config),
        dev=lookup(dpath="tasks/{task}/grammar/dev", within=config),
    message:
        "{wildcards.task}: make examples"
    shell:
        "python {input.code[0]:q} task {wildcards.task} --seed {params.seed}"
        " --train {params.train} --dev {params.dev}"
        " --output-train {output.train} --output-dev {output.dev} >> {log} 2>&1"
