// The read-only page: asks the API, shows the answer, asks again when the journal grows.
// Every text reaches the page through textContent; the token stays in this tab's sessionStorage.
"use strict";

const $ = (id) => document.getElementById(id);
const state = { incident: null, lastId: null, stop: null, timer: null, busy: false, again: false };

class ApiError extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

const token = () => sessionStorage.getItem("firebreak.token") || "";

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = String(text);
  if (className) made.className = className;
  return made;
}

// Keeps what did not change, so that a reader's place and a screen reader's focus survive a refresh.
function fill(parent, key, children) {
  if (parent.dataset.key === key) return;
  parent.dataset.key = key;
  parent.replaceChildren(...children);
}

async function get(path) {
  const answer = await fetch(path, { headers: { Authorization: "Bearer " + token() }, cache: "no-store" });
  if (!answer.ok) {
    let message = "the server answered " + answer.status;
    try {
      const problem = await answer.json();
      message = problem.detail || problem.title || message;
    } catch { /* the body was no problem document */ }
    throw new ApiError(answer.status, message);
  }
  return answer.json();
}

function when(text) {
  const node = element("time", text ? text.replace("T", " ").replace(/\.\d+Z$/, "Z") : "");
  if (text) node.dateTime = text;
  return node;
}

function row(cells) {
  const made = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    td.append(cell instanceof Node ? cell : String(cell ?? ""));
    made.append(td);
  }
  return made;
}

function nothing(text, columns) {
  if (!columns) return element("li", text, "soft");
  const made = document.createElement("tr");
  const td = element("td", text, "soft");
  td.colSpan = columns;
  made.append(td);
  return made;
}

function showStatus(status) {
  const needs = status.needs_person.map((need) => {
    const item = element("li", null, "now");
    item.append(element("strong", need.who + ": "), need.what);
    if (need.command) item.append(document.createElement("br"), element("code", need.command));
    return item;
  });
  fill($("needs"), JSON.stringify(status.needs_person), needs.length ? needs : [nothing("Nothing. All is in hand.")]);
  fill($("waits"), JSON.stringify(status.waiting),
    status.waiting.length ? status.waiting.map((w) => row([w.who, w.for, w.what, when(w.since)]))
      : [nothing("Nobody waits.", 4)]);
  fill($("due"), JSON.stringify(status.due), status.due.length ? status.due.map((due) => {
    const item = document.createElement("li");
    item.append(when(due.time), " " + due.what);
    return item;
  }) : [nothing("Nothing is due.")]);
  $("frozen").hidden = !status.frozen;
  if (status.frozen) $("frozen").textContent = "Frozen by " + status.frozen.by + ": " + (status.frozen.reason || "");
}

function showIncidents(list) {
  const key = JSON.stringify(list.items.map((i) => [i.id, i.severity, i.phase, i.title]));
  fill($("incidents"), key, list.items.length ? list.items.map((incident) => {
    const open = element("button", incident.id + " " + incident.title, "link");
    open.type = "button";
    open.addEventListener("click", () => choose(incident.id, true));
    return row([open, incident.severity, incident.phase.replaceAll("_", " "), incident.endpoint, when(incident.time)]);
  }) : [nothing("No incident.", 5)]);
  if (!state.incident && list.items.length) state.incident = list.items[0].id;
}

function actionLine(action) {
  const item = document.createElement("li");
  const approved = (action.approved_by || []).map((a) => a.by).join(", ");
  item.append(element("strong", action.id + " " + action.state.replaceAll("_", " ") + ": "), action.what,
    element("br"), element("span", "asked by " + (action.requested_by || "").replace(/^user:/, "") +
      (approved ? ", approved by " + approved : "") + (action.until ? ", until " + action.until : ""), "soft"));
  return item;
}

