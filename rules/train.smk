# One run a candidate (epochs, learning rate); the best on dev is the run that all else uses.

# Every epoch's file is an output of its own, so that none can go missing unseen: hence one rule
# for each number of epochs in the study.
for number in sorted(
    {n for task in TASKS.values() for init in INITS for n in task[init]["epochs"]}
):

    rule:
        name:
            f"train_{number}_epochs"
        input:
            launch=[*code("launch.py"), str(HERE / "config/accelerate.yaml")],
            code=code("train.py"),
            start="<results>/models/{init}/s{seed}/model.safetensors",
            config="<results>/models/{init}/s{seed}/config.json",
            train="<results>/data/{task}/train.parquet",
            dev="<results>/data/{task}/dev.parquet",
            # nothing of it is used. Not ancient: what then makes it run again would hide from
            # Snakemake that this job has reasons of its own
            tried="<results>/data/{task}/tried.json",
        output:
            epochs=epoch_files(f"{RUN}/e{number}_lr{{rate}}", number),
            log=f"{RUN}/e{number}_lr{{rate}}/log.parquet",
            scores=f"{RUN}/e{number}_lr{{rate}}/scores.parquet",
        log:
            f"<logs>/runs/{{init}}/{{task}}/s{{seed}}_e{number}_lr{{rate}}.log",
        benchmark:
            f"<benchmarks>/runs/{{init}}/{{task}}/s{{seed}}_e{number}_lr{{rate}}.tsv"
        priority: 80
        conda:
            "../envs/torch.yaml"
        threads: config["threads"]
        resources:
            gpu=config["gpus_per_run"],
            processes=PROCESSES,  # no param: they change no result
            mem_mb=memory(encoders=8, processes=PROCESSES),
            runtime=lambda wildcards, input, attempt, number=number: training_time(
                wildcards, input, attempt, number
            ),
        params:
            recipe=lambda wildcards, number=number: recipe(wildcards, number, float(wildcards.rate)),
            batch_tokens=config["surfaces"]["batch_tokens"],
            state=f"{STATE}/runs/{{init}}/{{task}}/s{{seed}}/e{number}_lr{{rate}}",
        message:
            f"{{wildcards.task}} {{wildcards.init}} seed {{wildcards.seed}}: train for {number} epochs at {{wildcards.rate}}"
        shell:
            "exec python {input.launch[0]:q} --processes {resources.processes} {input.code[0]:q}"
            " --start $(dirname {input.start}) --train {input.train}"
            " --dev {input.dev} --labels {wildcards.init} {wildcards.task} {wildcards.seed}"
            " --recipe {params.recipe:q} --batch-tokens {params.batch_tokens}"
            " --threads {threads} --state {params.state} --output $(dirname {output.log})"
            " >> {log} 2>&1"


rule select_run:
    input:
        code=code("select_run.py"),
        scores=of_candidates("scores.parquet"),
        log=of_candidates("log.parquet"),
        last=of_candidates("{last}"),
    output:
        final=f"{RUN}/final.safetensors",
        log=f"{RUN}/log.parquet",
        scores=f"{RUN}/scores.parquet",
        selected=f"{RUN}/selected.json",
    log:
        "<logs>/runs/{init}/{task}/s{seed}_select.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    message:
        "{wildcards.task} {wildcards.init} seed {wildcards.seed}: choose the run that is best on dev"
    shell:
        "python {input.code[0]:q} --candidates $(dirname {input.scores})"
        " --output $(dirname {output.final}) >> {log} 2>&1"


rule train_further:
    input:
        launch=[*code("launch.py"), str(HERE / "config/accelerate.yaml")],
        code=code("train.py"),
        start="<results>/models/{init}/s{seed}/model.safetensors",
        config="<results>/models/{init}/s{seed}/config.json",
        checkpoint=f"{RUN}/final.safetensors",
        train="<results>/data/{task}/train.parquet",
        dev="<results>/data/{task}/dev.parquet",
    output:
        epochs=epoch_files(f"{RUN}/further", FURTHER),
        log=f"{RUN}/further/log.parquet",
        scores=f"{RUN}/further/scores.parquet",
    log:
        "<logs>/runs/{init}/{task}/s{seed}_further.log",
    benchmark:
        "<benchmarks>/runs/{init}/{task}/s{seed}_further.tsv"
    priority: 80
    conda:
        "../envs/torch.yaml"
    threads: config["threads"]
    resources:
        gpu=config["gpus_per_run"],
        processes=PROCESSES,  # no param: they change no result
        mem_mb=memory(encoders=8, processes=PROCESSES),
        runtime=lambda wildcards, input, attempt: training_time(wildcards, input, attempt, FURTHER),
    params:
        recipe=lambda wildcards: recipe(
            wildcards, FURTHER, TASKS[wildcards.task][wildcards.init]["learning_rate"][0]
        ),
        batch_tokens=config["surfaces"]["batch_tokens"],
        state=f"{STATE}/runs/{{init}}/{{task}}/s{{seed}}/further",
    message:
        "{wildcards.task} {wildcards.init} seed {wildcards.seed}: train on from there"
    shell:
        "exec python {input.launch[0]:q} --processes {resources.processes} {input.code[0]:q}"
        " --start $(dirname {input.start})"
        " --checkpoint {input.checkpoint} --train {input.train} --dev {input.dev}"
        " --labels {wildcards.init} {wildcards.task} {wildcards.seed}"
        " --recipe {params.recipe:q} --batch-tokens {params.batch_tokens}"
        " --threads {threads} --state {params.state} --output $(dirname {output.log})"
        " >> {log} 2>&1"
