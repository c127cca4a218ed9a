// Reporting deadlines on the incident's page: what must be told to whom by when, its proof, and what a second person has to confirm.
import { command, who } from "/api.js";
import { actionForm, el, logLink, person, when, words } from "/dom.js";

const isPerson = () => ["admin", "analyst", "approver"].includes(who().role);
const confirms = () => ["admin", "approver"].includes(who().role);
const runs = (stage) => ["due", "overdue"].includes(stage.state);

function standing(stage) {
  if (stage.state === "met") return el("span", { className: stage.late ? "bad" : "good" }, `✓ ${stage.name}: sent${stage.late ? " late" : ""} `, when(stage.met));
  if (stage.state === "set_aside") return el("span", {}, `– ${stage.name}: set aside`);
  if (runs(stage)) return el("span", { className: stage.state === "overdue" ? "bad" : "" }, `${stage.state === "overdue" ? "✗" : "○"} ${stage.name}: ${stage.state} `, when(stage.due), ` to ${stage.recipient}`);
  return el("span", { className: "soft" }, `${stage.name}: ${words(stage.state)}${stage.waits_for?.length ? ` ${stage.waits_for.join(", ")}` : ""}`);
}

function proof(stage) {
  if (stage.proof) return el("span", { className: "soft" }, ` ${[stage.proof.reference, stage.proof.evidence].filter(Boolean).join(", ")}, says ${person(stage.proof.by)} `, logLink("journal", stage.proof.index));
  if (stage.set_aside) return el("span", { className: "soft" }, ` by ${person(stage.set_aside.by)} and ${stage.set_aside.with}: ${stage.set_aside.reason} `, logLink("journal", stage.set_aside.index));
  return stage.expected && runs(stage) ? el("span", { className: "soft" }, " (the report before is not sent yet)") : null;
}

function stageLine(duty, stage, refresh) {
  const forms = !runs(stage) || !isPerson() ? [] : [
    el("p", { className: "soft" }, stage.content, ` (${stage.citation})`),
    actionForm({ title: `Say that ${stage.stage} of ${duty.id} was sent`, button: "It was sent", fields: [{ name: "reference", label: "proof: the receipt's number, or where it is kept" }],
      send: (v) => command("deadline.met", { duty: duty.id, stage: stage.stage, reference: v.reference }), done: refresh }),
    actionForm({ title: `Set ${stage.stage} of ${duty.id} aside`, button: "Propose not to report", confirm: "Yes; a second person confirms", fields: [{ name: "reason", label: "because" }],
      send: (v) => command("deadline.set_aside", { duty: duty.id, stage: stage.stage, reason: v.reason }), done: refresh })];
  const line = el("li", { className: runs(stage) ? "now" : "" }, standing(stage), proof(stage));
  if (forms.length) line.append(el("details", {}, el("summary", {}, "What it must say; sent, or set aside"), ...forms));
  return line;
}

function reliefLine(relief, refresh) {
  const mine = person(relief.by) === who().user;
  const why = mine ? "You proposed it, so somebody else must confirm it." : "An approver must confirm it; you are signed in as " + who().role + ".";
  return el("li", { className: "now" }, el("strong", {}, `${relief.id}: ${relief.what}`), ` of ${relief.duty}, because ${relief.reason}; proposed by ${person(relief.by)} `, logLink("journal", relief.index),
    confirms() && !mine ? actionForm({ title: "Confirm " + relief.id, button: "Confirm", confirm: "Yes, confirm it", send: () => command("deadline.confirm", { relief: relief.id }), done: refresh }) : el("p", {}, why),
    isPerson() ? actionForm({ title: "Reject " + relief.id, button: "Reject", fields: [{ name: "reason", label: "because" }], send: (v) => command("deadline.reject", { relief: relief.id, reason: v.reason }), done: refresh }) : null);
}

export function deadlineParts(incident, refresh) {
  const duties = incident.deadlines.flatMap((duty) => [el("h4", {}, `${duty.name} (${duty.id})`, " ", logLink("journal", duty.index)),
    duty.holds_evidence ? el("p", { className: "bad" }, "Holds the evidence: nothing changes the system until the notice is proven, or two people override it.") : null,
    el("ul", { className: "plain" }, ...duty.stages.filter((stage) => stage.state !== "does_not_apply").map((stage) => stageLine(duty, stage, refresh)))]);
  const waiting = (incident.reliefs || []).filter((relief) => relief.state === "waiting");
  return [...(waiting.length ? [el("ul", { className: "plain" }, ...waiting.map((relief) => reliefLine(relief, refresh)))] : []), ...duties.filter(Boolean)];
}
