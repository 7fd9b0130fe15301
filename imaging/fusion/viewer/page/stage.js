// What is drawn: meshes, light, and the eye.

const MARGIN = 1.08;
const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const OPPOSITE = { upper: "lower", lower: "upper" };
const STEP = Math.PI / 24;

class Stage {
  #camera;
  #controls;
  #renderer;
  #scene = new THREE.Scene();
  #parts = new Map(); // by key: {meshes, isBone, arch, shown}
  #omitted = ""; // the arch that is left out of a view
  #chosen = null;
  #bone = 1;
  #view;
  #isStale = true;

  constructor(canvas, angleDeg) {
    this.#renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.#renderer.outputEncoding = THREE.sRGBEncoding;
    this.#camera = new THREE.PerspectiveCamera(angleDeg, 1, 0.001, 10);
    const lamp = new THREE.DirectionalLight(0xffffff, 0.75);
    lamp.position.set(0.3, 0.6, 1);
    this.#camera.add(lamp); // it goes with the eye
    this.#scene.add(this.#camera, new THREE.HemisphereLight(0xffffff, 0x8a8a95, 0.5));
    this.#controls = new THREE.TrackballControls(this.#camera, canvas);
    Object.assign(this.#controls, { staticMoving: true, rotateSpeed: 2.5, panSpeed: 0.1 });
    this.#controls.keys = []; // letters typed elsewhere are not meant for it
    this.#controls.addEventListener("change", () => this.touch());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement);
    this.#resize();
    const turn = () => {
      requestAnimationFrame(turn);
      this.#controls.update();
      if (this.#isStale) this.#draw();
    };
    requestAnimationFrame(turn);
  }

  /** Take a group's meshes; keyOf names a node's part, or answers undefined for one of no interest. */
  add({ scene, byNode }, partOf) {
    for (const [node, meshes] of byNode) {
      const part = partOf(node);
      if (!part) continue;
      for (const mesh of meshes) prepare(mesh, part);
      this.#parts.set(part.key, { meshes, isBone: part.bone, arch: part.arch, shown: false });
    }
    this.#scene.add(scene);
    this.bone = this.#bone;
  }

  touch() {
    this.#isStale = true;
  }

  show(key, isShown) {
    const part = this.#parts.get(key);
    if (part) part.shown = isShown;
    this.#arrange();
  }

  /** How solid bone is, 0 to 1. */
  set bone(share) {
    this.#bone = share;
    for (const { meshes, isBone } of this.#parts.values()) {
      if (!isBone) continue;
      for (const mesh of meshes) {
        Object.assign(mesh.material, { opacity: share, transparent: share < 1, depthWrite: share === 1 });
        mesh.renderOrder = share < 1 ? 1 : 0;
        mesh.material.needsUpdate = true;
      }
    }
    this.#arrange();
  }

  /** Look from a direction at what is shown; the opposite arch would be in the way. */
  look(view) {
    this.#view = view;
    this.#arrange();
    const box = this.#box();
    if (box.isEmpty()) return;
    const [toward, up] = [view.toward, view.up].map((axis) => new THREE.Vector3(...axis));
    const half = box.getSize(new THREE.Vector3()).multiplyScalar(0.5);
    const reach = (axis) => Math.abs(axis.x) * half.x + Math.abs(axis.y) * half.y + Math.abs(axis.z) * half.z;
    const side = reach(new THREE.Vector3().crossVectors(toward, up)) / this.#camera.aspect;
    const tangent = Math.tan(THREE.MathUtils.degToRad(this.#camera.fov) / 2);
    const distance = reach(toward) + (MARGIN * Math.max(reach(up), side)) / tangent;
    const centre = box.getCenter(new THREE.Vector3());
    this.#camera.up.copy(up);
    this.#camera.position.copy(centre).addScaledVector(toward, -distance);
    this.#camera.near = distance / 100;
    this.#camera.far = distance * 20;
    this.#camera.updateProjectionMatrix();
    this.#controls.target.copy(centre);
    this.#camera.lookAt(centre);
    this.touch();
  }

  /** Make a part stand out; null for none. */
  choose(key) {
    this.#glow(0);
    this.#chosen = key;
    this.#glow(0.35);
    this.touch();
  }

  /** The part under a point of the canvas; through bone that is translucent. */
  pick(x, y) {
    const { clientWidth, clientHeight } = this.#renderer.domElement;
    const at = new THREE.Vector2((x / clientWidth) * 2 - 1, 1 - (y / clientHeight) * 2);
    const ray = new THREE.Raycaster();
    ray.setFromCamera(at, this.#camera);
    const meshes = [...this.#parts.values()].filter((part) => this.#isDrawn(part)).flatMap((part) => part.meshes);
    const hits = ray.intersectObjects(meshes, false);
    const hit = hits.find(({ object }) => !object.material.transparent) ?? hits[0];
    return hit?.object.userData.key ?? null;
  }

  /** Where the middle of a part is on the canvas, and whether it is drawn. */
  where(key) {
    const part = this.#parts.get(key);
    if (!part) return null;
    const { clientWidth, clientHeight } = this.#renderer.domElement;
    const box = new THREE.Box3();
    for (const mesh of part.meshes) box.expandByObject(mesh);
    this.#camera.updateMatrixWorld();
    const { x, y } = box.getCenter(new THREE.Vector3()).project(this.#camera);
    return { x: ((x + 1) / 2) * clientWidth, y: ((1 - y) / 2) * clientHeight, drawn: this.#isDrawn(part) };
  }

  #isDrawn(part) {
    return part.shown && (part.arch === "" || part.arch !== this.#omitted) && (!part.isBone || this.#bone > 0);
  }

  #arrange() {
    const parts = [...this.#parts.values()];
    const isThere = parts.some(({ arch, shown }) => shown && arch !== "" && arch === this.#view?.arch);
    this.#omitted = isThere ? OPPOSITE[this.#view.arch] : "";
    for (const part of parts) {
      for (const mesh of part.meshes) mesh.visible = this.#isDrawn(part);
    }
    this.touch();
  }

  #box() {
    const box = new THREE.Box3();
    for (const part of this.#parts.values()) {
      if (this.#isDrawn(part)) for (const mesh of part.meshes) box.expandByObject(mesh);
    }
    return box;
  }

  #glow(share) {
    for (const mesh of this.#parts.get(this.#chosen)?.meshes ?? []) {
      mesh.material.emissive?.copy(mesh.material.color).multiplyScalar(share);
    }
  }

  #key(event) {
    const turn = KEYS[event.key];
    const zoom = { "+": 0.9, "=": 0.9, "-": 1 / 0.9 }[event.key];
    if (!turn && !zoom) return;
    event.preventDefault();
    const eye = this.#camera.position.clone().sub(this.#controls.target);
    if (turn) {
      const side = new THREE.Vector3().crossVectors(this.#camera.up, eye).normalize();
      const spin = new THREE.Quaternion()
        .setFromAxisAngle(this.#camera.up, turn[0] * STEP)
        .multiply(new THREE.Quaternion().setFromAxisAngle(side, turn[1] * STEP));
      eye.applyQuaternion(spin);
      this.#camera.up.applyQuaternion(spin);
    }
    this.#camera.position.copy(this.#controls.target).addScaledVector(eye, zoom ?? 1);
    this.touch();
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#renderer.domElement.parentElement;
    this.#renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.#renderer.setSize(clientWidth, clientHeight, false);
    this.#camera.aspect = clientWidth / Math.max(clientHeight, 1);
    this.#camera.updateProjectionMatrix();
    this.#controls.handleResize();
    if (this.#view) this.look(this.#view);
    this.touch();
  }

  #draw() {
    this.#isStale = false;
    this.#renderer.render(this.#scene, this.#camera);
  }
}

/** Give a mesh a material of its own, and smooth edges. */
function prepare(mesh, part) {
  if (!mesh.geometry.attributes.normal) mesh.geometry.computeVertexNormals();
  mesh.material = mesh.material.clone();
  mesh.material.flatShading = false;
  mesh.userData.key = part.key;
}
