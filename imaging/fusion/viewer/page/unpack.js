// Meshes out of the page: base64, gzip, GLB.

/** Read a block of the page, and free it. */
async function unpack(index) {
  const block = document.getElementById(`glb-${index}`);
  const packed = Uint8Array.from(atob(block.textContent.trim()), (letter) => letter.charCodeAt(0));
  block.remove();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Parse a GLB; the answer maps the number of each node to what is drawn of it. */
async function parse(buffer) {
  const loader = new THREE.GLTFLoader();
  const model = await new Promise((done, failed) => loader.parse(buffer, "", done, failed));
  const byNode = new Map();
  model.scene.updateMatrixWorld(true);
  model.scene.traverse((part) => {
    if (!part.isMesh) return;
    const number = nodeOf(part, model.parser.associations);
    if (number === undefined) return;
    if (!byNode.has(number)) byNode.set(number, []);
    byNode.get(number).push(part);
  });
  return { scene: model.scene, byNode };
}

/** The node a mesh hangs on: its own, or, for one of several primitives, its parent's. */
function nodeOf(part, associations) {
  for (let at = part; at; at = at.parent) {
    const number = associations.get(at)?.nodes;
    if (number !== undefined) return number;
  }
  return undefined;
}
