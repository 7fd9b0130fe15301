// The list of structures: colour, name, volume; shown or hidden, found and chosen.

const SVG = "http://www.w3.org/2000/svg";
const UNKNOWN = [160, 160, 160];
const MOST_RUN = 2; // fewer ids in a row are said one by one

/** The structures of a label map, as the page lists them. */
export class Structures {
  #rows = new Map();
  #places = {};
  #changed;
  #chosen;
  #volume = 0;

  /**
   * @param {Record<string, HTMLElement>} places The page's list, search, count, all, none.
   * @param {object[]} labels As the gateway describes them, one for each volume of a file.
   * @param {() => void} changed Told when one was shown or hidden.
   * @param {(label: object) => void} chosen Told which one the person wants to see.
   */
  constructor(places, labels, changed, chosen) {
    this.#places = places;
    this.#changed = changed;
    this.#chosen = chosen;
    for (const label of labels) this.#add(label);
    places.search.addEventListener("input", () => this.#filter());
    places.all.addEventListener("click", () => this.#setListed(true));
    places.none.addEventListener("click", () => this.#setListed(false));
    this.#filter();
  }

  /** The ids that are shown, in ascending order. */
  get shown() {
    return [...this.#rows.values()]
      .filter(({ box }) => box.checked)
      .map(({ id }) => id)
      .sort((a, b) => a - b);
  }

  isShown(id) {
    return this.#rows.get(id)?.box.checked ?? true;
  }

  colorOf(id) {
    return this.#rows.get(id)?.color ?? UNKNOWN;
  }

  nameOf(id) {
    return this.#rows.get(id)?.name ?? `Label ${id}`;
  }

  /** The middle of all structures in millimetres; null where nothing says where they are. */
  get middle() {
    const placed = [...this.#rows.values()]
      .map(({ labels }) => labels.get(this.#volume))
      .filter((label) => label?.centroid_mm);
    const voxels = placed.reduce((sum, label) => sum + label.voxels, 0);
    if (voxels === 0) return null;
    return [0, 1, 2].map(
      (axis) => placed.reduce((sum, { centroid_mm: mm, voxels: n }) => sum + mm[axis] * n, 0) / voxels,
    );
  }

  /** List what is in another volume of the file. */
  set volume(index) {
    this.#volume = index;
    this.#filter();
  }

  #add(label) {
    const row = this.#rows.get(label.id);
    if (row) {
      row.labels.set(label.volume, label);
      return;
    }
    const name = label.name || `Label ${label.id}`;
    const color = partsOf(label.color);
    const item = document.createElement("li");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.setAttribute("aria-label", `Show ${name}`);
    box.addEventListener("change", () => this.#tell());
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.title = `Label ${label.id}; move the crosshair to its middle`;
    const size = document.createElement("span");
    item.append(box, swatch(color), button, size);
    const added = { id: label.id, name, color, box, item, size };
    added.labels = new Map([[label.volume ?? 0, label]]);
    button.addEventListener("click", () => this.#chosen(added.labels.get(this.#volume)));
    this.#rows.set(label.id, added);
    this.#places.list.append(item);
  }

  #filter() {
    const words = this.#places.search.value.toLowerCase().replaceAll("_", " ").trim();
    for (const { id, name, item, labels, size } of this.#rows.values()) {
      const label = labels.get(this.#volume);
      const said = name.toLowerCase().replaceAll("_", " ");
      item.hidden = !label || !(said.includes(words) || String(id) === words);
      size.textContent = label?.ml == null ? "" : `${label.ml.toFixed(label.ml < 10 ? 2 : 0)} ml`;
    }
    this.#count();
  }

  #setListed(isShown) {
    for (const { box, item } of this.#rows.values()) {
      if (!item.hidden) box.checked = isShown;
    }
    this.#tell();
  }

  #tell() {
    this.#count();
    this.#changed();
  }

  #count() {
    const listed = [...this.#rows.values()].filter(({ item }) => !item.hidden).length;
    this.#places.count.textContent =
      `${this.shown.length} of ${this.#rows.size} shown, ${listed} listed`;
  }
}

/** Ids as the gateway takes them: `1-4,7`. Only ids that are there stand between two ends. */
export function compact(ids) {
  const runs = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run && id === run.at(-1) + 1 && id > 1) run.push(id);
    else runs.push([id]);
  }
  return runs
    .map((run) => (run.length > MOST_RUN ? `${run[0]}-${run.at(-1)}` : run.join(",")))
    .join(",");
}

/** Red, green and blue of `#rrggbb`. */
function partsOf(color) {
  return [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
}

/** A square of a colour; attributes, since the page allows no inline style. */
function swatch([red, green, blue]) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 1 1");
  picture.setAttribute("aria-hidden", "true");
  const square = document.createElementNS(SVG, "rect");
  square.setAttribute("width", "1");
  square.setAttribute("height", "1");
  square.setAttribute("fill", `rgb(${red},${green},${blue})`);
  picture.append(square);
  return picture;
}
