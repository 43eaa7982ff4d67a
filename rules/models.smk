# θ0: the encoder that every run of one arm and seed starts from.

# of any kind, by transformers' names
READ_BY_TOKENIZERS = ["*tokenizer*", "*vocab*", "*tokens*.json", "merges.txt", "dict.txt"]
READ_BY_TOKENIZERS += ["*.model", "*.spm", "*.codes", "*.tiktoken"]

WEIGHTS = ["*.safetensors", "*.safetensors.index.json"]

# of the study's own model
if "pretrain" in MODEL:
    PRETRAINED = multiext("<results>/models/mini/pretrained/", "config.json", "model.safetensors")
    ARCHITECTURE = ["<results>/models/mini/architecture/config.json"]
    TOKENIZER = multiext("<results>/language/tokenizer/tokenizer", ".json", "_config.json")
elif "path" in MODEL:
    ARCHITECTURE = model_files(MODEL["path"], "model.path")
    TOKENIZER = model_files(MODEL["path"], "model.path", *READ_BY_TOKENIZERS)
    PRETRAINED = model_files(MODEL["path"], "model.path", *WEIGHTS)
else:
    ARCHITECTURE = ["<results>/downloads/model/config.json"]
    # which commit it is: it stands for all other files of the download
    TOKENIZER = PRETRAINED = [*ARCHITECTURE, "<results>/downloads/model/source.json"]

# by the folder of the download
HUB = {"model": MODEL} if "hub" in MODEL else {}
HUB |= {
    f"arms/{arm.name}": arm.source
    for arm in study.arms.values()
    if isinstance(arm.source, dict) and "hub" in arm.source
}

if HUB:

    rule download_model:
        input:
            code=code("models/download_model.py"),
        output:
            config="<results>/downloads/{folder}/config.json",
            source="<results>/downloads/{folder}/source.json",
        log:
            "<logs>/downloads/{folder}.log",
        wildcard_constraints:
            folder="|".join(HUB),
        priority: 100
        retries: 2
        localrule: True
        conda:
            "../envs/torch.yaml"
        params:
            pins=PINS,
            id=lambda wildcards: option("id", HUB[wildcards.folder]["hub"]),
            revision=lambda wildcards: option(
                "revision", HUB[wildcards.folder].get("revision", "main")
            ),
        message:
            "download {params.id}"
        shell:
            "command python {input.code[0]:q} {params.id} {params.revision}"
            " --pins {params.pins} --output $(dirname {output.config}) >> {log} 2>&1"


rule initial_model:
    input:
        code=code("models/initial_model.py"),
        model=origin,
        architecture=ARCHITECTURE,
    output:
        config="<results>/models/{start}/s{seed}/config.json",
        weights="<results>/models/{start}/s{seed}/model.safetensors",
    log:
        "<logs>/models/{start}_s{seed}.log",
    priority: 100
    conda:
        "../envs/torch.yaml"
    params:
        random=lambda wildcards: "--random" if wildcards.start == FROM_SEED else "",
        layers=[number for group in study.groups.values() for number in (group.first, group.last)],
    message:
        "{wildcards.start} seed {wildcards.seed}: make θ0"
    shell:
        'python {input.code[0]:q} --model="$(dirname -- {input.model[0]:q})"'
        ' --shaped-like="$(dirname -- {input.architecture[0]:q})" {params.random}'
        " --seed {wildcards.seed} --layers {params.layers} --output $(dirname {output.config})"
        " >> {log} 2>&1"
