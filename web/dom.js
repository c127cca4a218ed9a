// Small pieces of page. Every text reaches the page through textContent.
export const $ = (id) => document.getElementById(id);

export function el(name, options = {}, ...children) {
  const made = document.createElement(name);
  const { className, ...rest } = options;
  if (className) made.className = className;
  for (const [key, value] of Object.entries(rest)) {
    if (value === undefined || value === null || value === false) continue;
    if (key in made && typeof value !== "string") made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined)
    .map((child) => child instanceof Node ? child : String(child)));
  return made;
}

export function when(text) {
  return el("time", { datetime: text || undefined }, text ? text.replace("T", " ").replace(/\.\d+Z$/, "Z") : "");
}

// A figure with the log entries behind it.
export function logLink(log, first, last, text) {
  const label = text || (last !== undefined && last !== first ? `${log} ${first}–${last}` : `${log} ${first}`);
  return el("a", { href: `#/log/${encodeURIComponent(log)}/${first}`, className: "log" }, label);
}

export const person = (name) => (name || "").replace(/^(user|service):/, "");
export const words = (text) => (text || "").replaceAll("_", " ");
export const percent = (share) => typeof share === "number" ? (100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0) + " %" : "";
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
export const amount = (value) => typeof value === "number" ? grouped.format(value) : "not known";

// Brings `parent` to `items` ({id, key, make}): what did not change stays, so that a reader's place, a half-written form
// and the focus survive a refresh.
export function reconcile(parent, items) {
  const known = new Map([...parent.children].map((child) => [child.dataset.id, child]));
  const focused = document.activeElement;
  let at = 0;
  for (const { id, key, make } of items) {
    let child = known.get(id);
    const had = child && child.contains(focused) ? focused.getAttribute("name") : null;
    if (!child || child.dataset.key !== key) {
      const made = make();
      made.dataset.id = id;
      made.dataset.key = key;
      if (child) child.replaceWith(made);
      child = made;
      if (had) (made.querySelector(`[name="${had}"]`) || made.querySelector("a, button, input, summary"))?.focus();
    }
    known.delete(id);
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] || null);
    ++at;
  }
  for (const gone of known.values()) gone.remove();
}

export function list(parent, items, empty, className = "soft") {
  reconcile(parent, items.length ? items : [{ id: "empty", key: empty, make: () => el("li", { className }, empty) }]);
}

// A form that does one thing and says beside itself what went wrong. `fields`: [{name, label, value?, type?, options?,
// required?}]; `send(values)` returns a promise. With `confirm` a second press is asked for.
export function actionForm({ title, fields = [], button, confirm, send, done }) {
  const message = el("p", { className: "error", role: "alert" });
  const inputs = fields.map((field) => {
    const control = field.options
      ? el("select", { name: field.name }, ...field.options.map((option) => el("option", { value: option }, option)))
      : el("input", { name: field.name, type: field.type || "text", value: field.value ?? "", required: field.required ?? true,
                      autocomplete: "off", placeholder: field.example || "" });
    return el("label", {}, field.label + " ", control);
  });
  const submit = el("button", { type: "submit", name: "submit" }, button);
  const form = el("form", { className: "action", "aria-label": title }, ...inputs, submit, message);
  let asked = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (confirm && !asked) {
      asked = true;
      submit.textContent = confirm;
      return;
    }
    asked = false;
    submit.disabled = true;
    message.textContent = "";
    try {
      await send(Object.fromEntries(new FormData(form)));
      if (done) done();
    } catch (error) {
      message.textContent = error.message;
    } finally {
      submit.disabled = false;
      submit.textContent = button;
    }
  });
  return form;
}
