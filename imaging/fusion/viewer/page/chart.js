// The dental chart: rows and columns of FDI numbers, as who faces the patient sees them.

const ROWS = [
  [1, 2, 8], // quadrants at the patient's right and left, and teeth in each
  [5, 6, 5],
  [8, 7, 5],
  [4, 3, 8],
];
const HALF = 8;

/** Where a tooth stands: the patient's right is at the left, the midline between columns 8 and 9. */
function placeOf(fdi) {
  const quadrant = Math.floor(fdi / 10);
  const position = fdi % 10;
  const row = ROWS.findIndex((pair) => pair.slice(0, 2).includes(quadrant));
  const isRight = ROWS[row][0] === quadrant;
  return { row, column: isRight ? HALF + 1 - position : HALF + position };
}

/** Build a chart of buttons; buttonOf makes the one of a mesh. */
function chartOf(meshes, buttonOf) {
  const chart = element("div", { className: "chart", role: "group", ariaLabel: "Dental chart" });
  const taken = new Map();
  for (const mesh of meshes) if (!taken.has(mesh.fdi)) taken.set(mesh.fdi, mesh);
  const rows = new Set([...taken.keys()].map((fdi) => placeOf(fdi).row));
  for (const [at, [right, left, count]] of ROWS.entries()) {
    if (!rows.has(at)) continue;
    const numbers = [right, left].flatMap((quadrant) =>
      Array.from({ length: count }, (_, index) => quadrant * 10 + index + 1),
    );
    numbers.sort((one, other) => placeOf(one).column - placeOf(other).column);
    for (const fdi of numbers) {
      const mesh = taken.get(fdi);
      const cell = mesh ? buttonOf(mesh) : element("span", { className: "missing", ariaHidden: "true", textContent: "·" });
      cell.style.gridRow = String(at + 1);
      cell.style.gridColumn = String(placeOf(fdi).column);
      cell.classList.toggle("after-midline", placeOf(fdi).column === HALF + 1);
      chart.append(cell);
    }
  }
  return chart;
}

/** Make an element with properties. */
function element(tag, properties = {}, ...children) {
  const { role, ...others } = properties;
  const made = Object.assign(document.createElement(tag), others);
  if (role) made.setAttribute("role", role);
  made.append(...children);
  return made;
}
