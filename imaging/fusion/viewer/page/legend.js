// The legend: what there is, what is shown of it, and switches for each.

class Legend {
  #groups;
  #shown = new Set(); // keys
  #controls = new Map(); // by key: what to bring in line
  #whole = []; // of each group: its own switch
  #changed;

  /** changed is called with the legend after any change. */
  constructor(place, groups, changed) {
    this.#groups = groups;
    this.#changed = changed;
    for (const group of groups) place.append(this.#section(group));
    this.reset();
  }

  isShown(key) {
    return this.#shown.has(key);
  }

  /** Show exactly these. */
  showOnly(keys) {
    this.#shown = new Set(keys);
    this.#refresh();
  }

  showAll() {
    this.showOnly(this.#groups.flatMap((group) => group.meshes.map((mesh) => mesh.key)));
  }

  /** As on opening. */
  reset() {
    this.showOnly(this.#groups.filter((group) => group.shown).flatMap((group) => group.meshes.map((mesh) => mesh.key)));
  }

  set(keys, isShown) {
    for (const key of keys) {
      if (isShown) this.#shown.add(key);
      else this.#shown.delete(key);
    }
    this.#refresh();
  }

  /** Mark the part that was chosen; null for none. */
  choose(key) {
    for (const [each, { parts }] of this.#controls) {
      for (const part of parts) part.classList.toggle("chosen", each === key);
    }
  }

  #section(group) {
    const keys = group.meshes.map((mesh) => mesh.key);
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => this.set(keys, box.checked));
    this.#whole.push({ box, keys });
    const only = this.#only(keys, group.title);
    const head = element("div", { className: "head" }, element("h2", {}, element("label", {}, box, group.title)), only);
    const section = element("section", {}, head);
    const teeth = group.meshes.filter((mesh) => mesh.fdi !== null);
    const others = group.meshes.filter((mesh) => mesh.fdi === null);
    if (teeth.length) {
      section.append(chartOf(teeth, (mesh) => this.#button(mesh)));
      const names = element("details", {}, element("summary", { textContent: "Names" }), this.#list(teeth));
      section.append(names);
    }
    if (others.length > 1 || (others.length && teeth.length)) section.append(this.#list(others));
    if (others.length === 1 && !teeth.length) this.#register(others[0].key, head, () => {});
    return section;
  }

  /** A tooth of the chart. */
  #button(mesh) {
    const button = element("button", { type: "button", textContent: String(mesh.fdi), title: mesh.title, ariaLabel: mesh.title });
    button.style.setProperty("--color", mesh.color);
    button.style.setProperty("--on-color", isBright(mesh.color) ? "#000" : "#fff");
    button.addEventListener("click", () => this.set([mesh.key], !this.isShown(mesh.key)));
    this.#register(mesh.key, button, (isShown) => (button.ariaPressed = String(isShown)));
    return button;
  }

  #list(meshes) {
    return element("ul", {}, ...meshes.map((mesh) => this.#row(mesh)));
  }

  #row(mesh) {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => this.set([mesh.key], box.checked));
    const swatch = element("i");
    swatch.style.background = mesh.color;
    const row = element("li", {}, element("label", {}, box, swatch, mesh.title), this.#only([mesh.key], mesh.title));
    this.#register(mesh.key, row, (isShown) => (box.checked = isShown));
    return row;
  }

  #only(keys, title) {
    const only = element("button", { type: "button", className: "only", textContent: "Only", title: `Only ${title}`, ariaLabel: `Only ${title}` });
    only.addEventListener("click", () => this.showOnly(keys));
    return only;
  }

  #register(key, part, bring) {
    if (!this.#controls.has(key)) this.#controls.set(key, { parts: [], bring: [] });
    this.#controls.get(key).parts.push(part);
    this.#controls.get(key).bring.push(bring);
  }

  #refresh() {
    for (const [key, { bring }] of this.#controls) for (const each of bring) each(this.isShown(key));
    for (const { box, keys } of this.#whole) {
      const count = keys.filter((key) => this.isShown(key)).length;
      box.checked = count > 0;
      box.indeterminate = count > 0 && count < keys.length;
    }
    this.#changed(this);
  }
}

/** Whether black is read better than white on a colour (relative luminance, WCAG 2). */
function isBright(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => (Number.parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
}
