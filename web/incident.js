// The incident's screen: what happens, what it costs, what can be done, what is in force, how far the way is gone.
import { can, codeField, command, post, who } from "/api.js";
import { briefKey, briefPart } from "/brief.js";
import { actionForm, amount, el, logLink, percent, person, reconcile, when, words } from "/dom.js";
import { chainFigure } from "/chain.js";
import { deadlineParts } from "/deadlines.js";
import { answerForm, runCard } from "/runs.js";

const HOUR_US = 3600e6;
const isPerson = () => can("timeline", "do");
const handles = () => can("contain", "propose");
const scripted = (incident, name) => (incident.people || []).some((p) => p.id === person(name) && p.scripted) ? " (scripted)" : "";

function section(title, ...content) {
  return el("section", { className: "part", "aria-label": title }, el("h3", {}, title), ...content);
}

// ---- what happens, what it costs

function facts(incident) {
  const rows = [["Severity", incident.severity], ["Phase", words(incident.phase)], ["Endpoint", incident.endpoint],
    ["Opened", el("span", {}, when(incident.opened), " ", logLink("journal", incident.index))],
    ["Acknowledged", incident.acknowledged ? el("span", {}, person(incident.acknowledged.by), scripted(incident, incident.acknowledged.by), " ",
      when(incident.acknowledged.time), " ", logLink("journal", incident.acknowledged.index)) : "nobody yet"]];
  if (incident.impact) rows.push(["Impact", el("span", {}, `functional ${incident.impact.functional_now} now, ${incident.impact.functional_likely} likely; ` +
    `${incident.impact.information.join(", ")}; ${incident.impact.recoverability} `, logLink("journal", incident.impact.index))]);
  if (incident.closed) rows.push(["Residual risk", el("span", {}, incident.closed.residual_risk, " ", logLink("journal", incident.closed.index))]);
  return el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function cost(picture) {
  const { cost } = picture, links = () => cost.entries.map((e) => logLink(e.log, e.first, e.last));
  const unit = cost.money_unit ? " " + cost.money_unit : "";
  return section("What it costs an hour",
    el("ul", { className: "figures" },
      el("li", {}, el("strong", {}, amount(cost.requests_per_hour)), " requests of the attack"),
      el("li", {}, el("strong", {}, amount(cost.customers)), " other customers on the endpoint meanwhile"),
      el("li", {}, el("strong", {}, amount(cost.money_per_hour) + (typeof cost.money_per_hour === "number" ? unit : "")), " let through to it")),
    el("p", { className: "soft" }, cost.method, " Entries: ", ...links()));
}

function operations(picture) {
  const rows = picture.operations.map((o) => el("tr", {}, el("th", { scope: "row" }, o.operation),
    el("td", {}, o.outage_s === null ? "not known" : o.outage_s + " s"),
    el("td", {}, o.storage_bytes === null ? "not known" : amount(o.storage_bytes) + " octets"),
    el("td", {}, o.added_ms === null ? "not measured" : o.added_ms + " ms"),
    el("td", {}, o.basis, " ", ...o.entries.slice(0, 3).flatMap((e) => [logLink(e.log, e.first, e.last), " "]))));
  return section("What the operations cost", el("div", { className: "scroll", tabindex: "0", role: "region", "aria-label": "Cost of the operations" },
    el("table", {}, el("thead", {}, el("tr", {}, ...["Operation", "Outage", "Storage", "Latency", "Basis"].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, ...rows))));
}

function measurements(incident) {
  const lines = incident.measurements.map((m) => {
    const half = (name) => m.figures[name] ? `${m.figures[name].succeeded} of ${m.figures[name].targets} targets ${name} (${m.figures[name].queries} queries)` : null;
    const halves = ["uncontained", "contained"].map(half).filter(Boolean);
    return el("li", {}, el("strong", {}, `${m.name}: `), halves.length ? "reached " + halves.join(", ") : JSON.stringify(m.figures), " ",
      logLink("journal", m.index), el("br"), el("span", { className: "soft" }, m.method));
  });
  return section("Measured", el("ul", { className: "plain" }, ...lines));
}

function borrowed(picture) {
  const b = picture.borrowed;
  return section("Good customers' keys", el("p", {}, el("strong", {}, `${amount(b.by_rules)} of ${amount(b.queries)}`),
    ` queries of the chains under ${amount(b.keys)} keys of good customers were answered by the rules; `,
    el("strong", {}, `${amount(b.other_by_model)} of ${amount(b.other_requests)}`), " other requests of the same customers by the model as always."));
}

// ---- options and actions

const kindOf = (cls) => ({ bounded: "can be undone at any time", destructive: "waits for the evidence", disruptive: "interrupts the service" }[cls] || "");

function optionCard(incident, option, refresh) {
  const hurts = option.hurts, stops = option.stops;
  const share = stops.of ? `${stops.attack_queries} of ${stops.of}` : "none of none";
  const rows = [["Stops", `${share} requests of the chains, had it been in force in the days before, starting with empty sets`],
    ["Hurts", `${amount(hurts.honest_answers_changed_per_hour)} honest answers changed and ${amount(hurts.honest_failed_per_hour)} refused an hour, ` +
      `of ${amount(hurts.honest_requests_per_hour)}`],
    ["Still at risk", `${amount(option.amount_at_risk_per_hour)} an hour`], ["Undo", option.undo],
    ["Lease", `${amount(option.lease_us / HOUR_US)} h, then it ends by itself`],
    ["Approvals", `${option.approvals}, by somebody else${option.class ? "; " + kindOf(option.class) : ""}`], ["Note", option.note]];
  const form = handles() && incident.state === "open" ? actionForm({
    title: "Propose " + words(option.name), button: "Propose this", fields: [{ name: "hours", label: "for hours", type: "number", value: option.lease_us / HOUR_US }],
    send: (v) => command("action.propose", { endpoint: incident.endpoint, incident: incident.id, option: option.name, lease_s: Math.round(Number(v.hours) * 3600) }),
    done: refresh }) : null;
  return el("li", { className: "card" }, el("h4", {}, option.title),
    el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])), form);
}

