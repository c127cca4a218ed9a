// The page as a whole: signs in, asks the API, shows the answer, asks again when the journal grows.
import { ApiError, follow, forget, get, post, resume, signIn, signOut, who } from "/api.js";
import { $, el, list, percent, person, reconcile, when, words } from "/dom.js";
import { showExercise } from "/exercise.js";
import { showIncident } from "/incident.js";
import { showEntry } from "/log.js";

const state = { lastId: null, stop: null, timer: null, busy: false, again: false, shown: "", picture: null };

// ---- where we are: #/ (all), #/incident/ID, #/log/LOG/INDEX

function place() {
  const [kind, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (kind === "incident" && rest[0]) return { kind, id: rest[0] };
  if (kind === "log" && rest[1]) return { kind, log: rest[0], index: rest[1] };
  return { kind: "home" };
}

// ---- screens

function needLine(need) {
  const incident = need.incident || (need.subject || "").startsWith("inc-") ? need.incident || need.subject : "";
  return el("li", { className: "now" }, el("strong", {}, person(need.who) + ": "),
    incident ? el("a", { href: "#/incident/" + incident }, need.what) : need.what,
    need.command ? el("br") : null, need.command ? el("code", {}, need.command) : null);
}

function showStatus(status) {
  list($("needs"), status.needs_person.map((need) => ({ id: need.subject + need.what, key: JSON.stringify(need), make: () => needLine(need) })),
    "Nothing needs you.", "good");
  list($("force"), status.in_force.map((a) => ({ id: a.id, key: JSON.stringify(a), make: () => el("li", {}, el("strong", {}, a.id + ": "), a.what,
    el("span", { className: "soft" }, ` on ${a.endpoint}`, a.until ? ", until " : "", a.until ? when(a.until) : "", a.verdict ? `; effect check ${a.verdict}` : "")) })),
    "Nothing is in force; the models answer alone.");
  list($("waits"), status.waiting.map((w) => ({ id: w.subject + w.what, key: JSON.stringify(w), make: () => el("li", {},
    el("strong", {}, person(w.who)), " waits for ", w.for, ": ", w.what, w.since ? " since " : "", when(w.since)) })), "Nobody waits.");
  const reports = (status.deadlines || []).map((d) => ({ ...d, subject: d.duty + d.stage, what: (d.overdue ? "overdue: " : "") + d.what }));
  const due = [...reports, ...status.due].sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
  list($("due"), due.map((d) => ({ id: d.subject + d.what, key: JSON.stringify(d), make: () => el("li", { className: d.overdue ? "bad" : "" }, when(d.time), " " + d.what) })), "Nothing is due.");
  list($("endpoints"), (status.endpoints || []).map((e) => ({ id: e.name, key: JSON.stringify(e), make: () => endpointLine(e) })), "See: firebreak status");
  showCopy(status.offsite);
  $("frozen").hidden = !status.frozen;
  if (status.frozen) $("frozen").textContent = `Frozen by ${person(status.frozen.by)}: ${status.frozen.reason || ""}. Nothing new leaves Firebreak.`;
  showClock(status.clock);
}

// Where the copy is, whether its lock holds, what is not there yet, and whether its keys are in a backup.
function showCopy(copy) {
  $("copy").hidden = !copy;
  if (!copy) return;
  const sound = copy.state === "ok" || copy.state === "waiting";
  const sent = copy.state === "waiting" ? "nothing has been sent yet" : copy.lag_octets ? `${copy.lag_octets} octets are not there yet` : "everything is there";
  const lines = [
    ["state", sound ? "" : "bad", el("span", {}, el("code", {}, copy.place), sound ? `: ${sent}` : `: ${copy.what}; ${sent}`, copy.last ? ", last whole " : "", copy.last ? when(copy.last) : "")],
    copy.immutable === false ? ["lock", "bad", `Not immutable: ${copy.gave_way.join("; ")}.`]
      : copy.immutable ? ["lock", "good", el("span", {}, "Immutable: its lock held", copy.tested ? " when it was tried at " : "", copy.tested ? when(copy.tested) : "")]
      : ["lock", "soft", "Whether its lock holds has not been tried yet."],
    copy.foreign ? ["foreign", "bad", copy.foreign] : null, keyLine(copy.keys)];
  list($("copy-lines"), lines.filter(Boolean).map(([id, className, content]) => ({ id, key: JSON.stringify(copy), make: () => el("li", { className }, content) })), "");
}

function keyLine(keys) {
  if (keys.missing) {
    return ["keys", keys.overdue ? "bad" : "now", el("span", {}, `${keys.missing} of ${keys.count} keys are in no key backup`, keys.since ? ", the oldest of " : "", keys.since ? when(keys.since) : "",
      keys.what ? `; ${keys.what}` : "", ": ", el("code", {}, keys.command))];
  }
  if (keys.outdated) return ["keys", "now", el("span", {}, "The key backup holds keys that are gone since: ", el("code", {}, keys.command))];
  return keys.backed_up ? ["keys", "good", el("span", {}, "Its keys are in a backup of ", when(keys.backed_up))] : null;
}

function endpointLine(endpoint) {
  const waits = (endpoint.detectors || []).filter((d) => d.state !== "running").map((d) => `${d.name}: ${d.reason}`);
  return el("li", {}, el("strong", {}, endpoint.name), ` ${endpoint.mode}, ${endpoint.state}; ${endpoint.records} records`,
    endpoint.last_time ? ", newest " : "", endpoint.last_time ? when(endpoint.last_time) : "",
    waits.length ? el("span", { className: "soft" }, "; " + waits.join("; ")) : null);
}

function showClock(clock) {
  if (!clock) return;
  $("clock").hidden = false;
  const fed = clock.kind === "fed";
  const pace = clock.held ? "held" : clock.rate === null ? "fast" : clock.rate === 1 ? "true pace" : `${clock.rate} × true pace`;
  $("clock-time").textContent = clock.time.replace("T", " ").replace(/(\.\d+)?Z$/, "");
  $("clock-wall").textContent = clock.wall.replace("T", " ").replace(/(\.\d+)?Z$/, "");
  $("clock-rate").textContent = fed ? `${pace}${clock.reason ? ": " + clock.reason : ""}` : "true time";
  $("clock-rate").classList.toggle("now", clock.held);
  $("clock-form").hidden = !fed;
}

function showIncidents(found) {
  const rows = found.items.map((i) => ({ id: i.id, key: JSON.stringify([i.severity, i.phase, i.title]), make: () => el("tr", {},
    el("td", {}, el("a", { href: "#/incident/" + i.id }, `${i.id} ${i.title}`)), el("td", {}, i.severity), el("td", {}, words(i.phase)),
    el("td", {}, i.endpoint), el("td", {}, when(i.opened || i.time))) }));
  reconcile($("incidents"), rows.length ? rows : [{ id: "none", key: "", make: () => el("tr", {}, el("td", { colSpan: 5, className: "soft" }, "No incident.")) }]);
}

function showRobustness(table) {
  const newest = new Map();
  for (const line of table.rows) {
    const key = line.release + "\n" + line.attack, before = newest.get(key);
    if (!before || before.index < line.index) newest.set(key, line);
  }
  const lines = [...newest.values()], attacks = [...new Set(lines.map((l) => l.attack))], releases = [...new Set(lines.map((l) => l.release))];
  const cell = (l) => l ? percent(l.share) + (l.of ? ` (${l.approved} of ${l.of})` : "") : "";
  const rows = releases.map((release) => {
    const mine = attacks.map((attack) => newest.get(release + "\n" + attack)), any = mine.find(Boolean);
    return el("tr", {}, el("th", { scope: "row" }, release), ...mine.map((l) => el("td", { className: "number" }, cell(l))),
      el("td", { className: "number" }, percent(any.limit)),
      el("td", {}, any.control ? "reference" : el("span", { className: any.passed ? "good" : "bad" }, any.passed ? "passed" : "failed")));
  });
  reconcile($("robust"), [{ id: "table", key: JSON.stringify(lines), make: () => el("tbody", {},
    el("tr", {}, ...["Release", ...attacks, "Limit", "Gate"].map((name) => el("th", { scope: "col" }, name))),
    ...(rows.length ? rows : [el("tr", {}, el("td", { colSpan: 3, className: "soft" }, "No gate has run yet."))])) }]);
}

// ---- refreshing

// What is drawn of an incident besides itself; null: there is none.
async function partOf(id, name) {
  try {
    return await get(`/api/v1/incidents/${encodeURIComponent(id)}/${name}`);
  } catch (error) {
    if (error instanceof ApiError && error.status !== 401) return null;
    throw error;
  }
}

async function showPlace() {
  const here = place(), key = location.hash;
  $("home").hidden = here.kind !== "home";
  $("incident").hidden = here.kind !== "incident";
  $("log").hidden = here.kind !== "log";
  if (here.kind === "incident") {
    const counsel = who().role.split(" ").includes("legal");
    const [incident, picture, brief, notes] = await Promise.all([get("/api/v1/incidents/" + encodeURIComponent(here.id)), partOf(here.id, "picture"), partOf(here.id, "brief"),
      counsel ? partOf(here.id, "privileged") : null]);
    // What is to be approved is shown whole; the list states its kind alone.
    incident.actions = await Promise.all(incident.actions.map(async (a) => a.state === "proposed" ? { ...a, ...await get("/api/v1/actions/" + a.id) } : a));
    showIncident(incident, picture, brief, notes, $("incident-title"), $("incident-parts"), refreshSoon);
  } else if (here.kind === "log" && state.shown !== key) {
    await showEntry(here.log, here.index, $("log-title"), $("log-parts"));
  }
  if (state.shown !== key && here.kind !== "home") $(here.kind + "-title").focus();
  state.shown = key;
}

// One refresh at a time; what comes meanwhile asks for one more.
async function refresh() {
  if (state.busy) { state.again = true; return; }
  state.busy = true;
  try {
    do {
      state.again = false;
      const [status, incidents, robustness] = await Promise.all(["/api/v1/status", "/api/v1/incidents?limit=100", "/api/v1/robustness"].map(get));
      showStatus(status);
      await showExercise(status.exercise);
      showIncidents(incidents);
      showRobustness(robustness);
      await showPlace();
    } while (state.again);
  } finally {
    state.busy = false;
  }
}

function refreshSoon() {
  if (state.timer) return;
  state.timer = setTimeout(() => { state.timer = null; refresh().catch(trouble); }, 400);
}

function trouble(error) {
  if (error instanceof ApiError && error.status === 401) return signedOut(error.message);
  $("live").textContent = "no answer: " + error.message;
}

async function stayConnected(controller) {
  for (let pause = 500; !controller.signal.aborted; pause = Math.min(2 * pause, 10000)) {
    const began = Date.now();
    try {
      await follow(state.lastId, controller.signal, () => { $("live").textContent = "live"; }, (id) => {
        state.lastId = id;
        $("live").textContent = "live, journal entry " + id;
        refreshSoon();
      });
    } catch (error) {
      if (controller.signal.aborted) return;
      trouble(error);
    }
    if (Date.now() - began > 5000) pause = 500;
    if (!controller.signal.aborted) $("live").textContent = "connection lost, trying again";
    await new Promise((wake) => setTimeout(wake, pause));
    refreshSoon();
  }
}

// ---- signing in and out

function signedOut(message) {
  if (state.stop) state.stop.abort();
  state.stop = null;
  forget();
  for (const id of ["content", "who", "clock"]) $(id).hidden = true;
  $("sign-in").hidden = false;
  $("sign-in-error").textContent = message || "";
  $("live").textContent = "not connected";
  $("token").focus();
}

async function signedIn() {
  $("sign-in").hidden = true;
  $("sign-in-error").textContent = "";
  $("content").hidden = false;
  $("who").hidden = false;
  $("who-name").textContent = `${who().user}, ${who().role}${who().scripted ? " (scripted)" : ""}`;
  document.title = `Firebreak: ${who().user}`;
  await refresh();
  state.stop = new AbortController();
  stayConnected(state.stop);
}

async function start() {
  const link = /^#link=([0-9a-f]+)$/.exec(location.hash);
  if (link) history.replaceState(null, "", "/#/");  // the code is in nobody's history
  try {
    if (link) await signIn({ link: link[1] });
    else if (!await resume()) return signedOut("");
    await signedIn();
  } catch (error) {
    signedOut(error.message);
  }
}

$("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  $("token").value = "";
  try {
    await signIn({ token });
    await signedIn();
  } catch (error) {
    signedOut(error.message);
  }
});
$("sign-out").addEventListener("click", () => signOut().catch(() => {}).then(() => signedOut("")));
$("clock-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const rate = event.submitter.value;
  post("/api/v1/clock", { rate: rate === "fast" ? null : Number(rate), reason: "by hand" }).then(refreshSoon, trouble);
});
window.addEventListener("hashchange", () => {
  if (location.hash.startsWith("#link=")) return start();
  if (who().user) refresh().catch(trouble);
});
setInterval(() => { if (state.stop && !document.hidden) refreshSoon(); }, 5000);
start();
