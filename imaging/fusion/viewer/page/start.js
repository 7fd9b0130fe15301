// The page: what it holds, unpacked when it is wanted.

const BONE_AROUND_TEETH = 0.3;
const CLICK_PX = 5; // a pointer that moved farther turned the model
const place = (id) => document.getElementById(id);

/** Tell the person, and whoever waits for the page, how far it is. */
function say(text, state) {
  place("status").textContent = text;
  document.documentElement.dataset.state = state;
}

function readContent() {
  const content = JSON.parse(place("content").textContent);
  content.groups.forEach((group, index) => {
    group.index = index;
    for (const mesh of group.meshes) mesh.key = `${index}:${mesh.node}`;
  });
  return content;
}

function openStage(angleDeg) {
  if (typeof DecompressionStream !== "function") throw new Error("This browser is too old to unpack the model.");
  const canvas = place("canvas");
  if (!canvas.getContext("webgl2") && !canvas.getContext("webgl")) {
    throw new Error("This browser cannot draw in 3-D (it has no WebGL). Pictures of the same case need none.");
  }
  return new Stage(canvas, angleDeg);
}

/** Unpack a group, once, when something of it is to be seen. */
async function load(group, stage, legend) {
  const meshes = new Map(group.meshes.map((mesh) => [mesh.node, mesh]));
  stage.add(await parse(await unpack(group.index)), (node) => meshes.get(node));
  for (const { key } of group.meshes) stage.show(key, legend.isShown(key));
}

/** Follow the legend: unpack what is new, show and hide. */
function follower(content, stage, failed) {
  const loaded = new Map();
  return (legend) => {
    const waiting = [];
    for (const group of content.groups) {
      for (const { key } of group.meshes) stage.show(key, legend.isShown(key));
      if (loaded.has(group) || !group.meshes.some(({ key }) => legend.isShown(key))) continue;
      loaded.set(group, load(group, stage, legend).catch(failed));
      waiting.push(loaded.get(group));
    }
    return Promise.all(waiting);
  };
}

/** Buttons of the views; the answer looks from one of them. */
function addViews(views, stage) {
  const look = (view) => {
    stage.look(view);
    place("status").textContent = view.arch ? `The ${OPPOSITE[view.arch]} jaw is left out of this view.` : "";
    place("side-left").textContent = view.sides[0];
    place("side-right").textContent = view.sides[1];
    for (const button of place("views").children) button.ariaPressed = String(button.dataset.view === view.name);
  };
  for (const view of views) {
    const button = element("button", { type: "button", textContent: view.title.split(",")[0], title: view.title });
    button.dataset.view = view.name;
    button.addEventListener("click", () => look(view));
    place("views").append(button);
  }
  return look;
}

/** What the model was turned to by hand has no sides any more. */
function forgetSides() {
  for (const id of ["side-left", "side-right"]) place(id).textContent = "";
  for (const button of place("views").children) button.ariaPressed = "false";
}

/** Names under the pointer; a click or a tap chooses. */
function addChoosing(stage, legend, titles) {
  const canvas = place("canvas");
  let chosen = null;
  let down = null;
  let isAsked = false;
  const name = (key) => (place("said").textContent = titles.get(key) ?? "");
  const choose = (key) => {
    chosen = key;
    stage.choose(key);
    legend.choose(key);
    name(key);
    for (const id of ["hide", "only"]) place(id).hidden = key === null;
  };
  canvas.addEventListener("pointerdown", (event) => (down = [event.offsetX, event.offsetY]));
  canvas.addEventListener("pointermove", ({ offsetX, offsetY, buttons }) => {
    if (buttons && down && Math.hypot(offsetX - down[0], offsetY - down[1]) > CLICK_PX) forgetSides();
    if (buttons || isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      name(stage.pick(offsetX, offsetY) ?? chosen);
    });
  });
  canvas.addEventListener("pointerleave", () => name(chosen));
  canvas.addEventListener("pointerup", ({ offsetX, offsetY }) => {
    if (down && Math.hypot(offsetX - down[0], offsetY - down[1]) <= CLICK_PX) choose(stage.pick(offsetX, offsetY));
    down = null;
  });
  canvas.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && forgetSides());
  place("hide").addEventListener("click", () => {
    legend.set([chosen], false);
    choose(null);
  });
  place("only").addEventListener("click", () => legend.showOnly([chosen]));
  return choose;
}

async function start() {
  const content = readContent();
  const meshes = content.groups.flatMap((group) => group.meshes);
  const titles = new Map(content.groups.flatMap((group) => group.meshes.map(({ key, title }) => [key, `${title} · ${group.title}`])));
  let follow = () => {};
  const legend = new Legend(place("legend"), content.groups, (changed) => follow(changed));
  const stage = openStage(content.angle_deg);
  follow = follower(content, stage, fail);
  await follow(legend);
  place("status").textContent = "";
  const look = addViews(content.views, stage);
  const choose = addChoosing(stage, legend, titles);
  const hasBoth = meshes.some(({ bone }) => bone) && meshes.some(({ bone }) => !bone);
  const reset = () => {
    place("bone").value = hasBoth ? BONE_AROUND_TEETH : 1;
    stage.bone = Number(place("bone").value);
    choose(null);
    legend.reset();
    look(content.views.find(({ name }) => name === "front"));
  };
  document.querySelector(".bones").hidden = !meshes.some(({ bone }) => bone);
  place("bone").addEventListener("input", ({ target }) => (stage.bone = Number(target.value)));
  place("reset").addEventListener("click", reset);
  place("all").addEventListener("click", () => legend.showAll());
  place("none").addEventListener("click", () => legend.showOnly([]));
  reset();
  // For tests and for the curious: to read, not to change.
  window.viewer = Object.freeze({
    where: (key) => stage.where(key),
    pick: (x, y) => stage.pick(x, y),
    keyOf: (title) => meshes.find((mesh) => mesh.title === title)?.key,
  });
  requestAnimationFrame(() => requestAnimationFrame(() => say(place("status").textContent, "ready")));
}

function fail(error) {
  place("problem").textContent = error.message;
  place("problem").hidden = false;
  say("", "failed");
}

say("Unpacking", "loading");
start().catch(fail);
