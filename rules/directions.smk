# The axes of planes: δ = θ1 − θ0 of each run, and random directions that all runs of a seed share.


rule direction:
    input:
        code=code("directions/direction.py"),
        start=theta0("model.safetensors"),
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
    output:
        direction=DIRECTION,
        norms=NORM,
    log:
        "<logs>/directions/{arm}/{task}/s{seed}.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    message:
        "{wildcards.task} {wildcards.arm} seed {wildcards.seed}: direction"
    shell:
        "python {input.code[0]:q} --start {input.start} --end {input.end} --output {output.direction}"
        " >> {log} 2>&1"


rule random_directions:
    input:
        code=code("directions/random_directions.py"),
        like=f"<results>/models/{study.first_start}/s{{seed}}/model.safetensors",
    output:
        expand("<results>/directions/s{{seed}}/random_{number}.safetensors", number=[1, 2]),
    log:
        "<logs>/directions/s{seed}_random.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    message:
        "seed {wildcards.seed}: random directions"
    shell:
        "python {input.code[0]:q} --like {input.like} --seed {wildcards.seed} --output {output}"
        " >> {log} 2>&1"
