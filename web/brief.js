// The commander's page, at the head of an open incident: what burns and what only they can do, then whom it hurts, what is in force, who waits, what is due.
import { el, logLink, person, when, words } from "/dom.js";

const lines = (all, make, empty) => el("ul", { className: "plain" }, ...(all.length ? all.map(make) : [el("li", { className: "soft" }, empty)]));
const withCommand = (...parts) => (one) => el("li", {}, ...parts.map((part) => part(one)), one.command ? el("br") : null, one.command ? el("code", {}, one.command) : null);
const block = (title, ...content) => el("div", {}, el("h4", {}, title), ...content);
const entry = (index) => typeof index === "number" ? logLink("journal", index) : null;

function harm(brief) {
  const { harm, money } = brief;
  const rows = [["Decisions", el("span", {}, harm.decisions.text, " ", entry(harm.decisions.index))], ["Impact", el("span", {}, harm.text, " ", entry(harm.impact?.index))]];
  for (const [key, label] of [["people_risk", "Risk to people"], ["agent_acted", "An agent acted"], ["data_impact", "Data"], ["business_impact", "Business"], ["other_customers", "Others meanwhile"]])
    if (harm[key] !== null) rows.push([label, String(harm[key])]);
  rows.push(["Money at risk", el("span", {}, money.text, " ", ...money.figures.map((f) => entry(f.source.index)))]);
  return el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function measure(one) {
  return el("li", { className: one.verdict === "red" ? "now" : "" }, el("strong", {}, one.id + ": "), one.what, " ", entry(one.index), el("br"),
    el("span", { className: "soft" }, one.until ? "until " : "until it is lifted", one.until ? when(one.until) : "", "; asked by " + one.requested_by,
      one.approved_by.length ? ", approved by " + one.approved_by.join(", ") : "", one.break_glass ? ", alone under " + one.break_glass : "", one.verdict ? "; effect check " + one.verdict : ""));
}

function due(brief) {
  const update = brief.next_update, report = brief.next_deadline;
  return lines([
    update ? el("li", { className: update.overdue ? "bad" : "" }, "Next word ", when(update.due), ` to ${words(update.audience)}`, el("br"), el("code", {}, update.command)) : el("li", { className: "soft" }, "No word is due."),
    report ? el("li", { className: report.overdue ? "bad" : "" }, "Next report ", when(report.time), ` ${report.what}`, el("br"), el("code", {}, report.command)) : el("li", { className: "soft" }, "No reporting deadline runs."),
    ...brief.due.map((d) => el("li", {}, when(d.time), " " + d.what))], (line) => line, "");
}

// What changes by itself from second to second is no news.
export const briefKey = (brief) => JSON.stringify(brief, (key, value) => key === "now" || key === "left_s" ? undefined : value);

export function briefPart(brief) {
  const what = withCommand((one) => one.what), whose = withCommand((one) => el("strong", {}, person(one.who) + ": "), (one) => one.what);
  const waits = [...brief.waiting.map((w) => el("li", {}, el("strong", {}, person(w.who)), " waits for ", w.for, ": ", w.what)),
    ...brief.alerts.map((a) => el("li", {}, el("strong", {}, a.id), ` (${a.state}) waits for a yes since `, when(a.raised), "; called: " + ((a.told || []).join(", ") || "nobody")))];
  return el("section", { className: "part", "aria-label": "For the commander" }, el("h3", {}, "For the commander"),
    el("p", { className: brief.burning.length ? "lead bad" : "lead" }, brief.line),
    el("p", { className: "soft" }, brief.commander ? "Commander: " + brief.commander : "Nobody commands."),
    brief.burning.length ? block("Burns now", lines(brief.burning, what, "")) : null,
    brief.decisions.length ? block("Only the commander decides", lines(brief.decisions, what, "")) : null,
    brief.yours.length ? block("Waits for you", lines(brief.yours, whose, "")) : null,
    block("Whom it hurts, and what is at risk", harm(brief)),
    block("In force", lines(brief.in_force, measure, "Nothing is in force.")),
    block("Who waits for whom", lines(waits, (line) => line, "Nobody waits.")),
    brief.others.length ? block("Others have to", lines(brief.others, whose, "")) : null,
    block("Due", due(brief)));
}
