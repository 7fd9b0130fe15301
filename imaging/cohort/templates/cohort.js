"use strict";
// Shows the rows in the page's data. Only what is looked at is made: rows are added while one
// scrolls, pictures by a button. Every text goes in as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const STEP = { rows: 100, pictures: 24, candidates: 40 };
const CASE = ["name", "notes", "course", "outcome", "reason", "codes", "slices", "rois", "doses", "picture", "dvh", "patientId"];
const CANDIDATE = ["name", "number", "outcome", "reason", "description", "days", "folder", "slices", "rois", "picture", "waiting", "date"];

const named = (columns) => (row) => Object.fromEntries(columns.map((column, i) => [column, row[i]]));
const cases = data.cases.map(named(CASE));
const candidates = data.candidates.map(named(CANDIDATE)).sort((a, b) => b.waiting - a.waiting);
const outcomeOf = (row) => data.outcomes[row.outcome];
const reasonOf = (row) => data.reasons[row.reason];
const address = (...parts) => parts.join("/").split("/").map(encodeURIComponent).join("/");

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const link = (href, text) => make("a", { href }, text);
const decision = (row) => make("span", { class: `decision ${outcomeOf(row)}` }, outcomeOf(row));

function picture(folder, text) {
  const image = make("img", { loading: "lazy", src: address(folder, "rois.png"), alt: text });
  image.addEventListener("error", () => image.replaceWith("no picture"));
  return make("a", { href: address(folder, "rois.png") }, image);
}

const spaced = (elements) => elements.flatMap((element) => [element, " "]); // lines break at blanks

function codesOf(row) {
  const mark = (index) => {
    const [code, outcome, meaning] = data.codes[index];
    return make("abbr", { title: meaning, class: outcome }, code);
  };
  const isDeciding = (index) => data.codes[index][1] !== "PROCEED";
  const rest = row.codes.filter((index) => !isDeciding(index));
  const cell = row.codes.filter(isDeciding).map(mark);
  if (rest.length) {
    const more = make("details", {}, make("summary", {}, `${cell.length ? "+ " : ""}${rest.length} passed`));
    more.addEventListener("toggle", () => more.childElementCount === 1 && more.append(...spaced(rest.map(mark))));
    cell.push(more);
  }
  return spaced(cell);
}

function linksOf(row) {
  const links = [link(address("notes", `${row.notes || row.name}.json`), "notes")];
  if (row.picture) links.push(link(address("patients", row.name, "rois.png"), "pictures"));
  if (row.dvh) links.push(link(address("dvh/cases", row.name, "dvh.html"), "DVH"));
  return spaced(links);
}

// A column: heading, cell, what it is sorted by, and its class.
const COLUMNS = [
  ["Case", (row) => [row.name], (row) => row.name, "name"],
  ...(data.showIds ? [["PatientID", (row) => [row.patientId], (row) => row.patientId, "name"]] : []),
  ["Course", (row) => [row.course], (row) => Number(row.course), "number"],
  ["Outcome", (row) => [decision(row)], (row) => row.outcome, ""],
  ["Reason", (row) => [reasonOf(row)], reasonOf, "reason"],
  ["Codes", codesOf, (row) => row.codes.length, "codes"],
  ["Slices", (row) => [row.slices || ""], (row) => row.slices, "number"],
  ["ROIs", (row) => [row.rois || ""], (row) => row.rois, "number"],
  ["Doses", (row) => [row.doses || ""], (row) => row.doses, "number"],
  ["Links", linksOf, null, "links"],
];

const body = document.querySelector("#table tbody");
const filters = document.getElementById("filters");
const state = { sort: 0, descending: false, found: cases, rows: 0, pictures: 0, withPicture: [] };
const searched = (row) => `${row.name} ${row.patientId ?? ""} ${reasonOf(row)} ${row.codes.map((index) => data.codes[index][0]).join(" ")}`.toLowerCase();

function addRows() {
  const rows = state.found.slice(state.rows, state.rows + STEP.rows);
  state.rows += rows.length;
  body.append(...rows.map((row) => make("tr", {}, ...COLUMNS.map(([, cell, , kind], i) => make(i ? "td" : "th", i ? { class: kind } : { scope: "row" }, ...cell(row))))));
}

