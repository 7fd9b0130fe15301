// The picture: one image, one label map over it (or alone), by NiiVue.

import { Niivue } from "./niivue.js";

const VIEWS = { axial: 0, coronal: 1, sagittal: 2, multiplanar: 3, render: 4 };
const ALWAYS = 1; // the 3-D rendering among the planes
const GRID_MM = 0.01; // headers round
const AIR = -500; // HU, and some noise
const SAMPLES = 1_000_001;
const GRID = 2; // of two rows
// What keys do: a way along the axis that runs across, up or through what is looked at.
const STEPS = {
  ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1],
  PageDown: [2, -1], PageUp: [2, 1],
};
const PLANES = { axial: [0, 1, 2], multiplanar: [0, 1, 2], coronal: [0, 2, 1], sagittal: [1, 2, 0] };
const AXES = [["R", "L"], ["A", "P"], ["S", "I"]];

/** Say whether this browser can draw volumes at all. */
export function canDraw() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

/**
 * Start drawing on a canvas.
 * @param {(place: {mm: number[]}) => void} moved Told where the crosshair is.
 */
export async function openScene(canvas, moved) {
  const drawing = new Niivue({
    isRadiologicalConvention: true, // the patient's left is on the right, as radiologists read
    dragAndDropEnabled: false,
    multiplanarShowRender: ALWAYS,
    multiplanarLayout: GRID,
    multiplanarPadPixels: 12, // so that the letters of neighbours stand apart
    showAllOrientationMarkers: true,
    crosshairWidth: 1,
    crosshairWidthUnit: "mm",
    crosshairGap: 5,
    crosshairColor: [1, 0.85, 0.2, 0.8],
    fontColor: [0.9, 0.9, 0.9, 1],
    loadingText: "",
    viewModeHotKey: "", // the page's own field says which view it is
    logLevel: "error",
  });
  drawing.onLocationChange = moved;
  await drawing.attachToCanvas(canvas);
  const scene = new Scene(drawing);
  const pressed = (event) => {
    if (!scene.step(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // NiiVue has other uses for some, while the mouse is there
  };
  canvas.addEventListener("keydown", pressed, { capture: true });
  return scene;
}

class Scene {
  #drawing;
  #image = null;
  #labels = null;
  #map = null;
  #view = "multiplanar";

  constructor(drawing) {
    this.#drawing = drawing;
  }

  /** Add an image: `.nii` or `.nii.gz`. No name of a file reaches NiiVue, which may act on it. */
  async showImage(blob, ending) {
    try {
      await this.#drawing.loadFromArrayBuffer(await blob.arrayBuffer(), `image${ending}`);
    } catch (error) {
      throw new Error("The image cannot be read as what its name says it is.", { cause: error });
    }
    this.#image = this.#drawing.volumes.at(-1);
    this.#image.colorbarVisible = false;
  }

  /** Add a label map over the image, or alone; `draw` shows it. */
  async showLabels(map, colormap, opacity) {
    await this.#drawing.loadFromArrayBuffer(map.file, "labels.nii");
    this.#map = map;
    this.#labels = this.#drawing.volumes.at(-1);
    this.#labels.setColormapLabel(colormap);
    this.#labels.opacity = opacity;
  }

  /** Draw the label map with other colours. */
  paint(colormap) {
    this.#labels.setColormapLabel(colormap);
    this.#refresh(this.#labels);
  }

  /** How much of the label map is seen, 0 to 1. */
  set opacity(share) {
    this.#labels.opacity = share;
    this.#refresh(this.#labels);
  }

  /** Whether the image looks like a CT: no other kind has values so far below 0. */
  get isCt() {
    if (this.#image === null) return false;
    const { img, hdr } = this.#image;
    const step = Math.ceil(img.length / SAMPLES);
    for (let at = 0; at < img.length; at += step) {
      if (img[at] * hdr.scl_slope + hdr.scl_inter <= AIR) return true;
    }
    return false;
  }

  /** What is drawn black and white; null is as the file says. */
  set window(range) {
    const image = this.#image;
    [image.cal_min, image.cal_max] = range ?? [image.robust_min, image.robust_max];
    this.#refresh(image);
  }

  set view(name) {
    this.#view = name;
    this.#drawing.setSliceType(VIEWS[name]);
  }

  /** Whether image and label map have the same voxels; so it is if there is only one. */
  get isOnOneGrid() {
    const [first, ...others] = this.#volumes.map(({ dimsRAS, matRAS }) => [
      ...dimsRAS.slice(1, 4),
      ...matRAS,
    ]);
    return others.every((grid) => grid.every((n, at) => Math.abs(n - first[at]) < GRID_MM));
  }

  /** How many volumes there are, of the image or the label map. */
  get frames() {
    return Math.max(...this.#volumes.map((volume) => volume.nFrame4D ?? 1), 1);
  }

  /** Which volume is shown, counted from 0; one that has fewer shows its last. */
  set frame(index) {
    for (const volume of this.#volumes) {
      this.#drawing.setFrame4D(volume.id, Math.min(index, volume.nFrame4D - 1));
    }
    this.#sharpen();
  }

  /** Move the crosshair to a place in millimetres (right, anterior, superior). */
  centre(mm) {
    this.#drawing.scene.crosshairPos = this.#drawing.mm2frac(mm, 0, true);
    this.#drawing.createOnLocationChange();
    this.#drawing.drawScene();
  }

  /** Move the crosshair by one voxel; say whether the key does that in this view. */
  step(key) {
    const plane = PLANES[this.#view];
    if (!plane || !(key in STEPS)) return false;
    const [part, way] = STEPS[key];
    const by = [0, 0, 0];
    by[plane[part]] = plane[part] === 0 ? -way : way; // the patient's right is on the left
    this.#drawing.moveCrosshairInVox(...by);
    return true;
  }

  /** What is at a place in millimetres: the image's value and the label's id, null outside. */
  at(mm) {
    const [value, place] = [this.#image, this.#labels].map((volume) => {
      if (!volume) return null;
      const voxel = volume.mm2vox(mm);
      const isInside = [...voxel].every((n, axis) => n >= 0 && n < volume.dimsRAS[axis + 1]);
      return isInside ? volume.getValue(...voxel, volume.frame4D) : null;
    });
    return { value, label: place === null ? null : this.#map.idAt(place) };
  }

  /** What the file holds at a voxel, counted from 0 in the file's own order. */
  valueAt(x, y, z) {
    return this.#image === null ? null : stored(this.#image, x, y, z);
  }

  /** Likewise the id in the label map. */
  labelAt(x, y, z) {
    return this.#labels === null ? null : this.#map.idAt(stored(this.#labels, x, y, z));
  }

  /** Draw all that is loaded, and tell where the crosshair is. */
  draw() {
    this.#drawing.updateGLVolume();
    this.#sharpen();
    this.#drawing.createOnLocationChange();
  }

  get #volumes() {
    return [this.#image, this.#labels].filter((volume) => volume !== null);
  }

  #refresh(volume) {
    this.#drawing.refreshLayers(volume, this.#drawing.volumes.indexOf(volume));
    this.#sharpen();
  }

  /** Labels have no values between them: their layer shows the nearest voxel, an image does not. */
  #sharpen() {
    const layer = this.#drawing.volumes.indexOf(this.#labels);
    this.#drawing.opts.isNearestInterpolation = true;
    if (layer >= 0) this.#drawing.updateInterpolation(layer);
    this.#drawing.opts.isNearestInterpolation = this.#image === null;
    this.#drawing.drawScene();
  }
}

function stored(volume, x, y, z) {
  const [, nx, ny, nz] = volume.hdr.dims;
  const index = x + nx * (y + ny * (z + nz * volume.frame4D));
  return volume.img[index] * volume.hdr.scl_slope + volume.hdr.scl_inter;
}

/** Millimetres as a person reads them: `12.0 R, 3.5 P, 40.0 S`. */
export function spoken(mm) {
  return AXES.map(([up, down], axis) => {
    return `${Math.abs(mm[axis]).toFixed(1)} ${mm[axis] < 0 ? down : up}`;
  }).join(", ");
}