function options(incident, refresh) {
  return section("What can be done", el("ul", { className: "cards" }, ...incident.options.options.map((o) => optionCard(incident, o, refresh))),
    el("p", { className: "soft" }, incident.options.method, " ", logLink("journal", incident.options.index)));
}

function measureText(action) {
  const measure = action.measure || action.measure_kind;
  return measure === undefined ? "" : typeof measure === "string" ? measure : JSON.stringify(measure);
}

function approveForms(action, refresh) {
  if (action.state !== "proposed") return [];
  const mine = person(action.requested_by) === who().user;
  const note = el("p", { className: "soft" }, "Digest of exactly this measure, its target and lease: ", el("code", {}, action.digest));
  if (!can("disrupt", "second"))
    return [note, el("p", { className: "soft" }, mine ? "You proposed it, so somebody else must approve it." : "An approver must say yes; you are signed in as " + who().role + ".")];
  if (mine) return [note, el("p", {}, "You proposed it, so somebody else must approve it.")];
  return [note,
    actionForm({ title: "Approve " + action.id, button: "Approve", confirm: `Yes, approve ${action.digest.slice(0, 12)}…`, fields: codeField(),
      send: (v) => command("action.approve", { action: action.id, digest: action.digest }, v.code), done: refresh }),
    actionForm({ title: "Reject " + action.id, button: "Reject", fields: [{ name: "reason", label: "because" }],
      send: (v) => command("action.reject", { action: action.id, reason: v.reason }), done: refresh })];
}

function effectText(action) {
  const check = action.checks.last;
  if (!check) return null;
  return el("p", {}, el("span", { className: check.verdict === "green" ? "good" : check.verdict === "red" ? "bad" : "soft" }, `Effect check ${check.verdict}: `),
    check.reason, " ", logLink("journal", check.index));
}

