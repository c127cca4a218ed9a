// Runs of playbooks on the incident's page: where each stands, what it waits for, and people's answers to it.
import { el, when, logLink, person, words, actionForm } from "/dom.js";
import { can, codeField, command, who } from "/api.js";

const MARKS = { success: "✓", failure: "✗", timeout: "✗", cancelled: "–", running: "○" };
const isHandler = () => can("contain", "do");

function approvalForms(approval, run, refresh) {
  const commands = el("ul", {}, ...approval.commands.map((c) => el("li", {}, el("code", {}, c.text))));
  const head = el("p", {}, el("strong", {}, `${approval.id}: ${approval.approvers - approval.by.length} more of ${approval.approvers} must say yes`), ", until ", when(approval.until), ". Exactly this would leave:");
  const digest = el("p", { className: "soft" }, "Digest ", el("code", {}, approval.digest));
  const mine = person(run.by) === who().user, again = approval.by.some((by) => person(by) === who().user);
  const may = can("disrupt", "second") && !mine && !again;
  const why = mine ? "You started the run, so somebody else must approve it." : again ? "You have approved it; somebody else must as well." : "An approver must say yes; you are signed in as " + who().role + ".";
  return el("div", { className: "now" }, head, commands, digest,
    may ? actionForm({ title: "Approve " + approval.id, button: "Approve", confirm: `Yes, approve ${approval.digest.slice(0, 12)}…`, fields: codeField(),
      send: (v) => command("playbook.approve", { approval: approval.id, digest: approval.digest }, v.code), done: refresh }) : el("p", {}, why),
    actionForm({ title: "Reject " + approval.id, button: "Reject", fields: [{ name: "reason", label: "because" }],
      send: (v) => command("playbook.reject", { approval: approval.id, reason: v.reason }), done: refresh }));
}

function step(one, run, approvals, refresh) {
  const waits = one.state === "running" && one.waits_for ? ` waits for ${one.waits_for}` : "";
  const approval = approvals.find((a) => a.state === "waiting" && a.activation === one.activation && a.run === run.id);
  return el("li", { className: one.state === "running" ? "now" : "" }, el("span", { className: ["failure", "timeout"].includes(one.state) ? "bad" : "" }, `${MARKS[one.state] || "•"} ${one.name}`),
    el("span", { className: "soft" }, `${waits}${one.attempt > 1 ? `, try ${one.attempt}` : ""}${one.detail ? `: ${one.detail}` : ""} `), logLink("journal", one.index),
    approval ? approvalForms(approval, run, refresh) : null);
}

function controls(run, refresh) {
  if (!isHandler() || !["running", "paused"].includes(run.state)) return [];
  const hold = run.state === "paused"
    ? actionForm({ title: "Resume " + run.id, button: "Resume", send: () => command("playbook.resume", { run: run.id }), done: refresh })
    : actionForm({ title: "Pause " + run.id, button: "Pause", fields: [{ name: "reason", label: "because" }], send: (v) => command("playbook.pause", { run: run.id, reason: v.reason }), done: refresh });
  return [hold, actionForm({ title: "Cancel " + run.id, button: "Cancel the run", confirm: "Yes, cancel it", fields: [{ name: "reason", label: "because" }],
    send: (v) => command("playbook.cancel", { run: run.id, reason: v.reason }), done: refresh })];
}

export function runCard(run, approvals, refresh) {
  const steps = run.steps.filter((s) => s.type !== "start" && s.type !== "end");
  const open = ["running", "paused"].includes(run.state);
  const list = el("ol", { className: "plain" }, ...steps.map((s) => step(s, run, approvals, refresh)));
  const called = run.parent_run ? ` (called by ${run.parent_run})` : "";
  return el("li", { className: open ? "now" : "" }, el("strong", {}, `${run.name || run.playbook}: ${words(run.state)}`), called, " ", logLink("journal", run.index),
    el("p", { className: "soft" }, `${run.id}, started by ${person(run.by)} `, when(run.time), run.reason ? `; ${run.reason}` : ""),
    run.steps_before ? el("p", { className: "soft" }, `${run.steps_before} steps before these are in the journal`) : null,
    open ? list : el("details", {}, el("summary", {}, `${steps.length} steps`), list), ...controls(run, refresh));
}

// What a manual step asks people to give back: {name, type, description}.
export function answerForm(task, refresh) {
  const asked = task.form || [];
  const fields = [{ name: "outcome", label: "How did it go?", options: ["", "success", "failure"] },
    ...asked.map((f) => f.choices || f.type === "bool" ? { name: f.name, label: f.description || f.name, options: ["", ...(f.choices || ["true", "false"])] } : { name: f.name, label: `${f.description || f.name} (${f.type})`, required: false }),
    { name: "note", label: "in your words", required: false }];
  return actionForm({ title: "Answer " + task.id, button: "Answer", fields, done: refresh, send: (v) => {
    if (!v.outcome) throw new Error("Say how it went: success or failure.");
    const args = { task: task.id, outcome: v.outcome };
    const values = Object.fromEntries(asked.filter((f) => v[f.name]).map((f) => [f.name, v[f.name]]));
    if (Object.keys(values).length) args.values = values;
    if (v.note) args.note = v.note;
    return command("playbook.answer", args);
  } });
}
