#include <fmt/core.h>

#include "read/report/assets.h"
#include "read/report/casefile.h"
#include "read/report/html.h"
#include "read/report/judged.h"
#include "read/report/postmortem.h"
#include "read/report/report.h"

namespace firebreak::report {
namespace {

const JsonArray& list(const Json& from, std::string_view key) {
  static const JsonArray nothing;
  const Json* value = find(from, key);
  return value != nullptr && value->is_array() ? value->get_array() : nothing;
}

const Json& part(const Json& from, std::string_view key) {
  static const Json nothing = JsonObject{};
  const Json* value = find(from, key);
  return value != nullptr ? *value : nothing;
}

std::string plain_person(std::string_view actor) {
  return std::string(actor.starts_with("user:") ? actor.substr(5) : actor);
}

// "ana", or "ben (scripted user)": nobody may take a script for a person.
std::string who(const Json& report, std::string_view actor) {
  const std::string name = plain_person(actor);
  for (const Json& user : list(report, "people"))
    if (string_or(user, "id") == name && bool_or(user, "scripted"))
      return escape_markup(name) + " <span class=\"soft\">(scripted user)</span>";
  return escape_markup(name);
}

std::string lead(const Json& report) {
  const Json& incident = part(report, "incident");
  std::string text =
      fmt::format("Incident {} on the endpoint {} was opened on {} with severity {}. ", shown(incident, "id"),
                  shown(incident, "endpoint"), shown_time(incident, "opened"), shown(incident, "severity"));
  std::size_t in_force = 0, ever = 0, secured = 0;
  for (const Json& item : list(report, "evidence"))
    if (string_or(item, "state") == "captured") ++secured;
  for (const Json& action : list(report, "actions")) {
    if (part(action, "in_force").is_object() && !part(action, "in_force").get_object().empty()) ++ever;
    if (string_or(action, "state") == "in_force") ++in_force;
  }
  text += fmt::format(
      "{} actions came into force, {} of them are in force now. {} items of evidence were secured. ", ever,
      in_force, secured);
  const Json& closed = part(incident, "closed");
  if (closed.is_object() && !closed.get_object().empty())
    text += fmt::format("It was closed on {} by {}: {}", shown_time(closed, "time"),
                        who(report, string_or(closed, "by")), shown(closed, "summary"));
  else
    text += "<strong>It is not closed.</strong>";
  return text;
}

std::string facts(const Json& report) {
  const Json& incident = part(report, "incident");
  std::string out = term("Rule", shown(incident, "rule"));
  out += term("Evidence interval",
              shown_time(incident, "first_time") + " to " + shown_time(incident, "last_time"));
  const Json& taken = part(incident, "acknowledged");
  if (!string_or(taken, "by").empty())
    out += term("Taken up", fmt::format("{} by {}, entry {}", shown_time(taken, "time"),
                                        who(report, string_or(taken, "by")), entry_link(&taken)));
  const Json& impact = part(incident, "impact");
  if (impact.is_object() && !impact.get_object().empty())
    out += term(
        "Impact (NIST SP 800-61r2)",
        fmt::format("functional {} now, {} likely; information {}; recoverability {}; rated by {}, entry {}",
                    shown(impact, "functional_now"), shown(impact, "functional_likely"),
                    shown(impact, "information"), shown(impact, "recoverability"),
                    who(report, string_or(impact, "by")), entry_link(&impact)));
  std::string phases;
  for (const Json& phase : list(incident, "phases"))
    phases += fmt::format("{}{} ({}, entry {})", phases.empty() ? "" : "; ", shown(phase, "phase"),
                          shown_time(phase, "time"), entry_link(&phase));
  out += term("Phases", phases);
  out += term("Report made", fmt::format("{} by {}", shown_time(part(report, "made"), "at"),
                                         shown(part(report, "made"), "by")));
  return out;
}

std::string approvals(const Json& report, const Json& action) {
  std::string out;
  for (const Json& approval : list(action, "approved_by"))
    out += fmt::format("{}{} (entry {})", out.empty() ? "" : ", ", who(report, string_or(approval, "by")),
                       entry_link(&approval));
  return out.empty() ? "nobody" : out;
}

std::string moment(const Json& action, std::string_view key) {
  const Json* value = find(action, key);
  if (value == nullptr || !value->is_object()) return "–";
  return fmt::format("{} (entry {})", shown_time(*value, "time"), entry_link(value));
}

std::string decisions(const Json& report) {
  Table table{{"Action", "What", "Asked by", "Approved by", "Ordered", "In force", "Ended"}, {}};
  for (const Json& action : list(report, "actions")) {
    std::string what = shown(action, "what");
    what += fmt::format("<br><span class=\"soft\">approval bound to digest <code>{}</code></span>",
                        shown(action, "digest"));
    const Json& ended = part(action, "ended");
    std::string end = moment(action, "ended");
    if (!string_or(ended, "reason").empty()) end += "<br>" + shown(ended, "reason");
    if (string_or(action, "state") == "in_force") {
      const Json* until = find(action, "until");
      end = until == nullptr || until->is_null() ? "in force, no end" : "in force until " + shown_time(action, "until");
    }
    table.rows.push_back(
        {shown(action, "id") + "<br>" + shown(action, "state"), what,
         fmt::format("{} (entry {})", who(report, string_or(action, "requested_by")), entry_link(&action)),
         approvals(report, action), moment(action, "ordered"), moment(action, "in_force"), end});
  }
  return table.html("No action was proposed.");
}

std::string label(std::string_view key) {
  std::string text(key);
  for (char& c : text)
    if (c == '_') c = ' ';
  return text;
}

// All members of a measured document, nested ones with their parent's name before them.
void measured(const Json& from, const std::string& before, std::string& out) {
  if (!from.is_object()) return;
  for (const auto& member : from.get_object()) {
    const std::string name = before + label({member.key().data(), member.key().size()});
    if (member.value().is_object()) {
      measured(member.value(), name + ": ", out);
    } else {
      out += term(name, shown(&member.value()));
    }
  }
}

std::string figures(const Json& report, std::string_view key) {
  std::string out;
  measured(part(report, key), "", out);
  if (out.empty()) return "<p class=\"soft\">Nobody measured this from outside.</p>\n";
  return fmt::format(
      "<p class=\"soft\">Measured by {}, from the answers that callers really got.</p><dl>{}</dl>\n",
      shown(report, "measured_by"), out);
}

// What people measured while the incident was open, each with how it was taken: a figure without its method says nothing.
std::string measurements(const Json& report) {
  std::string out;
  for (const Json& one : list(report, "measurements")) {
    std::string figures;
    measured(part(one, "figures"), "", figures);
    out += fmt::format("<h3>{}</h3>\n<p class=\"soft\">By {}, {}. {}</p><dl>{}</dl>\n", shown(one, "name"), who(report, string_or(one, "by")), "entry " + entry_link(&one), shown(one, "method"), figures);
  }
  return out.empty() ? out : "<h2>What was measured</h2>\n" + out;
}

std::string robustness(const Json& report) {
  Table table{{"Release", "Attack", "Still approved", "Share", "Limit", "Result", "Entry"}, {}};
  for (const Json& row : list(report, "robustness")) {
    const bool control = bool_or(row, "control");
    const Json* share = find(row, "share");
    const bool counted = share != nullptr && share->is_number();
    table.rows.push_back(
        {shown(row, "release"), shown(row, "attack"),
         fmt::format("{} of {}", shown(row, "approved"), shown(row, "of")),
         counted ? fmt::format("{:.1f} %", 100 * number_or(row, "share")) : "–",
         control ? "" : fmt::format("{:.1f} %", 100 * number_or(row, "limit")),
         control ? "reference" : (bool_or(row, "passed") ? "passed" : "<span class=\"bad\">failed</span>"),
         entry_link(&row)});
  }
  return table.html("No robustness gate was run.");
}

std::string recovery(const Json& report) {
  Table gates{{"Candidate", "Gate", "Figure", "Limit", "Result", "Entry"}, {}};
  for (const Json& gate : list(part(report, "recovery"), "gates")) {
    const bool passed = bool_or(gate, "passed");
    gates.rows.push_back({shown(gate, "candidate"), shown(gate, "id"),
                          fmt::format("{:.6g}", number_or(gate, "figure")),
                          fmt::format("{:.6g}", number_or(gate, "limit")),
                          passed ? "<span class=\"good\">passed</span>" : "<span class=\"bad\">failed</span>",
                          entry_link(&gate)});
  }
  std::string out = gates.html("No gate was run.");
  out +=
      "<p class=\"soft\">G1: every training row from an approved source. G2: quality on the holdout; "
      "averages cannot tell a "
      "poisoned release from a clean one. G3a: attack queries still approved. G3b: scan for hidden "
      "triggers. G3c: queries of earlier incidents that lessons keep.</p>\n";
  for (const Json& ladder : list(part(report, "recovery"), "promotions")) {
    Table steps{{"Step", "Time", "Entry"}, {}};
    for (const Json& step : list(ladder, "steps"))
      steps.rows.push_back({shown(step, "step"), shown_time(step, "time"), entry_link(&step)});
    const Json& ended = part(ladder, "ended");
    if (!string_or(ended, "outcome").empty())
      steps.rows.push_back({shown(ended, "outcome") + ": " + shown(ended, "reason"),
                            shown_time(ended, "time"), entry_link(&ended)});
    out += fmt::format("<h3>Promotion {}: {}</h3>\n", shown(ladder, "action"), shown(ladder, "what")) +
           steps.html("No step was taken.");
  }
  return out + "<h3>Attack queries still approved, by release</h3>\n" + robustness(report);
}

std::string residual(const Json& report) {
  const Json& from = part(report, "residual");
  const Json* stated = find(from, "stated");
  std::string out = stated != nullptr && stated->is_string()
                        ? fmt::format("<p>{}</p>", shown(stated))
                        : "<p>Nobody has stated it yet: the incident is open.</p>";
  for (const Json& measure : list(from, "measures_in_force"))
    out += fmt::format("<p>Still in force: {} ({}){}.</p>", shown(measure, "what"), shown(measure, "action"),
                       string_or(measure, "until").empty() ? "" : ", until " + shown_time(measure, "until"));
  if (const Json& counts = part(part(report, "remedy"), "counts"); find(counts, "affected") != nullptr)
    out += fmt::format("<p>Decisions: {} affected, {} would be others now, {} open, {} reversed, {} confirmed, {} customers told.</p>", shown(counts, "affected"),
                       shown(counts, "changed"), shown(counts, "open"), shown(counts, "reversed"), shown(counts, "confirmed"), shown(counts, "told"));
  for (const Json& taint : list(report, "taints"))
    if (string_or(taint, "state") == "in_force")
      out += fmt::format("<p>Kept out of training by {}: {} inferences, {} labels, {} callers, {} sources; SHA-256 {}.</p>", shown(taint, "id"), shown(taint, "inferences"),
                         shown(taint, "labels"), shown(taint, "callers"), shown(taint, "sources"), shown(taint, "digest"));
  return out;
}

std::string custody_lines(const Json& report, const Json& item) {
  std::string out;
  for (const Json& line : list(item, "custody"))
    out += fmt::format("{}{} by {}, {} (entry {})", out.empty() ? "" : "<br>", shown(line, "action"),
                       who(report, string_or(line, "by")), shown_time(line, "time"), entry_link(&line));
  return out.empty() ? "only secured" : out;
}

std::string evidence(const Json& report) {
  Table table{{"Item", "What", "Octets", "SHA-256", "Custody", "Entry"}, {}};
  for (const Json& item : list(report, "evidence")) {
    if (string_or(item, "state") == "failed") {
      table.rows.push_back({"–", shown(item, "kind"), "",
                            "<span class=\"bad\">not secured</span>: " + shown(item, "reason"), "",
                            entry_link(&item)});
      continue;
    }
    std::string what = fmt::format("{}: {}<br><span class=\"soft\">{}</span>", shown(item, "kind"),
                                   shown(item, "name"), shown(item, "origin"));
    const std::string expected = string_or(item, "expected"), digest = string_or(item, "digest");
    std::string digest_cell = fmt::format("<code>{}</code>", escape_markup(digest));
    if (!expected.empty())
      digest_cell += expected == digest
                         ? "<br><span class=\"good\">as registered</span>"
                         : fmt::format("<br><span class=\"bad\">registered: {}</span>", escape_markup(expected));
    table.rows.push_back({shown(item, "id"), what, shown(item, "bytes"), digest_cell,
                          custody_lines(report, item), entry_link(&item)});
  }
  return table.html("No evidence was secured.");
}

std::string occurred(const Json& line) { return string_or(line, "occurred").empty() ? "" : "<br><span class=\"soft\">occurred " + shown_time(line, "occurred") + "</span>"; }

// A row that was corrected says by which: both stand.
std::string corrected(const Json& line) {
  std::string out;
  if (const std::string source = string_or(line, "source"); !source.empty()) out += "<br><span class=\"soft\">source: " + shown(line, "source") + "</span>";
  if (const std::string by = string_or(line, "corrected_by"); by.starts_with("row-"))
    out += fmt::format("<br><span class=\"bad\">corrected by <a href=\"#journal-{0}\">row-{0}</a></span>", escape_markup(by.substr(4)));
  return out;
}

std::string timeline(const Json& report) {
  std::string out =
      "<table><thead><tr><th scope=\"col\">Time</th><th scope=\"col\">What happened</th><th "
      "scope=\"col\">By</th>"
      "<th scope=\"col\">Log and index</th></tr></thead><tbody>\n";
  for (const Json& line : list(report, "timeline")) {
    const std::string anchor = fmt::format("{}-{}", escape_markup(string_or(line, "log")), int_or(line, "index"));
    out += fmt::format(
        "<tr id=\"{0}\"><td>{1}</td><td>{2}</td><td>{3}</td><td><a href=\"#{0}\">{4} {5}</a></td></tr>\n",
        anchor, shown_time(line, "time") + occurred(line), shown(line, "text") + corrected(line), who(report, string_or(line, "actor")),
        shown(line, "log"), int_or(line, "index"));
  }
  return out + "</tbody></table>\n";
}

// Whether the copy off the machine is one that nobody can do away with.
std::string offsite(const Json& report) {
  const Json& copy = part(report, "offsite");
  if (!copy.is_object()) return {};
  std::string gave_way;
  for (const Json& one : list(copy, "gave_way"))
    if (one.is_string()) gave_way += (gave_way.empty() ? "" : "; ") + escape_markup(one.get_string());
  std::string out = fmt::format("<p>A copy of logs and evidence is in <code>{}</code>; {} octets are not there yet. ", shown(copy, "place"), shown(copy, "lag_octets"));
  if (!gave_way.empty()) out += fmt::format("<span class=\"bad\">This store is not immutable: {}.</span>", gave_way);
  else if (bool_or(copy, "immutable")) out += fmt::format("<span class=\"good\">Its lock held</span> when it was tried at {}.", shown_time(copy, "tested"));
  else out += "Whether its lock holds has not been tried yet.";
  const Json& keys = part(copy, "keys");
  if (int_or(keys, "missing") > 0)
    out += fmt::format(" <span class=\"bad\">{} of {} keys are in no key backup</span>: what they sealed would be lost with the machine.", shown(keys, "missing"), shown(keys, "count"));
  else if (!string_or(keys, "backed_up").empty()) out += fmt::format(" Its keys are in a backup of {}.", shown_time(keys, "backed_up"));
  return out + "</p>\n";
}

std::string proofs(const Json& report) {
  Table logs{{"Log", "Entries", "Root"}, {}};
  for (const Json& log : list(report, "logs"))
    logs.rows.push_back({shown(log, "name"), shown(log, "size"), "<code>" + shown(log, "root") + "</code>"});
  std::string out =
      "<p>Every line above names an entry of an append-only, signed log. Whoever holds the evidence bundle "
      "checks all of it "
      "without Firebreak's server: <code>sha256sum -c MANIFEST.sha256</code>, then <code>firebreak evidence "
      "verify DIR</code>; "
      "one entry: <code>firebreak ledger prove --data DIR --log journal --index N</code>.</p>\n" +
      logs.html("The logs were not read for this report.") + offsite(report);
  const Json& replay = part(report, "replay");
  if (const std::string before = string_or(replay, "digest_before"); !before.empty()) {
    const bool same = before == string_or(replay, "digest_after");
    out += fmt::format(
        "<p>Replaying the journal from its first entry gave {} state: <code>{}</code> and "
        "<code>{}</code>.</p>\n",
        same ? "<span class=\"good\">the same</span>" : "<span class=\"bad\">another</span>", escape_markup(before),
        shown(replay, "digest_after"));
  }
  return out;
}

}  // namespace

std::string render_html(const Json& report) {
  const Json& incident = part(report, "incident");
  return fill_template(report_template(),
                       {{"title", fmt::format("{}: {}", shown(incident, "id"), shown(incident, "title"))},
                        {"lead", lead(report)},
                        {"facts", facts(report)},
                        {"triage", triage_html(report, who(report, string_or(part(report, "triage"), "by")))},
                        {"causes", causes_html(report)},
                        {"decisions", decisions(report)},
                        {"attack", figures(report, "attack")},
                        {"traffic", figures(report, "traffic")},
                        {"measurements", measurements(report)},
                        {"recovery", recovery(report)},
                        {"residual", residual(report)},
                        {"evidence", evidence(report)},
                        {"casefile", casefile_html(report)},
                        {"lessons", lessons_html(report)},
                        {"postmortem", postmortem_html(part(report, "postmortem"))},
                        {"timeline", timeline(report)},
                        {"proofs", proofs(report)}});
}

}  // namespace firebreak::report
