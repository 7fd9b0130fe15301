// A label map as NiiVue can show it exactly: every voxel holds the place of its id in a short list.
//
// Ids may be negative, wide, scaled by the header or written as floats. NiiVue turns wide integers
// into floats, and finds colours by a share of their range, where low shares are rounded up to 2/256
// ("survives threshold"). With more than 64 colours the background so takes the colour of a label,
// and tints the whole image. So the first places stay without colour.

const UNUSED = 16; // places 1 to 16: a share of 2/256 of 2048 colours ends among them
const COLORS = 2048; // a texture's least guaranteed width in WebGL 2
export const MOST_LABELS = COLORS - UNUSED - 1;

const TYPES = {
  2: Uint8Array, 256: Int8Array, 4: Int16Array, 512: Uint16Array, 8: Int32Array, 768: Uint32Array,
  1024: BigInt64Array, 1280: BigUint64Array, 16: Float32Array, 64: Float64Array,
};
const UINT8 = 2;
const UINT16 = 512;

/** The ids of a label map, and a NIfTI file of their places. */
export class LabelMap {
  /**
   * @param {number[]} ids In ascending order, without the background.
   * @param {ArrayBuffer} file As the source, but for the voxels.
   */
  constructor(ids, file) {
    this.ids = ids;
    this.file = file;
  }

  /** The id that a place stands for; 0 is the background. */
  idAt(place) {
    return this.ids[place - UNUSED - 1] ?? 0;
  }

  /**
   * Colours for NiiVue.
   * @param {(id: number) => number[]} colorOf Red, green and blue, 0 to 255.
   * @param {(id: number) => boolean} isShown Others become transparent.
   */
  colormap(colorOf, isShown) {
    const map = { R: [], G: [], B: [], A: [], I: [] };
    const add = (place, [red, green, blue], alpha) => {
      map.R.push(red);
      map.G.push(green);
      map.B.push(blue);
      map.A.push(alpha);
      map.I.push(place);
    };
    for (let place = 0; place <= UNUSED; place++) add(place, [0, 0, 0], 0);
    this.ids.forEach((id, rank) => add(UNUSED + 1 + rank, colorOf(id), isShown(id) ? 255 : 0));
    return map;
  }
}

/**
 * Read a label map.
 * @param {Blob} blob NIfTI-1 or -2 in one file, packed or not.
 */
export async function readLabelMap(blob) {
  const bytes = await unpacked(blob);
  const header = headerOf(bytes);
  const voxels = voxelsOf(bytes, header);
  const ids = new Map(); // of every value that occurs
  for (const value of distinct(voxels)) {
    const id = Math.round(Number(value) * header.slope + header.inter);
    if (!Number.isFinite(id)) throw new Error("The label map holds what is no number.");
    ids.set(value, id);
  }
  const sorted = [...new Set(ids.values())].filter((id) => id !== 0).sort((a, b) => a - b);
  if (sorted.length > MOST_LABELS) {
    throw new Error(`The file holds ${sorted.length} labels; ${MOST_LABELS} can be shown.`);
  }
  const rank = new Map(sorted.map((id, index) => [id, UNUSED + 1 + index]));
  const places = new Map([...ids].map(([value, id]) => [value, rank.get(id) ?? 0]));
  return new LabelMap(sorted, fileOf(bytes, header, placesOf(voxels, places)));
}

async function unpacked(blob) {
  const start = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const isPacked = start[0] === 0x1f && start[1] === 0x8b;
  const stream = isPacked
    ? blob.stream().pipeThrough(new DecompressionStream("gzip"))
    : blob.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Where the fields stand that are read and written; NIfTI-2 has its own places. */
function headerOf(bytes) {
  if (bytes.length < 348) throw new Error("The label map is no NIfTI file.");
  const view = new DataView(bytes.buffer);
  const isLittle = [348, 540].includes(view.getInt32(0, true));
  const size = view.getInt32(0, isLittle);
  if (size !== 348 && (size !== 540 || bytes.length < 540)) {
    throw new Error("The label map is no NIfTI file.");
  }
  const isFirst = size === 348;
  const numbers = isFirst
    ? Array.from({ length: 8 }, (_, axis) => view.getInt16(40 + 2 * axis, isLittle))
    : Array.from({ length: 8 }, (_, axis) => Number(view.getBigInt64(16 + 8 * axis, isLittle)));
  const slope = isFirst ? view.getFloat32(112, isLittle) : view.getFloat64(176, isLittle);
  const inter = isFirst ? view.getFloat32(116, isLittle) : view.getFloat64(184, isLittle);
  const isScaled = Number.isFinite(slope) && slope !== 0;
  return {
    isFirst,
    isLittle,
    offset: isFirst ? view.getFloat32(108, isLittle) : Number(view.getBigInt64(168, isLittle)),
    type: view.getInt16(isFirst ? 70 : 12, isLittle),
    count: numbers.slice(1, numbers[0] + 1).reduce((product, n) => product * Math.max(n, 1), 1),
    slope: isScaled ? slope : 1,
    inter: isScaled && Number.isFinite(inter) ? inter : 0,
  };
}

function voxelsOf(bytes, header) {
  const Voxels = TYPES[header.type];
  if (!Voxels) throw new Error("The file's type of voxels holds no labels.");
  const length = header.count * Voxels.BYTES_PER_ELEMENT;
  if (bytes.length < header.offset + length) throw new Error("The label map is cut short.");
  const raw = bytes.slice(header.offset, header.offset + length);
  if (!header.isLittle) swap(raw, Voxels.BYTES_PER_ELEMENT);
  return new Voxels(raw.buffer);
}

/** Turn the bytes of every voxel round, in place. */
function swap(bytes, width) {
  if (width === 1) return;
  for (let start = 0; start < bytes.length; start += width) {
    bytes.subarray(start, start + width).reverse();
  }
}

/** The values that occur. Most voxels repeat the one before, so few are looked up. */
function distinct(voxels) {
  const values = new Set();
  let last;
  for (let index = 0; index < voxels.length; index++) {
    if (voxels[index] === last) continue;
    last = voxels[index];
    values.add(last);
  }
  return values;
}

function placesOf(voxels, places) {
  const highest = Math.max(0, ...places.values());
  const out = new (highest < 256 ? Uint8Array : Uint16Array)(voxels.length);
  let last;
  let place = 0;
  for (let index = 0; index < voxels.length; index++) {
    const value = voxels[index];
    if (value !== last) {
      last = value;
      place = places.get(value);
    }
    out[index] = place;
  }
  return out;
}

/** The file with other voxels: no scaling, and no intent that would choose another shader. */
function fileOf(bytes, header, places) {
  const width = places.BYTES_PER_ELEMENT;
  const voxels = new Uint8Array(places.buffer);
  if (!header.isLittle) swap(voxels, width);
  const file = new Uint8Array(header.offset + voxels.length);
  file.set(bytes.subarray(0, header.offset));
  file.set(voxels, header.offset);
  const { isFirst, isLittle } = header;
  const view = new DataView(file.buffer);
  view.setInt16(isFirst ? 70 : 12, width === 1 ? UINT8 : UINT16, isLittle);
  view.setInt16(isFirst ? 72 : 14, 8 * width, isLittle);
  if (isFirst) {
    view.setInt16(68, 0, isLittle);
    [112, 116, 124, 128].forEach((place, index) => view.setFloat32(place, index ? 0 : 1, isLittle));
  } else {
    view.setInt32(504, 0, isLittle);
    [176, 184, 192, 200].forEach((place, index) => view.setFloat64(place, index ? 0 : 1, isLittle));
  }
  return file.buffer;
}
