# Figures 1 to 7, each as PDF and PNG beside the numbers drawn in it.

PLOT = (
    "python {input.code[0]:q} --tasks {params.tasks}"
    " --pdf {output.pdf} --png {output.png} --csv {output.csv}"
)


rule figure1:
    input:
        code=code("figures/figure1_surfaces.py"),
        surfaces=surfaces("full", FIGURES["tasks"]),
        curves=surfaces("curve", FIGURES["tasks"]),
    output:
        pdf="<results>/figures/fig1.pdf",
        png=shown("<results>/figures/fig1.png", figure="1", shows="training-loss surfaces"),
        csv="<results>/figures/fig1.csv",
    log:
        "<logs>/figures/fig1.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["tasks"],
        colour_map=FIGURES["colour_map"],
    message:
        "draw Figure 1"
    shell:
        f"{PLOT} --colour-map {{params.colour_map}} --surfaces {{input.surfaces}} --curves {{input.curves}} >> {{log}} 2>&1"


rule figure2:
    input:
        code=code("figures/figure2_training_loss.py"),
        logs=expand(f"{RUN}/log.parquet", arm=ARMS, task=FIGURES["tasks"], seed=config["seeds"]),
    output:
        pdf="<results>/figures/fig2.pdf",
        png=shown("<results>/figures/fig2.png", figure="2", shows="training loss by epoch"),
        csv="<results>/figures/fig2.csv",
    log:
        "<logs>/figures/fig2.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["tasks"],
    message:
        "draw Figure 2"
    shell:
        f"{PLOT} --logs {{input.logs}} >> {{log}} 2>&1"


rule figure3:
    input:
        code=code("figures/figure3_trajectories.py"),
        surfaces=surfaces("full", FIGURES["trajectories"]),
        trajectories=trajectories(FIGURES["trajectories"], "run"),
    output:
        pdf="<results>/figures/fig3.pdf",
        png=shown("<results>/figures/fig3.png", figure="3", shows="trajectories"),
        csv="<results>/figures/fig3.csv",
    log:
        "<logs>/figures/fig3.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["trajectories"],
        colour_map=FIGURES["colour_map"],
    message:
        "draw Figure 3"
    shell:
        f"{PLOT} --colour-map {{params.colour_map}} --surfaces {{input.surfaces}} --trajectories {{input.trajectories}} >> {{log}} 2>&1"


rule figure4:
    input:
        code=code("figures/figure4_overfitting.py"),
        surfaces=surfaces("full", FIGURES["overfitting"]["task"], ["pretrained"]),
        trajectories=trajectories(FIGURES["overfitting"]["task"], "longer", ["pretrained"]),
    output:
        pdf="<results>/figures/fig4.pdf",
        png=shown("<results>/figures/fig4.png", figure="4", shows="further epochs"),
        csv="<results>/figures/fig4.csv",
    log:
        "<logs>/figures/fig4.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["overfitting"]["task"],
        colour_map=FIGURES["colour_map"],
    message:
        "draw Figure 4"
    shell:
        f"{PLOT} --colour-map {{params.colour_map}} --surfaces {{input.surfaces}} --trajectories {{input.trajectories}} >> {{log}} 2>&1"


rule figure5:
    input:
        code=code("figures/figure5_curves.py"),
        curves=surfaces("curve", FIGURES["tasks"]),
    output:
        pdf="<results>/figures/fig5.pdf",
        png=shown("<results>/figures/fig5.png", figure="5", shows="loss curves along δ1"),
        csv="<results>/figures/fig5.csv",
    log:
        "<logs>/figures/fig5.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["tasks"],
    message:
        "draw Figure 5"
    shell:
        f"{PLOT} --curves {{input.curves}} >> {{log}} 2>&1"


rule figure6:
    input:
        code=code("figures/figure6_error_surfaces.py"),
        surfaces=surfaces("full", FIGURES["tasks"]),
    output:
        pdf="<results>/figures/fig6.pdf",
        png=shown("<results>/figures/fig6.png", figure="6", shows="dev-error surfaces"),
        csv="<results>/figures/fig6.csv",
    log:
        "<logs>/figures/fig6.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["tasks"],
        colour_map=FIGURES["colour_map"],
    message:
        "draw Figure 6"
    shell:
        f"{PLOT} --colour-map {{params.colour_map}} --surfaces {{input.surfaces}} >> {{log}} 2>&1"


rule figure7:
    input:
        code=code("figures/figure7_layer_groups.py"),
        surfaces=surfaces(list(GROUPS), FIGURES["layer_groups"], ["pretrained"]),
    output:
        pdf="<results>/figures/fig7.pdf",
        png=shown("<results>/figures/fig7.png", figure="7", shows="layer groups"),
        csv="<results>/figures/fig7.csv",
    log:
        "<logs>/figures/fig7.log",
    conda:
        "../envs/plot.yaml"
    params:
        tasks=FIGURES["layer_groups"],
        colour_map=FIGURES["colour_map"],
    message:
        "draw Figure 7"
    shell:
        f"{PLOT} --colour-map {{params.colour_map}} --surfaces {{input.surfaces}} >> {{log}} 2>&1"


rule figures:
    input:
        expand(
            "<results>/figures/fig{number}.{kind}", number=range(1, 8), kind=["pdf", "png", "csv"]
        ),
    localrule: True