function actionCard(action, incident, refresh) {
  const approved = action.approved_by.map((a) => person(a.by) + scripted(incident, a.by)).join(", ");
  const reason = action.ended && action.ended.reason ? `; ${action.ended.reason}` : "";
  const steps = action.steps.length ? el("p", {}, "Steps: " + action.steps.map((s) => /^\d+$/.test(s.step) ? s.step + " %" : s.step).join(" → ")) : null;
  const open = ["in_force", "ordered", "approved"].includes(action.state);
  return el("li", { className: open ? "now" : "" },
    el("strong", {}, `${action.id} ${words(action.state)}: `), action.what, reason, " ", logLink("journal", action.index),
    el("p", { className: "soft" }, "asked by " + person(action.requested_by) + scripted(incident, action.requested_by),
      approved ? ", approved by " + approved : "", action.until ? ", until " : "", action.until ? when(action.until) : ""),
    action.state === "proposed" ? el("p", { className: "soft" }, "Measure: ", el("code", {}, measureText(action))) : null,
    action.extensions?.count ? el("p", {}, `Grown by ${amount(action.extensions.callers)} keys and ${amount(action.extensions.digests)} queries in ${amount(action.extensions.count)} steps, as the chains grew`) : null,
    steps, effectText(action), ...approveForms(action, refresh),
    open && isPerson() ? actionForm({ title: "Lift " + action.id, button: "Lift it now", fields: [{ name: "reason", label: "because" }],
      send: (v) => command("action.lift", { action: action.id, reason: v.reason }), done: refresh }) : null);
}

// What waits for somebody first, then what is in force, then what is over; the newest of each first.
const RANK = { proposed: 0, approved: 1, ordered: 1, in_force: 1, uncertain: 0 };
const byUrgency = (a, b) => (RANK[a.state] ?? 2) - (RANK[b.state] ?? 2) || b.index - a.index;

// ---- drift or malice, and what belongs together

const TRIAGE = ["benign_drift", "suspected_malice", "undetermined"];
function triage(incident, refresh) {
  const { triage } = incident, side = (name) => triage.facts.filter((f) => f.side === name).map((f) => el("li", {}, el("strong", {}, `${f.weight} `), f.text));
  const by = triage.by === "firebreak" ? "by the facts alone" : `says ${person(triage.by)}: ${triage.reason}`;
  const other = triage.computed !== triage.verdict ? ` The facts alone say: ${words(triage.computed)}.` : "";
  return section("Drift or malice", el("p", {}, el("strong", {}, words(triage.verdict)), `, ${by}.${other} `, logLink("journal", triage.index)),
    ...[["For malice", side("malice")], ["For benign drift", side("benign")]].filter(([, facts]) => facts.length)
      .flatMap(([name, facts]) => [el("h4", {}, name), el("ul", { className: "plain" }, ...facts)]),
    incident.state === "open" && isPerson() ? actionForm({ title: "Triage " + incident.id, button: "Say what it is",
      fields: [{ name: "verdict", label: "It is", options: TRIAGE }, { name: "reason", label: "because" }],
      send: (v) => command("incident.triage", { incident: incident.id, ...v }), done: refresh }) : null);
}

function causes(incident) {
  const told = incident.causes.map((c) => el("li", {}, el("strong", {}, `Cause ${c.cause}: `),
    Object.entries(c.kinds).map(([kind, count]) => `${count} ${words(kind)}`).join(", "),
    c.features.length ? ` (${c.features.slice(0, 6).join(", ")}${c.features.length > 6 ? ` and ${c.features.length - 6} more` : ""})` : "", "; began ", when(c.began.first),
    el("ul", {}, ...Object.entries(c.why).slice(0, 3).map(([why, count]) => el("li", { className: "soft" }, `${why} (${count} of ${c.count})`)))));
  return section("Why they belong together", el("ul", { className: "plain" }, ...told));
}

// ---- people's steps

function acknowledge(incident, refresh) {
  return actionForm({ title: "Acknowledge " + incident.id, button: "Acknowledge: I have it",
    send: () => command("incident.ack", { incident: incident.id }), done: refresh });
}

