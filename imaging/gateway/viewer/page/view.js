// The page: what its address asks for, loaded and shown.

import { Gateway } from "./fetching.js";
import { readLabelMap } from "./labelmap.js";
import { canDraw, openScene, spoken } from "./scene.js";
import { compact, Structures } from "./structures.js";

const PAIR = /\.(hdr|img)(\.gz)?$/i;
const WHOLE = /\.nii(\.gz)?$/i; // NiiVue would look for what other names promise
const SOFT_TISSUE = "-160 240"; // of the page's own choices
const OTHER_GRID = "The label map is on another grid than the image; where they overlap, it is shown.";
const query = new URLSearchParams(location.search);
const asked = Object.fromEntries(
  ["image", "labels", "dictionary", "link"].map((name) => [name, query.get(name) ?? ""]),
);
const place = (id) => document.getElementById(id);
const named = { dictionary: asked.dictionary };

/** Tell the person, and whoever waits for the page, how far it is. */
function say(text, state) {
  place("status").textContent = text;
  if (!state) return;
  document.documentElement.dataset.state = state;
  document.body.classList.toggle("failed", state === "failed");
}

/** Ask for a token; empty when the person declines. */
async function askToken(reason) {
  const dialog = place("ask");
  place("ask-reason").textContent = reason;
  place("token").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return dialog.returnValue === "go" ? place("token").value.trim() : "";
}

const gateway = new Gateway(asked.link, askToken);

/** Say in an error which of the files it is about. */
async function about(what, answer) {
  try {
    return await answer;
  } catch (error) {
    throw new Error(`The ${what}: ${error.message}`, { cause: error });
  }
}

/** Get a file, and show how much of it has come. */
async function load(route, what, path, parameters = {}) {
  const bar = place("progress");
  bar.hidden = false;
  bar.value = 0;
  say(`Loading the ${what}`);
  const blob = await about(
    what,
    gateway.blob(route, path, parameters, (share) => (bar.value = share)),
  );
  bar.hidden = true;
  return blob;
}

/** The image's bytes; null where none is asked for. */
async function fetchImage() {
  if (!asked.image) return null;
  if (!WHOLE.test(asked.image)) throw new Error("The image must be a NIfTI file, .nii or .nii.gz.");
  return load("files", "image", asked.image);
}

/** The label map, and what the gateway says of its labels. */
async function fetchLabels() {
  if (!asked.labels) return null;
  if (PAIR.test(asked.labels)) throw new Error("A pair of .hdr and .img must be made one file first.");
  say("Reading the labels");
  const { labels } = await about("label map", gateway.json("labels", asked.labels, named));
  const blob = await load("files", "label map", asked.labels);
  try {
    return { labels, map: await readLabelMap(blob) };
  } catch (error) {
    // A browser unpacks one member of gzip only, as NiiVue does. The gateway writes the same labels
    // anew, in one; if there are none, the error stands.
    const all = compact([...new Set(labels.map(({ id }) => id))]);
    if (!all) throw error;
    const anew = await load("filtered", "label map", asked.labels, { label_ids: all });
    return { labels, map: await readLabelMap(anew) };
  }
}

/** Show the label map, its list, and what can be done with them. */
async function addLabels(scene, { labels, map }) {
  const painted = () => map.colormap((id) => list.colorOf(id), (id) => list.isShown(id));
  const places = Object.fromEntries(
    ["list", "search", "count", "all", "none"].map((id) => [id, place(id)]),
  );
  const changed = () => {
    scene.paint(painted());
    place("download").disabled = list.shown.length === 0;
  };
  const list = new Structures(places, labels, changed, (label) => scene.centre(label.centroid_mm));
  if (!asked.image) place("opacity").value = 1;
  await scene.showLabels(map, painted(), Number(place("opacity").value));
  place("download").disabled = list.shown.length === 0;
  place("opacity").addEventListener("input", (event) => {
    scene.opacity = Number(event.target.value);
  });
  place("download").addEventListener("click", () => download(list.shown));
  return list;
}

/** Save a label map of some structures only. */
async function download(ids) {
  say("Filtering");
  try {
    const chosen = { label_ids: compact(ids), ...named };
    const blob = await gateway.blob("filtered", asked.labels, chosen);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `filtered-${asked.labels.split("/").at(-1)}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say("Saved", "ready");
  } catch (error) {
    say(error.message, "failed");
  }
}

function addTools(scene, list) {
  const show = (kind, isThere) => {
    for (const part of document.querySelectorAll(`.of-${kind}`)) part.hidden = !isThere;
  };
  show("image", asked.image !== "");
  show("labels", list !== null);
  show("frames", scene.frames > 1);
  place("frame").max = scene.frames;
  place("tools").hidden = false;
  place("view").addEventListener("change", (event) => (scene.view = event.target.value));
  place("window").addEventListener("change", (event) => {
    scene.window = event.target.value ? event.target.value.split(" ").map(Number) : null;
  });
  place("frame").addEventListener("change", (event) => {
    const index = Math.min(Math.max(Math.round(event.target.value), 1), scene.frames) - 1;
    scene.frame = index;
    if (list) list.volume = index;
  });
}

/** The line below the picture: place, value, name. */
function describe(scene, list, mm) {
  const { value, label } = scene.at(mm);
  const parts = [`${spoken(mm)} mm`];
  if (value !== null) parts.push(`value ${Number(value.toFixed(3))}`);
  if (label) parts.push(list.nameOf(label));
  place("location").textContent = parts.join(" · ");
}

async function start() {
  if (!asked.image && !asked.labels) {
    place("choose").hidden = false;
    place("stage").hidden = true;
    say("", "choosing");
    return;
  }
  if (!canDraw()) throw new Error("This browser has no WebGL 2, which drawing volumes needs.");
  const labels = await fetchLabels();
  const image = await fetchImage();
  say("Drawing");
  let moved = () => {};
  const scene = await openScene(place("canvas"), ({ mm }) => moved([...mm].slice(0, 3)));
  if (image) await scene.showImage(image, WHOLE.exec(asked.image)[0]);
  const list = labels ? await addLabels(scene, labels) : null;
  addTools(scene, list);
  moved = (mm) => describe(scene, list, mm);
  scene.draw();
  if (scene.isCt) {
    place("window").value = SOFT_TISSUE;
    place("window").dispatchEvent(new Event("change"));
  }
  if (list?.middle) scene.centre(list.middle);
  // For tests and for the curious: to read, not to change.
  window.viewer = Object.freeze({
    at: (...mm) => scene.at(mm),
    valueAt: (...voxel) => scene.valueAt(...voxel),
    labelAt: (...voxel) => scene.labelAt(...voxel),
  });
  say(scene.isOnOneGrid ? "" : OTHER_GRID, "ready");
}

document.documentElement.dataset.state = "loading";
start().catch((error) => {
  place("progress").hidden = true;
  say(error.message, "failed");
});