function addPictures() {
  const rows = state.withPicture.slice(state.pictures, state.pictures + STEP.pictures);
  state.pictures += rows.length;
  const gallery = document.getElementById("gallery");
  gallery.append(...rows.map((row) => make("figure", {}, picture(`patients/${row.name}`, `Contact sheet of ${row.name}`), make("figcaption", {}, row.name, decision(row)))));
  if (!state.pictures) gallery.append("No case that is shown above has one.");
  document.getElementById("more-pictures").hidden = state.pictures >= state.withPicture.length;
}

function refresh() {
  const asked = new FormData(filters);
  const outcomes = new Set(asked.getAll("outcome").map(Number));
  const code = data.codes.findIndex(([name]) => name === asked.get("code")); // -1 for any
  const words = asked.get("text").toLowerCase().split(/\s+/).filter(Boolean);
  const key = COLUMNS[state.sort][2];
  const order = state.descending ? -1 : 1;
  state.found = cases
    .filter((row) => outcomes.has(row.outcome) && (code < 0 || row.codes.includes(code)))
    .filter((row) => !words.length || words.every((word) => searched(row).includes(word)))
    .map((row) => [key(row), row])
    .sort(([a], [b]) => order * (a < b ? -1 : a > b ? 1 : 0))
    .map(([, row]) => row);
  state.withPicture = state.found.filter((row) => row.picture);
  state.rows = state.pictures = 0;
  body.replaceChildren();
  document.getElementById("gallery").replaceChildren();
  document.getElementById("shown").textContent = [state.found, cases].map((rows) => rows.length.toLocaleString("en")).join(" of ");
  addRows();
  addPictures();
}

function setUpTable() {
  const head = document.querySelector("#table thead tr");
  COLUMNS.forEach(([heading, , key, kind], i) => {
    const cell = make("th", { scope: "col", class: kind === "number" ? kind : "" });
    const button = make("button", { type: "button" }, heading);
    cell.append(key ? button : heading);
    button.addEventListener("click", () => {
      state.descending = state.sort === i && !state.descending;
      state.sort = i;
      for (const other of head.children) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      refresh();
    });
    head.append(cell);
  });
  head.firstElementChild.setAttribute("aria-sort", "ascending");
  filters.addEventListener("input", refresh);
  filters.addEventListener("submit", (event) => event.preventDefault());
  const scroll = document.querySelector(".scroll");
  scroll.addEventListener("scroll", () => scroll.scrollTop + 2 * scroll.clientHeight > scroll.scrollHeight && addRows());
  document.getElementById("more-pictures").addEventListener("click", addPictures);
}

function setUpCandidates() {
  const table = document.querySelector("#candidates");
  if (!table) return;
  const headings = ["Case", "Candidate", "Would be", "Study", "Pictures"];
  table.tHead.rows[0].append(...headings.map((text) => make("th", { scope: "col" }, text)));
  const button = document.getElementById("more-candidates");
  let shown = 0;
  const add = () => {
    const rows = candidates.slice(shown, shown + STEP.candidates);
    shown += rows.length;
    table.tBodies[0].append(...rows.map(candidateRow));
    button.hidden = shown >= candidates.length;
  };
  button.addEventListener("click", add);
  add();
}

function candidateRow(row) {
  const day = row.date ?? (row.days === "" ? "date not stated" : row.days === "0" ? "first day" : `${row.days} days later`);
  const holds = `${row.slices} slices, ${row.rois} ROIs`;
  const study = [row.description || "no description", ...[day, holds].flatMap((text) => [make("br"), make("span", { class: "soft" }, text)])];
  const outcome = [decision(row), ...(reasonOf(row) ? [make("br"), reasonOf(row)] : [])];
  const sheet = row.picture ? picture(row.folder, `Contact sheet of candidate ${row.number} of ${row.name}`) : "none";
  const number = row.waiting ? [row.number] : [row.number, make("br"), make("span", { class: "soft" }, "another is in the cohort")];
  const cells = [number, outcome, study, [sheet]];
  return make("tr", {}, make("th", { scope: "row" }, row.name), ...cells.map((cell) => make("td", {}, ...cell)));
}

function setUpCopy() {
  document.getElementById("copy").addEventListener("click", async () => {
    const paragraph = document.getElementById("paragraph");
    let isCopied = true;
    try {
      await navigator.clipboard.writeText(paragraph.textContent);
    } catch {
      getSelection().selectAllChildren(paragraph); // pages opened from a file may have no clipboard
      isCopied = document.execCommand("copy");
    }
    document.getElementById("copied").textContent = isCopied ? "Copied." : "Press Ctrl+C to copy what is selected.";
  });
}

setUpTable();
setUpCandidates();
setUpCopy();
refresh();
