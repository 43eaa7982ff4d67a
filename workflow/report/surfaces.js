// The chosen surfaces, drawn when they are chosen: a browser has only so many WebGL contexts.
const data = JSON.parse(document.getElementById("data").textContent);
const choice = document.getElementById("scene");
const dark = matchMedia("(prefers-color-scheme: dark)");
let shown = [];

function colours() {
  const ink = dark.matches ? "#e6e6e6" : "#1b1b1b", line = dark.matches ? "#55585e" : "#cccccc";
  const patch = { "font.color": ink };
  for (const axis of ["xaxis", "yaxis", "zaxis"]) {
    patch[`scene.${axis}.gridcolor`] = patch[`scene.${axis}.zerolinecolor`] = line;
    patch[`scene.${axis}.backgroundcolor`] = "rgba(0, 0, 0, 0)";
  }
  return patch;
}

// turned or put back by the reader: the others follow
function follow(panel, change) {
  if (!panel.matches(":hover") || !Object.keys(change).some(key => key.startsWith("scene.camera"))) return;
  const camera = panel._fullLayout.scene.camera;
  for (const other of shown) if (other !== panel) Plotly.relayout(other, { "scene.camera": camera });
}

async function show() {
  shown.forEach(Plotly.purge);
  document.querySelectorAll(".panels").forEach(panels => { panels.hidden = true; });
  const panels = document.getElementById(`scene-${choice.value}`), scene = data[choice.value];
  panels.hidden = false;
  const mine = shown = [...panels.querySelectorAll(".surface")];
  const settings = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["tableRotation"] };
  for (const [i, panel] of mine.entries()) {
    await Plotly.newPlot(panel, scene[i].data, scene[i].layout, settings);
    if (shown !== mine) return Plotly.purge(panel); // another was chosen meanwhile
    Plotly.relayout(panel, colours());
    panel.on("plotly_relayout", change => follow(panel, change));
  }
}

choice.addEventListener("change", show);
dark.addEventListener("change", () => shown.forEach(panel => Plotly.relayout(panel, colours())));
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(d => { d.open = true; }));
show();
