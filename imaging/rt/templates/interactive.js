"use strict";
// Draws the curves in the page's data; every view comes from the same few arrays. Names are text:
// plotly would take tags in them for its own, so they are escaped.
const data = JSON.parse(document.getElementById("data").textContent);
const plot = document.getElementById("plot");
const state = { curve: "cumulative", unit: "percent" };
const AXIS = {
  cumulative: { percent: "Volume [%]", cc: "Volume [cm³]" },
  differential: { percent: "-dV/dD [%/Gy]", cc: "-dV/dD [cm³/Gy]" },
};
const CONFIG = {
  displaylogo: false,
  responsive: true,
  showSendToCloud: false, // the library's default is a button that uploads the curves
  plotlyServerURL: "",
  modeBarButtonsToRemove: ["select2d", "lasso2d"],
};

const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
const short = (text) => (text.length > 34 ? `${text.slice(0, 33)}…` : text);
const times = (values, factor) => values.map((value) => value * factor);
const inUnit = (percent, cc) => (state.unit === "percent" ? percent : times(percent, cc / 100));

function line(curve, gy, percent, style) {
  const per = state.curve === "differential" ? "/Gy" : "";
  const label = escaped(curve.label); // not as `meta`, which would turn on templates in names
  const cc = curve.cc === null ? "" : `<br>%{customdata[1]:.4~g} cm³${per}`;
  return {
    x: gy,
    y: inUnit(percent, curve.cc),
    customdata: percent.map((value) => [value, (value * curve.cc) / 100, label]),
    name: escaped(short(curve.label)),
    legendgroup: curve.group,
    mode: "lines",
    line: { color: curve.colour, ...style },
    hovertemplate: `<b>%{customdata[2]}</b><br>%{x:.2f} Gy<br>%{customdata[0]:.2f} %${per}${cc}<extra></extra>`,
  };
}

function roiTrace(roi) {
  const bins = state.curve === "differential";
  const style = { dash: roi.dash, width: 2, shape: bins ? "hvh" : "linear" };
  const trace = line(roi, bins ? roi.bins_gy : roi.dose_gy, bins ? roi.slope : roi.percent, style);
  return { ...trace, uid: `roi ${roi.group}` };
}

function overlayTrace(overlay, index) {
  // A curve in percent has no place among cm³, and no differential curve was made of it.
  const hidden = state.curve === "differential" || (state.unit === "cc" && overlay.cc === null);
  const style = { dash: "4px,3px", width: 1.5 };
  const trace = line(overlay, hidden ? [] : overlay.dose_gy, hidden ? [] : overlay.percent, style);
  return { ...trace, uid: `overlay ${index}`, showlegend: false };
}

function markTrace(mark, index) {
  const hidden = state.curve === "differential";
  return {
    x: hidden ? [] : [mark.dose_gy],
    y: hidden ? [] : inUnit([mark.percent], mark.cc),
    uid: `mark ${index}`,
    meta: escaped(mark.label),
    text: [escaped(mark.text)],
    legendgroup: mark.group,
    showlegend: false,
    mode: "markers",
    cliponaxis: false,
    marker: { symbol: mark.symbol, color: mark.colour, size: 11, line: { color: mark.colour, width: 2 } },
    hovertemplate: "<b>%{meta}</b><br>%{text}<extra></extra>",
  };
}

function draw() {
  const shown = new Map((plot.data ?? []).map((trace) => [trace.uid, trace.visible]));
  const traces = [
    ...data.rois.map(roiTrace),
    ...data.overlays.map(overlayTrace),
    ...data.marks.map(markTrace),
  ].map((trace) => ({ ...trace, visible: shown.get(trace.uid) ?? true })); // what was off stays off
  const layout = {
    uirevision: "kept", // the part of the dose axis that was enlarged
    margin: { l: 70, r: 20, t: 20, b: 55 },
    hovermode: "closest",
    font: { family: "system-ui, 'DejaVu Sans', sans-serif", size: 13, color: "#1c2126" },
    legend: { groupclick: "togglegroup", itemwidth: 40 },
    showlegend: true,
    xaxis: { title: { text: "Dose [Gy]" }, rangemode: "tozero", gridcolor: "#dddddd", range: [0, data.highest_gy] },
    yaxis: {
      title: { text: AXIS[state.curve][state.unit] },
      rangemode: "tozero",
      gridcolor: "#dddddd",
      uirevision: `${state.curve} ${state.unit}`,
    },
  };
  return Plotly.react(plot, traces, layout, CONFIG);
}

document.querySelectorAll("button[data-choice]").forEach((button) =>
  button.addEventListener("click", () => {
    const { choice, value } = button.dataset;
    state[choice] = value;
    document
      .querySelectorAll(`button[data-choice="${choice}"]`)
      .forEach((other) => other.setAttribute("aria-pressed", String(other.dataset.value === value)));
    draw();
  }),
);
document.querySelectorAll("button[data-show]").forEach((button) =>
  button.addEventListener("click", () =>
    Plotly.restyle(plot, { visible: button.dataset.show === "all" ? true : "legendonly" }),
  ),
);
draw();