const LEVELS = ["None", "Low", "Medium", "High"];
function impact(incident, refresh) {
  return section("Rate the impact (NIST SP 800-61r2)", actionForm({ title: "Rate the impact", button: "Rate",
    fields: [{ name: "functional_now", label: "Functional, now", options: LEVELS }, { name: "functional_likely", label: "if nothing is done", options: LEVELS },
      { name: "information", label: "Information", options: ["None", "Privacy Breach", "Proprietary Breach", "Integrity Loss"] },
      { name: "recoverability", label: "Recoverability", options: ["Regular", "Supplemented", "Extended", "Not Recoverable"] }],
    send: (v) => command("incident.impact", { incident: incident.id, ...v, information: [v.information] }), done: refresh }));
}

// Facts need the time at which they occurred, with its zone.
function write(incident, refresh) {
  return section("Write it down", actionForm({ title: "Write a fact of " + incident.id, button: "Write the fact",
    fields: [{ name: "text", label: "What happened" }, { name: "occurred", label: "when, with its zone", example: "2026-03-07T04:11:00Z" }, { name: "source", label: "who or what says so", required: false }],
    send: (v) => command("incident.fact", { incident: incident.id, ...v }), done: refresh }),
  actionForm({ title: "Write an opinion on " + incident.id, button: "Write the opinion", fields: [{ name: "text", label: "What you think" }],
    send: (v) => command("incident.opinion", { incident: incident.id, ...v }), done: refresh }),
  actionForm({ title: "Write to counsel on " + incident.id, button: "Write to counsel", fields: [{ name: "text", label: "Under counsel's privilege: counsel alone reads it" }],
    send: (v) => post(`/api/v1/incidents/${encodeURIComponent(incident.id)}/privileged`, v), done: refresh }));
}

// For counsel alone: nobody else is told that there are any.
function privileged(incident, notes, refresh) {
  return section("Under counsel's privilege", el("ul", { className: "plain" }, ...notes.items.map((note) => el("li", {}, el("strong", {}, `${note.id}, ${person(note.by)} `), when(note.time), el("p", {}, note.text ?? note.error),
    actionForm({ title: "Release " + note.id, button: "Release it", confirm: `Yes, ${note.id} becomes a note like any other`, fields: [{ name: "reason", label: "because" }],
      send: (v) => post(`/api/v1/incidents/${encodeURIComponent(incident.id)}/privileged/${note.id}/release`, v), done: refresh })))));
}

function tasks(incident, refresh) {
  const lines = incident.tasks.map((task) => el("li", { className: task.state === "done" ? "" : "now" },
    el("strong", {}, `${(task.result || "").startsWith("withdrawn:") ? "–" : task.state === "done" ? "✓" : "○"} ${person(task.owner)}: `), task.text, task.repeats ? el("span", { className: "soft" }, ` (said ${task.repeats + 1} times, last ${task.repeated.time})`) : "", " ", logLink("journal", task.index), task.waits_for?.length ? el("span", { className: "soft" }, ` waits for ${task.waits_for.join(", ")}`) : "",
    task.state === "done" ? el("span", { className: "soft" }, ` ${task.result}`) : !isPerson() || incident.state !== "open" || task.waits_for?.length ? null : task.activation ? answerForm(task, refresh) : actionForm({
      title: "Finish " + task.id, button: "Done", fields: [{ name: "result", label: "result" }],
      send: (v) => command("incident.task_done", { incident: incident.id, task: task.id, result: v.result }), done: refresh })));
  return section("Tasks", el("ul", { className: "plain" }, ...lines));
}

function remedy(incident) {
  const list = incident.remedy;
  const lines = [];
  if (list?.counts) lines.push(el("p", {}, el("strong", {}, `${amount(list.counts.open)} of ${amount(list.counts.affected)}`), " decisions affected are open: ",
    `${amount(list.counts.changed)} would be others now, ${amount(list.counts.reversed)} reversed, ${amount(list.counts.confirmed)} confirmed, ${amount(list.counts.told)} customers told. `,
    logLink("journal", list.index), " ", el("code", {}, `firebreak remedy list ${incident.id} --open`)));
  if (list?.progress) lines.push(el("p", {}, `Being asked again: ${amount(list.progress.rows)} so far.`));
  if (list?.error) lines.push(el("p", {}, `Could not be asked again: ${list.error}`));
  for (const t of incident.taints.filter((t) => t.state === "in_force"))
    lines.push(el("p", {}, `Kept out of training by ${t.id}: ${amount(t.inferences)} inferences, ${amount(t.labels)} labels, ${amount(t.callers)} callers, ${amount(t.sources)} sources. `, logLink("journal", t.index)));
  return section("Decisions and training data", ...lines);
}

