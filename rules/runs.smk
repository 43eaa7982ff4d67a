# Each run is one training. Candidates (epochs, learning rate), where there are several, are trained
# on seeds of their own first; the runs of the study are trained as the best of them on dev.

# Every epoch's file is an output of its own, so that none can go missing unseen: hence one rule
# for each number of epochs in the study. Fig. 4 goes on from the run's end.
NUMBERS = {
    number
    for task in study.tasks.values()
    for recipe_ in task.recipes.values()
    for number in recipe_.epochs
}
TRAININGS = {
    f"train_{number}_epochs": (number, f"e{number}_lr{{rate}}") for number in sorted(NUMBERS)
}
if FURTHER:
    TRAININGS["train_further"] = FURTHER, "further"
for name, (number, part) in TRAININGS.items():
    more = "more" if part == "further" else "at {wildcards.rate}"

    rule:
        name:
            name
        input:
            launch=[*code("runs/launch.py"), str(HERE / "config/accelerate.yaml")],
            code=code("runs/train.py"),
            start=theta0("model.safetensors"),
            config=theta0("config.json"),
            # of its one candidate; its scores are no reason to train again
            checkpoint=of_candidate("{last}") if part == "further" else [],
            train="<results>/data/{task}/train.parquet",
            # nothing of it is used. Not ancient: what then makes it run again would hide from
            # Snakemake that this job has reasons of its own
            tried="<results>/data/{task}/tried.json",
        output:
            epochs=epoch_files(f"{RUN}/{part}", number),
            log=f"{RUN}/{part}/log.parquet",
        log:
            f"<logs>/runs/{{arm}}/{{task}}/s{{seed}}_{part}.log",
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
            recipe=lambda wildcards, number=number, part=part: recipe(
                wildcards, number, part == "further"
            ),
            checkpoint=lambda wildcards, input: " ".join(
                f"--checkpoint {path}" for path in input.checkpoint
            ),
            state=f"{STATE}/runs/{{arm}}/{{task}}/s{{seed}}/{part}",
        message:
            f"{{wildcards.task}} {{wildcards.arm}} seed {{wildcards.seed}}: train for {number} epochs {more}"
        shell:
            "python {input.launch[0]:q} --processes {resources.processes} {input.code[0]:q}"
            " --start $(dirname {input.start}) {params.checkpoint} --train {input.train}"
            " --labels {wildcards.arm} {wildcards.task} {wildcards.seed}"
            " --recipe {params.recipe:q} --threads {threads} --state {params.state}"
            " --output $(dirname {output.log}) >> {log} 2>&1"


# a step of its own: what changes in the evaluation trains nothing again
rule score_run:
    input:
        code=code("surfaces/score_run.py"),
        start=theta0("model.safetensors"),
        config=theta0("config.json"),
        epochs=epochs_in,
        train="<results>/data/{task}/sample.parquet",
        dev="<results>/data/{task}/dev.parquet",
    output:
        f"{RUN}/{{part}}/scores.parquet",
    log:
        "<logs>/runs/{arm}/{task}/s{seed}_{part}_scores.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    threads: config["threads"]
    resources:
        gpu=min(1, config["gpus_per_run"]),
        mem_mb=memory(encoders=4),
        runtime=time(
            lambda costs, tokens, wildcards: costs.scores(tokens, len(epochs_in(wildcards)))
        ),
    params:
        batch_tokens=SURFACES["batch_tokens"],
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: loss and error of each epoch, {wildcards.part}"
    shell:
        "python {input.code[0]:q} --start $(dirname {input.start}) --epochs {input.epochs}"
        " --train {input.train} --dev {input.dev}"
        " --labels {wildcards.arm} {wildcards.task} {wildcards.seed}"
        " --batch-tokens {params.batch_tokens} --threads {threads} --output {output}"
        " >> {log} 2>&1"


# a checkpoint: how the runs of the study are trained is known when it is done
checkpoint choose_candidate:
    input:
        code=code("runs/choose_candidate.py"),
        scores=tried,
    output:
        f"{RUNS}/{{arm}}/{{task}}/chosen.json",
    log:
        "<logs>/runs/{arm}/{task}_choose.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    message:
        "{wildcards.task} {wildcards.arm}: choose the candidate that is best on dev"
    shell:
        "python {input.code[0]:q} --scores {input.scores} --output {output} >> {log} 2>&1"


rule finish_run:
    input:
        code=code("runs/finish_run.py"),
        scores=of_candidate("scores.parquet"),
        log=of_candidate("log.parquet"),
        last=of_candidate("{last}"),
    output:
        final=f"{RUN}/final.safetensors",
        log=f"{RUN}/log.parquet",
        scores=f"{RUN}/scores.parquet",
        selected=f"{RUN}/selected.json",
    log:
        "<logs>/runs/{arm}/{task}/s{seed}_finish.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: keep what all else uses"
    shell:
        "python {input.code[0]:q} --candidate $(dirname {input.scores})"
        " --output $(dirname {output.final}) >> {log} 2>&1"
