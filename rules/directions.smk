# δ = θ1 − θ0 of each run.


rule direction:
    input:
        code=code("directions/direction.py"),
        start="<results>/models/{init}/s{seed}/model.safetensors",
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
    output:
        direction="<results>/directions/{init}/{task}/s{seed}.safetensors",
        norms="<results>/directions/{init}/{task}/s{seed}.json",
    log:
        "<logs>/directions/{init}/{task}/s{seed}.log",
    priority: 80
    conda:
        "../envs/torch.yaml"
    message:
        "{wildcards.task} {wildcards.init} seed {wildcards.seed}: direction"
    shell:
        "python {input.code[0]:q} --start {input.start} --end {input.end} --output {output.direction}"
        " >> {log} 2>&1"
