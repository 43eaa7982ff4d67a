# θ0: the encoder that every run of one arm and seed starts from.

# of any kind, by transformers' names
READ_BY_TOKENIZERS = ["*tokenizer*", "*vocab*", "*tokens*.json", "merges.txt", "dict.txt"]
READ_BY_TOKENIZERS += ["*.model", "*.spm", "*.codes", "*.tiktoken"]

if "pretrain" in MODEL:  # the embedded study's own
    PRETRAINED = multiext("<results>/models/mini/pretrained/", "config.json", "model.safetensors")
    ARCHITECTURE = ["<results>/models/mini/architecture/config.json"]
    TOKENIZER = multiext("<results>/language/tokenizer/tokenizer", ".json", "_config.json")
elif "path" in MODEL:
    ARCHITECTURE = model_files()
    TOKENIZER = model_files(*READ_BY_TOKENIZERS)
    PRETRAINED = model_files("*.safetensors", "*.safetensors.index.json")
else:
    ARCHITECTURE = ["<results>/downloads/model/config.json"]
    # which commit it is: it stands for all other files of the download
    TOKENIZER = PRETRAINED = [*ARCHITECTURE, "<results>/downloads/model/source.json"]


if "hub" in MODEL:

    rule download_model:
        input:
            code=code("models/download_model.py"),
        output:
            config="<results>/downloads/model/config.json",
            source="<results>/downloads/model/source.json",
        log:
            "<logs>/downloads/model.log",
        priority: 100
        retries: 2
        localrule: True
        conda:
            "../envs/torch.yaml"
        params:
            id=option("id", MODEL["hub"]),
            revision=option("revision", MODEL.get("revision", "main")),
        message:
            "download {params.id}"
        shell:
            "python {input.code[0]:q} {params.id} {params.revision}"
            " --output $(dirname {output.config}) >> {log} 2>&1"


rule initial_model:
    input:
        code=code("models/initial_model.py"),
        model=branch(
            lambda wildcards: wildcards.arm == "pretrained",
            then=PRETRAINED,
            otherwise=ARCHITECTURE,
        ),
    output:
        config="<results>/models/{arm}/s{seed}/config.json",
        weights="<results>/models/{arm}/s{seed}/model.safetensors",
    log:
        "<logs>/models/{arm}_s{seed}.log",
    priority: 100
    conda:
        "../envs/torch.yaml"
    params:
        layers=[number for group in GROUPS.values() for number in group],
    message:
        "{wildcards.arm} seed {wildcards.seed}: make θ0"
    shell:
        'python {input.code[0]:q} --model="$(dirname -- {input.model[0]:q})" --arm {wildcards.arm}'
        " --seed {wildcards.seed} --layers {params.layers} --output $(dirname {output.config})"
        " >> {log} 2>&1"