function showIncident(incident) {
  $("incident").hidden = false;
  $("incident-title").textContent = incident.id + ": " + incident.title;
  const facts = [["Severity", incident.severity], ["Phase", incident.phase.replaceAll("_", " ")],
    ["Endpoint", incident.endpoint], ["Rule", incident.rule],
    ["Acknowledged", incident.acknowledged ? incident.acknowledged.by : "nobody yet"],
    ["Evidence", incident.evidence.filter((e) => e.state === "captured").length + " items"]];
  if (incident.closed) facts.push(["Residual risk", incident.closed.residual_risk]);
  fill($("incident-facts"), JSON.stringify(facts), facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  fill($("actions"), JSON.stringify(incident.actions.map((a) => [a.id, a.state, a.until, a.approved_by])),
    incident.actions.length ? incident.actions.map(actionLine) : [nothing("No action.")]);
  fill($("timeline"), incident.id + incident.timeline.length, incident.timeline.map((line) => {
    const item = document.createElement("li");
    const head = element("span", null, "when");
    head.append(when(line.time), document.createElement("br"), line.log + " " + line.index);
    item.append(head, element("span", line.text));
    return item;
  }));
}

function percent(share) { return typeof share === "number" ? (100 * share).toFixed(1) + " %" : ""; }

function showRobustness(table) {
  const newest = new Map();
  for (const line of table.rows) {
    const key = line.release + "\n" + line.attack;
    const before = newest.get(key);
    if (!before || before.index < line.index) newest.set(key, line);
  }
  const attacks = [...new Set([...newest.values()].map((line) => line.attack))];
  const releases = [...new Set([...newest.values()].map((line) => line.release))];
  const head = document.createElement("tr");
  for (const name of ["Release", ...attacks, "Limit", "Gate"]) {
    const th = element("th", name);
    th.scope = "col";
    head.append(th);
  }
  const body = releases.map((release) => {
    const lines = attacks.map((attack) => newest.get(release + "\n" + attack));
    const any = lines.find(Boolean);
    const made = row([release, ...lines.map((line) => line
      ? percent(line.share) + (line.of ? " (" + line.approved + " of " + line.of + ")" : "") : ""),
      percent(any.limit), any.control ? "reference" : element("span", any.passed ? "passed" : "failed", any.passed ? "good" : "bad")]);
    for (const cell of made.children) cell.className = "number";
    return made;
  });
  fill($("robust"), JSON.stringify([...newest.entries()]), [head, ...(body.length ? body : [nothing("No gate has run yet.", 3)])]);
}

async function choose(id, focus) {
  state.incident = id;
  await refresh();
  if (focus) $("incident-title").focus();
}

// One refresh at a time; what comes meanwhile asks for one more.
async function refresh() {
  if (state.busy) { state.again = true; return; }
  state.busy = true;
  try {
    do {
      state.again = false;
      const [status, incidents, robustness] = await Promise.all(
        ["/api/v1/status", "/api/v1/incidents?limit=100", "/api/v1/robustness"].map(get));
      showStatus(status);
      showIncidents(incidents);
      showRobustness(robustness);
      if (state.incident) showIncident(await get("/api/v1/incidents/" + encodeURIComponent(state.incident)));
    } while (state.again);
  } finally {
    state.busy = false;
  }
}

function refreshSoon() {
  if (state.timer) return;
  state.timer = setTimeout(() => {
    state.timer = null;
    refresh().catch(trouble);
  }, 300);
}

function trouble(error) {
  if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return signOut(error.message);
  $("live").textContent = "no answer: " + error.message;
}

// EventSource cannot send a token, so the stream is read by hand: "id:" lines let it resume.
async function follow(signal) {
  const headers = { Authorization: "Bearer " + token(), Accept: "text/event-stream" };
  if (state.lastId !== null) headers["Last-Event-ID"] = state.lastId;
  const answer = await fetch("/api/v1/events", { headers, signal, cache: "no-store" });
  if (!answer.ok) throw new ApiError(answer.status, "events: " + answer.status);
  $("live").textContent = "live";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("id:")) continue;
      state.lastId = line.slice(3).trim();
      $("live").textContent = "live, journal entry " + state.lastId;
      refreshSoon();
    }
  }
}

async function stayConnected(controller) {
  for (let pause = 500; !controller.signal.aborted; pause = Math.min(2 * pause, 10000)) {
    const began = Date.now();
    try {
      await follow(controller.signal);
    } catch (error) {
      if (controller.signal.aborted) return;
      trouble(error);
    }
    if (Date.now() - began > 5000) pause = 500;
    if (!controller.signal.aborted) $("live").textContent = "connection lost, trying again";
    await new Promise((resume) => setTimeout(resume, pause));
    refreshSoon();
  }
}

function signOut(message) {
  if (state.stop) state.stop.abort();
  state.stop = null;
  sessionStorage.removeItem("firebreak.token");
  $("content").hidden = true;
  $("forget").hidden = true;
  $("sign-in").hidden = false;
  $("sign-in-error").textContent = message || "";
  $("live").textContent = "not connected";
  $("token").focus();
}

async function start() {
  try {
    await refresh();
  } catch (error) {
    return signOut(error.message);
  }
  $("sign-in").hidden = true;
  $("sign-in-error").textContent = "";
  $("content").hidden = false;
  $("forget").hidden = false;
  state.stop = new AbortController();
  stayConnected(state.stop);
}

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("firebreak.token", $("token").value.trim());
  $("token").value = "";
  start();
});
$("forget").addEventListener("click", () => signOut(""));
if (token()) start(); else $("token").focus();
