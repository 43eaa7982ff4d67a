# Figures 1 to 7, each as PDF and PNG beside the numbers drawn in it; of what the config names.

COLOURS = f"--colour-map {config['figures']['colour_map']}"
ONE_ARM = f"--arm {study.shown}"
ALL_ARMS = "--arms " + " ".join(
    shlex.quote(f"{arm.name}={arm.label}") for arm in study.arms.values() if arm.shown
)
EACH, FOURTH = study.shown_runs(), study.further()[:1]
TRAJECTORIES = study.shown_runs("trajectories")

# figure: (its command, what it shows, its files by the flag that takes them, its other flags)
FIGURES = {
    1: (
        "figure1_surfaces.py",
        "training-loss surfaces",
        {"surfaces": surfaces(FULL, EACH), "curves": surfaces(CURVE, EACH)},
        f"{tasks_of('tasks')} {ALL_ARMS} {COLOURS}",
    ),
    2: (
        "figure2_training_loss.py",
        "training loss by epoch",
        {"logs": of_runs(f"{RUN}/log.parquet", study.runs())},
        f"{tasks_of('tasks')} {ALL_ARMS}",
    ),
    3: (
        "figure3_trajectories.py",
        "trajectories",
        {
            "surfaces": surfaces(FULL, TRAJECTORIES),
            "trajectories": trajectories(TRAJECTORIES, "run"),
        },
        f"{tasks_of('trajectories')} {ALL_ARMS} {COLOURS}",
    ),
    4: (
        "figure4_overfitting.py",
        "further epochs",
        {"surfaces": surfaces(FULL, FOURTH), "trajectories": trajectories(FOURTH, "longer")},
        f"{tasks_of('overfitting')} {ONE_ARM} {ALL_ARMS} {COLOURS}",
    ),
    5: (
        "figure5_curves.py",
        "loss curves along δ1",
        {"curves": surfaces(CURVE, EACH)},
        f"{tasks_of('tasks')} {ALL_ARMS}",
    ),
    6: (
        "figure6_error_surfaces.py",
        "dev-error surfaces",
        {"surfaces": surfaces(FULL, EACH)},
        f"{tasks_of('tasks')} {ALL_ARMS} {COLOURS}",
    ),
    7: (
        "figure7_layer_groups.py",
        "layer groups",
        {"surfaces": group_surfaces()},
        f"{tasks_of('groups')} {ONE_ARM} {COLOURS}",
    ),
}

for number in study.figures:
    command, shows, files, options = FIGURES[number]

    rule:
        name:
            f"figure{number}"
        input:
            **files,
            code=code(f"figures/{command}"),
        output:
            pdf=f"<results>/figures/fig{number}.pdf",
            png=shown(f"<results>/figures/fig{number}.png", figure=str(number), shows=shows),
            csv=f"<results>/figures/fig{number}.csv",
        log:
            f"<logs>/figures/fig{number}.log",
        conda:
            "../envs/plot.yaml"
        params:
            options=verbatim(options),
            files=by_flag,
        message:
            f"draw Figure {number}"
        shell:
            "python {input.code[0]:q} {params.options} {params.files}"
            " --pdf {output.pdf} --png {output.png} --csv {output.csv} >> {log} 2>&1"


rule figures:
    input:
        expand(
            "<results>/figures/fig{number}.{kind}",
            number=study.figures,
            kind=["pdf", "png", "csv"],
        ),
    localrule: True