function playbooks(incident, refresh) {
  const order = [...incident.runs].sort((a, b) => b.index - a.index);
  return section("Playbooks", el("ul", { className: "plain" }, ...order.map((run) => runCard(run, incident.approvals || [], refresh))));
}

// An incident is closed with its class as an attack, or with a word that it is none.
function classForms(incident, missing, refresh) {
  const set = async (v) => { for (const [field, value] of Object.entries(v)) await command("incident.record", { incident: incident.id, field, value }); };
  return [el("p", {}, "Before it is closed: its class by NIST AI 100-2, or why it is no attack."),
    actionForm({ title: "Class of " + incident.id, button: "It is an attack of this class", fields: missing.map((m) => ({ name: m.field, label: words(m.field.replace("ai_", "")), options: m.choices })), send: set, done: refresh }),
    actionForm({ title: "No attack in " + incident.id, button: "It is no attack", fields: [{ name: "text", label: "because" }],
      send: (v) => command("incident.record", { incident: incident.id, field: "no_attack", ...v }), done: refresh })];
}

function close(incident, missing, refresh) {
  const fields = [{ name: "summary", label: "What happened" }, { name: "residual_risk", label: "What risk remains" }];
  const open = incident.tasks.filter((task) => task.state !== "done").length;
  const decisions = incident.remedy?.counts?.open || 0;
  if (incident.phase !== "post_incident" || open || decisions)
    fields.push({ name: "reason", label: `Why now, from ${words(incident.phase)}${open ? ` with ${open} tasks open` : ""}${decisions ? ` with ${amount(decisions)} decisions open` : ""}` });
  return section("Close", ...(missing.length ? classForms(incident, missing, refresh) : []), actionForm({ title: "Close " + incident.id, button: "Close the incident", fields,
    send: (v) => command("incident.close", { incident: incident.id, ...v }), done: refresh }));
}

function afterwards(incident) {
  const report = `/api/v1/incidents/${incident.id}/report.html?as=${encodeURIComponent(who().user)}`;
  return section("Closed", el("p", {}, el("a", { href: report, target: "_blank", rel: "noopener" }, "Open the report"),
    ": every line names its log entry. The evidence, checkable without this server: ",
    el("code", {}, `firebreak evidence export ${incident.id} --out DIR`)),
    el("p", {}, "Next: onboard your own endpoint in tap mode, in three commands. Nothing is put in its way."),
    el("pre", { tabindex: "0" }, el("code", {}, "firebreak onboard NAME\nfirebreak ingest --endpoint NAME FILE\nfirebreak status")));
}

// ---- evidence, gates, timeline

function evidence(incident) {
  const lines = incident.evidence.map((item) => el("li", {}, `${item.state === "captured" ? "✓" : "✗"} ${item.item}`,
    el("span", { className: "soft" }, item.state === "captured" ? ` ${item.name}, ${amount(item.octets)} octets, SHA-256 ${item.digest.slice(0, 16)}… ` : ` ${item.reason} `),
    logLink("journal", item.index)));
  return section("Evidence", lines.length ? el("ul", { className: "plain" }, ...lines) : el("p", { className: "soft" }, "Nothing captured yet."));
}

function giveaway(gate) {
  const named = gate.detail?.named || [];
  if (!named.length) return null;
  const worst = [...named].sort((a, b) => (b.candidate - b.control) - (a.candidate - a.control)).slice(0, 3);
  return el("ul", {}, ...worst.map((t) => el("li", {}, `${t.category} = ${t.word} with ${t.feature} = ${t.value}: ${percent(t.control)} approved before, ${percent(t.candidate)} now`)));
}

