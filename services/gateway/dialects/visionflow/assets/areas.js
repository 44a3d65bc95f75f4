// The editor of detection areas: polygons over the camera's picture, in pixels of its resolution.
const { camera, width, height, areas, texts } = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const find = (id) => document.getElementById(id);
const drawing = find("drawing");
const picture = find("picture");
const fields = find("fields");

let chosen = areas.length ? 0 : -1;
let point = -1;
let dragged = null;
let open = false; // the chosen area still takes new points where one clicks
let changed = false;

const clamp = (value, most) => Math.min(Math.max(Math.round(value), 0), most);
const corner = (x, y) => ({ x: clamp(x, width), y: clamp(y, height) });

function place(event) {
  const box = drawing.getBoundingClientRect();
  return corner(((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height);
}

function say(text, wrong = false) {
  const said = find("said");
  said.textContent = text;
  said.classList.toggle("wrong", wrong);
}

function mark() {
  changed = true;
  say("");
}

function shape(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

function draw() {
  drawing.replaceChildren();
  areas.forEach((area, number) => {
    const points = area.coordinates.map(({ x, y }) => `${x},${y}`).join(" ");
    const outline = shape("polygon", { points, class: number === chosen ? "area chosen" : "area" }, drawing);
    outline.dataset.area = number;
  });
  const radius = Math.max(width, height) / (matchMedia("(pointer: coarse)").matches ? 50 : 110);
  (areas[chosen]?.coordinates ?? []).forEach(({ x, y }, number) => {
    const dot = shape("circle", { cx: x, cy: y, r: radius, class: number === point ? "point chosen" : "point" }, drawing);
    dot.dataset.point = number;
  });
}

function list() {
  find("areas").replaceChildren(
    ...areas.map((area, number) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = area.name || texts.unnamed;
      button.setAttribute("aria-pressed", String(number === chosen));
      button.addEventListener("click", () => choose(number));
      item.append(button);
      return item;
    }),
  );
}

function number(value, most, change, label) {
  const input = document.createElement("input");
  Object.assign(input, { type: "number", min: 0, max: most, step: 1, value });
  input.setAttribute("aria-label", label);
  input.addEventListener("change", () => change(clamp(Number(input.value) || 0, most)));
  return input;
}

function corners() {
  const area = areas[chosen];
  find("points").replaceChildren(
    ...(area?.coordinates ?? []).map((at, index) => {
      const row = document.createElement("div");
      const remove = document.createElement("button");
      Object.assign(remove, { type: "button", textContent: "×", disabled: area.coordinates.length <= 3 && !open });
      remove.setAttribute("aria-label", `${texts.remove_point} ${index + 1}`);
      remove.addEventListener("click", () => removePoint(index));
      const change = (axis) => (value) => { at[axis] = value; mark(); draw(); };
      row.append(
        String(index + 1),
        number(at.x, width, change("x"), `x ${index + 1}`),
        number(at.y, height, change("y"), `y ${index + 1}`),
        remove,
      );
      return row;
    }),
  );
}

function show() {
  const area = areas[chosen];
  fields.disabled = !area;
  find("name").value = area?.name ?? "";
  find("classes").value = (area?.detection_classes ?? []).join(", ");
  find("duration").value = area?.alert_duration ?? 0;
  find("notify").checked = area?.notification_enabled ?? true;
  list();
  corners();
  draw();
}

function choose(number) {
  chosen = number;
  point = -1;
  open = false;
  show();
}

function add() {
  const taken = new Set(areas.map((area) => area.name));
  let count = areas.length + 1;
  while (taken.has(`${texts.area} ${count}`)) count += 1;
  areas.push({
    name: `${texts.area} ${count}`, coordinates: [], alert_duration: 0, notification_enabled: true, detection_classes: [],
  });
  choose(areas.length - 1);
  open = true;
  mark();
  say(texts.draw_hint);
  drawing.focus();
}

function removeArea() {
  if (chosen < 0) return;
  areas.splice(chosen, 1);
  choose(areas.length - 1);
  mark();
}

function removePoint(index) {
  const coordinates = areas[chosen]?.coordinates;
  if (!coordinates || index < 0 || (coordinates.length <= 3 && !open)) return;
  coordinates.splice(index, 1);
  point = Math.min(point, coordinates.length - 1);
  mark();
  corners();
  draw();
}

function append(at) {
  areas[chosen].coordinates.push(at);
  point = areas[chosen].coordinates.length - 1;
  mark();
  corners();
  draw();
}

// A new corner goes between the two whose side is nearest to it.
function insert(at) {
  const coordinates = areas[chosen].coordinates;
  const distance = (a, b) => {
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const along = Math.min(1, Math.max(0, ((at.x - a.x) * dx + (at.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(at.x - a.x - along * dx, at.y - a.y - along * dy);
  };
  const sides = coordinates.map((a, index) => distance(a, coordinates[(index + 1) % coordinates.length]));
  point = sides.indexOf(Math.min(...sides)) + 1;
  coordinates.splice(point, 0, at);
  mark();
  corners();
  draw();
}

drawing.addEventListener("pointerdown", (event) => {
  const at = place(event);
  drawing.focus({ preventScroll: true });
  if (event.target.dataset.point !== undefined) {
    point = dragged = Number(event.target.dataset.point);
    drawing.setPointerCapture(event.pointerId);
    draw();
  } else if (open && chosen >= 0) {
    append(at);
  } else if (event.target.dataset.area !== undefined && Number(event.target.dataset.area) !== chosen) {
    choose(Number(event.target.dataset.area));
  }
});

drawing.addEventListener("pointermove", (event) => {
  const at = place(event);
  find("place").textContent = `${at.x}, ${at.y}`;
  if (dragged === null) return;
  areas[chosen].coordinates[dragged] = at;
  mark();
  draw();
});

for (const name of ["pointerup", "pointercancel"]) {
  drawing.addEventListener(name, () => {
    if (dragged !== null) corners();
    dragged = null;
  });
}

drawing.addEventListener("dblclick", (event) => {
  if (!open && Number(event.target.dataset.area ?? -1) === chosen) insert(place(event));
});

// With the keyboard: Tab to the drawing, N for the next corner, arrows to move it, Insert for a new one, Delete, Enter.
drawing.addEventListener("keydown", (event) => {
  const coordinates = areas[chosen]?.coordinates;
  if (!coordinates) return;
  const step = event.shiftKey ? 10 : 1;
  const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (move && coordinates[point]) {
    coordinates[point] = corner(coordinates[point].x + move[0], coordinates[point].y + move[1]);
    mark();
    corners();
    draw();
  } else if (event.key === "n" || event.key === "N") {
    point = coordinates.length ? (point + 1) % coordinates.length : -1;
    draw();
  } else if (event.key === "Insert" || event.key === "i") {
    const last = coordinates[point];
    const next = coordinates[(point + 1) % coordinates.length];
    if (last && next && !open) insert(corner((last.x + next.x) / 2, (last.y + next.y) / 2));
    else append(last ? corner(last.x + width / 10, last.y) : corner(width / 2, height / 2));
  } else if (event.key === "Delete" || event.key === "Backspace") {
    removePoint(point);
  } else if (event.key === "Enter" || event.key === "Escape") {
    open = false;
    say("");
    corners();
  } else return;
  event.preventDefault();
});

const edit = (id, change) => find(id).addEventListener("input", (event) => {
  if (chosen < 0) return;
  change(areas[chosen], event.target);
  mark();
  list();
});
edit("name", (area, input) => { area.name = input.value; });
edit("classes", (area, input) => {
  area.detection_classes = input.value.split(",").map((word) => word.trim()).filter(Boolean);
});
edit("duration", (area, input) => { area.alert_duration = Number(input.value) || 0; });
edit("notify", (area, input) => { area.notification_enabled = input.checked; });

async function save() {
  const small = areas.find((area) => area.coordinates.length < 3);
  if (small) return say(texts.too_few.replace("{name}", small.name), true);
  open = false;
  find("save").disabled = true;
  try {
    const answer = await fetch(`../rectangles/${camera}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Argus-Page": "areas" },
      body: JSON.stringify({ regions: areas.map(({ name, coordinates, alert_duration, notification_enabled, detection_classes, sensitivity }) =>
        ({ name, coordinates, alert_duration, notification_enabled, detection_classes, sensitivity })) }),
    });
    const body = await answer.json();
    if (answer.ok) changed = false;
    say(answer.status === 401 ? texts.log_in_to_save : body.message, !answer.ok);
  } catch {
    say(texts.not_reached, true);
  } finally {
    find("save").disabled = false;
  }
}

function refresh() {
  const query = new URLSearchParams(location.search);
  query.set("at", Date.now());
  picture.src = `${camera}/picture.jpg?${query}`;
}

picture.addEventListener("error", () => say(texts.no_picture, true));
find("add").addEventListener("click", add);
find("remove").addEventListener("click", removeArea);
find("save").addEventListener("click", save);
find("refresh").addEventListener("click", refresh);
window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
drawing.setAttribute("preserveAspectRatio", "none");
find("stage").style.aspectRatio = `${width} / ${height}`;
show();
refresh();
