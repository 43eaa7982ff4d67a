# δ = θ1 − θ0 of each run.


rule direction:
    input:
        code=code("directions/direction.py"),
        start="<results>/models/{arm}/s{seed}/model.safetensors",
        selected=chosen,
        end=ancient(f"{RUN}/final.safetensors"),
    output:
        direction="<results>/directions/{arm}/{task}/s{seed}.safetensors",
        norms="<results>/directions/{arm}/{task}/s{seed}.json",
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