function gates(incident) {
  const newest = new Map();
  for (const gate of incident.gates) {
    const key = gate.candidate + " " + gate.gate;
    if (!newest.has(key) || newest.get(key).index < gate.index) newest.set(key, gate);
  }
  const candidates = [...new Set([...newest.values()].map((g) => g.candidate))];
  return section("Candidates and their gates", ...candidates.map((candidate) => {
    const mine = [...newest.values()].filter((g) => g.candidate === candidate);
    const failed = mine.filter((g) => !g.passed);
    return el("div", {}, el("h4", {}, candidate + (failed.length ? ` refused by ${failed.map((g) => g.gate).join(", ")}` : ": all gates passed")),
      el("ul", { className: "plain" }, ...mine.map((gate) => el("li", {}, el("span", { className: gate.passed ? "good" : "bad" }, `${gate.gate} ${gate.passed ? "passed" : "failed"}: `),
        gate.detail?.text || String(gate.figure), " ", logLink("journal", gate.index), gate.passed ? null : giveaway(gate)))));
  }));
}

// A long attack has hundreds of findings: their comings and goings are told apart from what was decided and done.
const isChatter = (line) => ["finding_opened", "finding_closed", "incident_finding_linked"].includes(line.kind);

function lines(all) {
  return el("ol", { className: "plain timeline" }, ...all.map((line) => el("li", {}, el("span", { className: "when" }, when(line.time), " ",
    logLink(line.log, line.index)), el("span", {}, line.text, line.occurred ? el("span", { className: "soft" }, " (occurred ", when(line.occurred), ")") : null,
    line.corrected_by ? el("span", { className: "bad" }, ` corrected by ${line.corrected_by}`) : null))));
}

// What people wrote besides the timeline: relations, assets, lessons, follow-ups.
function written(incident) {
  const item = (...parts) => el("li", {}, ...parts);
  return section("The record", el("ul", { className: "plain" },
    ...(incident.relations || []).filter((r) => r.state === "holds").map((r) => item(`${r.relation.replaceAll("_", " ")} ${r.other}: ${r.reason}`)),
    ...(incident.labels || []).filter((l) => l.state === "holds").map((l) => item(`${l.label} (${l.framework} ${l.version})`)),
    ...(incident.assets || []).map((a) => item(`${a.asset} is ${a.state.replaceAll("_", " ")}`)),
    ...(incident.lessons || []).map((l) => item(`Lesson: ${l.text}`, ...(l.amendments || []).map((a) => el("span", { className: "soft" }, ` ${a.id} (${a.change}): ${a.state.replaceAll("_", " ")}`)))),
    ...(incident.tickets || []).filter((t) => t.state !== "unlinked").map((t) => item(`${t.tracker} ${t.reference || t.id}${t.follow_up ? " of " + t.follow_up : ""}: ${t.status || t.state}`,
      t.waiting ? el("span", { className: "soft" }, ` ${t.waiting} waiting`) : null, t.stuck ? el("span", { className: "bad" }, ` refused: ${t.stuck.detail}`) : null,
      t.failing ? el("span", { className: "bad" }, ` not taken since `, when(t.failing.since), `: ${t.failing.detail}`, ...(t.failing.next ? [", next try ", when(t.failing.next)] : [])) : null,
      t.proposes ? el("span", { className: "bad" }, " closed there: close it here, too, or say why not") : null)),
    ...(incident.follow_ups || []).map((f) => item(`${f.id} of ${f.owner}, `, ...(f.state === "open" ? ["due ", when(f.due)] : [`closed with ${f.closed.evidence}`]), `: ${f.text}`,
      f.overdue && f.state === "open" ? el("span", { className: "bad" }, " overdue") : null))));
}

function timeline(incident) {
  const newest = [...incident.timeline].reverse();
  const told = newest.filter((line) => !isChatter(line)), chatter = newest.filter(isChatter);
  return section("Timeline, newest first", lines(told), chatter.length ? el("details", {},
    el("summary", {}, `${chatter.length} lines about findings that came, joined and ended${chatter.length > 200 ? "; the newest 200" : ""}`),
    lines(chatter.slice(0, 200))) : null);
}

