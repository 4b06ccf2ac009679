// Elements without innerHTML: whatever a person or a model wrote is set as text or value, and stays text.

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "ico");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", "#i-" + name);
  svg.append(use);
  return svg;
}

function button(label, onclick, { kind = "", iconName = null, title = null } = {}) {
  return el("button", { type: "button", class: ("btn " + kind).trim(), title, on: { click: onclick } }, iconName ? icon(iconName) : null, label);
}

function iconButton(name, label, onclick, extra = {}) {
  return el("button", { type: "button", class: "btn quiet icon", "aria-label": label, title: label, on: { click: onclick }, ...extra }, icon(name));
}

/** Set the text only where it differs, so that an unchanged node is never touched. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A field's value, unless the person is in it. */
function fill(field, value) {
  if (document.activeElement !== field && field.value !== value) field.value = value;
}

/** Height of a textarea by its text, where CSS cannot do it. */
function fit(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = field.scrollHeight + "px";
}

/** Run `action` each time the element comes into view. */
function whenSeen(element, action) {
  new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && action()).observe(element);
}

/** Elements of a static template by their data-part. */
function partsOf(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-part]")].map((node) => [node.dataset.part, node]));
}

const MESSAGE_KINDS = { fail: "fail", info: "info", stale: "" };

const NO_ANSWER = { message: "The studio does not answer.", hint: "Check that it is still running." };

/** What the studio refused or could not do, in the page's language. */
function failure(problem, ...answers) {
  return flag("fail", said(problem.message), said(problem.hint), ...answers);
}

/** A notice: what happened, what to do, and the answers. */
function flag(kind, lead, hint, ...answers) {
  return el("div", { class: ("flag " + MESSAGE_KINDS[kind]).trim(), role: "note" }, el("p", { class: "lead" }, lead), hint ? el("p", {}, hint) : null, answers.length ? el("div", { class: "row" }, ...answers) : null);
}