// `picture` may be null: it is drawn when the stream has been read; `brief`: the commander's page, null when there is none.
// `notes`: those under privilege, for counsel; null for everybody else.
export function showIncident(incident, picture, brief, notes, title, parts, refresh) {
  title.textContent = `${incident.id}: ${incident.title}`;
  const people = JSON.stringify(who());
  const open = incident.state === "open";
  const all = [];
  const add = (id, input, make) => all.push({ id, key: people + JSON.stringify(input), make });
  if (picture) add("sentence", picture.sentence, () => el("p", { className: "lead" }, picture.sentence));
  if (open && brief) add("brief", briefKey(brief), () => briefPart(brief));
  if (open && !incident.acknowledged && isPerson()) add("ack", incident.id, () => acknowledge(incident, refresh));
  add("facts", [incident.severity, incident.phase, incident.acknowledged, incident.impact, incident.closed], () => facts(incident));
  if (!open) add("afterwards", incident.id, () => afterwards(incident));
  if (incident.actions.length)
    add("actions", incident.actions.map((a) => [a.id, a.state, a.until, a.approved_by, a.checks.last?.verdict, a.checks.last?.reason, a.steps.length, a.extensions?.count]),
      () => section("Actions", el("ul", { className: "plain" }, ...[...incident.actions].sort(byUrgency).map((a) => actionCard(a, incident, refresh)))));
  if (incident.runs?.length)
    add("playbooks", [incident.runs.map((r) => [r.id, r.state, r.steps.map((s) => [s.state, s.waits_for, s.attempt])]), (incident.approvals || []).map((a) => [a.id, a.state, a.by])], () => playbooks(incident, refresh));
  if (incident.tasks.length) add("tasks", incident.tasks, () => tasks(incident, refresh));
  if (incident.deadlines?.length) add("deadlines", [incident.deadlines, incident.reliefs], () => section("Reporting deadlines", ...deadlineParts(incident, refresh)));
  if (incident.remedy || incident.taints?.length) add("remedy", [incident.remedy, incident.taints], () => remedy(incident));
  if (incident.triage) add("triage", [incident.triage, incident.state], () => triage(incident, refresh));
  if (incident.causes?.length) add("causes", incident.causes.map((c) => [c.cause, c.count, c.why]), () => causes(incident));
  if (picture) add("chain", picture.chain, () => section("What happens", chainFigure(picture)));
  if (picture) add("cost", picture.cost, () => cost(picture));
  if (picture?.borrowed?.queries) add("borrowed", picture.borrowed, () => borrowed(picture));
  if (incident.measurements?.length) add("measured", incident.measurements, () => measurements(incident));
  if (open && incident.options?.options?.length) add("options", incident.options, () => options(incident, refresh));
  add("evidence", incident.evidence.map((e) => [e.id, e.state]), () => evidence(incident));
  if (picture) add("operations", picture.operations, () => operations(picture));
  if (open && !incident.impact && incident.acknowledged && isPerson()) add("impact", incident.id, () => impact(incident, refresh));
  if (incident.gates.length) add("gates", incident.gates, () => gates(incident));
  if (open && incident.acknowledged && isPerson()) add("close", [incident.phase, incident.tasks.filter((t) => t.state !== "done").length, incident.remedy?.counts?.open, brief?.class_missing], () => close(incident, brief?.class_missing || [], refresh));
  if (notes?.items.length) add("privileged", notes, () => privileged(incident, notes, refresh));
  if (open && isPerson()) add("write", incident.id, () => write(incident, refresh));
  const wrote = ["relations", "labels", "assets", "lessons", "tickets", "follow_ups"].map((key) => (incident[key] || []).map((one) => [one.id, one.state, one.overdue, one.updated, one.waiting, one.proposes, one.amendments]));
  if (wrote.some((list) => list.length)) add("written", wrote, () => written(incident));
  add("timeline", incident.timeline.length, () => timeline(incident));
  reconcile(parts, all);
}
