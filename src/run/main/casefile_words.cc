// What people write into incidents: facts and opinions, the record, classification, checklist, indicators, notes, relations, lessons.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "run/main/case_words.h"
#include "run/main/casefile_text.h"
#include "run/main/command_line.h"
#include "run/main/print.h"
#include "types/casefile.h"

namespace firebreak::cli {
namespace {

// Without what nobody gave; times as "now" and "-15m" by the server's clock.
int give(Client& client, const std::string& name, JsonObject args, std::initializer_list<const char*> times = {}) {
  for (auto at = args.begin(); at != args.end();) at = at->value().is_string() && at->value().get_string().empty() ? args.erase(at) : at + 1;
  for (const char* key : times) {
    if (find(args, key) == nullptr) continue;
    auto moment = moment_of(client, string_or(args, key));
    if (!moment) return report_error(moment.error(), client.connection().json);
    args[key] = std::move(*moment);
  }
  return give_command(client, name, args);
}

int print_of(Client& client, const std::string& path, std::string (*text)(const Json&)) {
  const auto answer = client.get(path);
  if (!answer) return report_error(answer.error(), client.connection().json);
  std::fputs(client.connection().json ? pretty_json(*answer).c_str() : text(*answer).c_str(), stdout);
  return kDone;
}

std::string encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

int print_timeline(Client& client, const std::string& id, const CasefileWords& w, int limit) {
  std::string path = fmt::format("/api/v1/incidents/{}/timeline?limit={}", id, limit);
  for (const auto& [key, value] : {std::pair("type", &w.type), {"q", &w.search}, {"cursor", &w.cursor}})
    if (!value->empty()) path += fmt::format("&{}={}", key, encoded(*value));
  if (w.by_occurrence) path += "&order=occurred";
  for (const auto& [key, value] : {std::pair("from", &w.from), {"to", &w.to}}) {
    if (value->empty()) continue;
    const auto moment = moment_of(client, *value);
    if (!moment) return report_error(moment.error(), client.connection().json);
    path += fmt::format("&{}={}", key, encoded(*moment));
  }
  return print_of(client, path, timeline_text);
}

// The client knows the fields: a typed one goes as it is, words go where they can be erased.
int set_field(Client& client, const std::string& id, const CasefileWords& w) {
  const RecordField* const field = find_record_field(w.field);
  JsonObject args{{"incident", id}, {"field", w.field}};
  if (field != nullptr && field->type != "text" && field->type != "derived") {
    args["value"] = w.value;
    return field->type == "time" ? give(client, "incident.record", std::move(args), {"value"}) : give(client, "incident.record", std::move(args));
  }
  args["text"] = w.value;
  return give(client, "incident.record", std::move(args));
}

Result<std::string> text_of(const CasefileWords& w) {
  if (w.file.empty()) return w.text;
  std::ifstream in(w.file, std::ios::binary);
  if (!in) return fail(Code::kIo, fmt::format("'{}' cannot be read", w.file));
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

int notes(Client& client, const std::string& id, const CasefileWords& w) {
  const bool json = client.connection().json;
  const std::string path = fmt::format("/api/v1/incidents/{}/notes/{}", id, encoded(w.document));
  if (w.text.empty() && w.file.empty()) return print_of(client, path, notes_text);
  const auto text = text_of(w);
  if (!text) return report_error(text.error(), json);
  const auto answer = client.command("incident.notes", JsonObject{{"incident", id}, {"document", w.document}, {"text", *text}, {"base", w.base}});
  if (answer) {
    fmt::print("{}", json ? pretty_json(*answer) : fmt::format("'{}' is at revision {}\n", w.document, w.base + 1));
    return kDone;
  }
  const int code = report_error(answer.error(), json);
  if (answer.error().code != Code::kConflict || json) return code;
  if (const auto current = client.get(path)) fmt::print("{}", notes_text(*current));
  return code;
}

int hand_over(Client& client, const std::string& id, const CasefileWords& w) {
  JsonObject body{{"role", w.role}, {"to", w.to_user}};
  if (!w.note.empty()) body["note"] = w.note;
  const auto answer = client.post(fmt::format("/api/v1/incidents/{}/handovers", id), body);
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
  } else {
    fmt::print("{} waits for {}: firebreak incident handovers {} shows the summary, firebreak incident accept {} --digest D takes it over\n", string_or(*answer, "id"), w.to_user, id, string_or(*answer, "id"));
  }
  return kDone;
}

}  // namespace

void CommandLine::add_casefile() {
  add_timeline();
  add_record();
  add_relations();
  add_lessons();
  add_desk();
}

void CommandLine::add_timeline() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  for (const char* type : {"fact", "opinion"}) {
    const std::string name = type;
    auto* adding = verb(incident_, name, name == "fact" ? "write a fact into the timeline, with when it occurred" : "write an opinion into the timeline, apart from the facts", [&w, &c, name](Client& client) {
      return give(client, "incident." + name, {{"incident", w.id}, {"text", c.text}, {"occurred", c.occurred}, {"source", c.source}}, {"occurred"});
    });
    adding->add_option("id", w.id)->required();
    adding->add_option("text", c.text)->required();
    auto* at = adding->add_option("--at", c.occurred, "when it occurred: a time with its zone, now, or -15m");
    if (name == "fact") at->required();
    adding->add_option("--source", c.source, "who or what says so");
  }
  auto* correct = verb(incident_, "correct", "correct a fact or an opinion by a new row; the old one stays, and names it", [&w, &c](Client& client) {
    return give(client, "incident.correct", {{"incident", w.id}, {"row", c.row}, {"text", c.text}, {"reason", w.reason}, {"occurred", c.occurred}, {"source", c.source}}, {"occurred"});
  });
  correct->add_option("id", w.id)->required();
  correct->add_option("row", c.row, "row-N")->required();
  correct->add_option("text", c.text)->required();
  correct->add_option("--reason", w.reason)->required();
  correct->add_option("--at", c.occurred, "when it occurred");
  correct->add_option("--source", c.source);
  auto* timeline = verb(incident_, "timeline", "what happened and what people wrote, oldest first; filtered and searched", [&w, &c](Client& client) { return print_timeline(client, w.id, c, w.limit); });
  timeline->add_option("id", w.id)->required();
  timeline->add_option("--type", c.type, "fact, opinion, note, event; several with blanks between");
  timeline->add_option("--search", c.search, "all of these words, in any case");
  timeline->add_option("--from", c.from, "a time, now, or -2h: of when it occurred, else was recorded");
  timeline->add_option("--to", c.to);
  timeline->add_flag("--by-occurrence", c.by_occurrence, "in the order in which it occurred, not in which it was recorded");
  timeline->add_option("--limit", w.limit, "at most this many")->capture_default_str();
  timeline->add_option("--cursor", c.cursor, "go on where the answer before ended");
}

void CommandLine::add_record() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  auto* record = verb(incident_, "record", "the record field by field: NIST SP 800-61r2 tracker and appendix B, NIST AI 100-2", [&w](Client& client) { return print_of(client, "/api/v1/incidents/" + w.id + "/record", record_text); });
  record->add_option("id", w.id)->required();
  auto* set = verb(incident_, "set", "fill in a field of the record", [&w, &c](Client& client) { return set_field(client, w.id, c); });
  set->add_option("id", w.id)->required();
  set->add_option("field", c.field, "as 'incident record' names it")->required();
  set->add_option("value", c.value, "words; a time with its zone; a number; one of the field's choices, or several with commas between")->required();
  auto* contact = verb(incident_, "contact", "add a contact: reporter, handler, system_owner, vendor, ...", [&w, &c](Client& client) {
    return give(client, "incident.contact", {{"incident", w.id}, {"kind", c.kind}, {"name", c.name}, {"position", c.position}, {"unit", c.unit}, {"email", c.email}, {"phone", c.phone},
                                             {"location", c.location}, {"organisation", c.organisation}});
  });
  contact->add_option("id", w.id)->required();
  contact->add_option("kind", c.kind, std::string(words::kContactKinds))->required();
  contact->add_option("name", c.name)->required();
  for (const auto& [option, into] : {std::pair("--position", &c.position), {"--unit", &c.unit}, {"--email", &c.email}, {"--phone", &c.phone}, {"--location", &c.location}, {"--organisation", &c.organisation}})
    contact->add_option(option, *into);
  for (const char* name : {"label", "unlabel"}) {
    const std::string command = name;
    auto* label = verb(incident_, command, command == "label" ? "classify: an id of MITRE ATLAS or OWASP, with the framework's version" : "take a classification back", [&w, &c, command](Client& client) {
      return give(client, "incident." + command, {{"incident", w.id}, {"framework", c.framework}, {"version", c.version}, {"id", c.label}, {"reason", w.reason}});
    });
    label->add_option("id", w.id)->required();
    label->add_option("framework", c.framework, "atlas, owasp_ml, owasp_llm")->required();
    label->add_option("version", c.version, "5.6.0, 2023, 2025")->required();
    label->add_option("label", c.label, "AML.T0020, ML02:2023, LLM01:2025")->required();
    if (command == "unlabel") label->add_option("--reason", w.reason)->required();
  }
  auto* checklist = verb(incident_, "checklist", "NIST SP 800-61r2 table 3-5: what is done, by whom, from what it follows; coverage of CSF 2.0", [&w](Client& client) {
    return print_of(client, "/api/v1/incidents/" + w.id + "/checklist", checklist_text);
  });
  checklist->add_option("id", w.id)->required();
  auto* check = verb(incident_, "check", "tick an item of the checklist", [&w, &c](Client& client) {
    return give(client, "incident.check", {{"incident", w.id}, {"item", c.item}, {"state", c.state.empty() ? "done" : c.state}, {"evidence", c.evidence}, {"note", c.note}});
  });
  check->add_option("id", w.id)->required();
  check->add_option("item", c.item, "1 to 9, 1.1, 6.3, ...")->required();
  check->add_option("--state", c.state, "done, open, not_applicable; of 6.3 also more_found: back to 1.1; without it: done");
  check->add_option("--evidence", c.evidence, "what shows it");
  check->add_option("--note", c.note);
  auto* indicator = verb(incident_, "indicator", "add an indicator or a precursor, marked by TLP 2.0", [&w, &c](Client& client) {
    return give(client, "incident.indicator", {{"incident", w.id}, {"type", c.kind}, {"value", c.value}, {"tlp", c.tlp}, {"sign", c.sign}, {"note", c.note}});
  });
  indicator->add_option("id", w.id)->required();
  indicator->add_option("type", c.kind, std::string(words::kIndicatorTypes))->required();
  indicator->add_option("value", c.value)->required();
  indicator->add_option("--tlp", c.tlp, std::string(words::kTlp))->required();
  indicator->add_option("--sign", c.sign, "indicator (it happened) or precursor (it may)");
  indicator->add_option("--note", c.note);
  auto* withdraw = verb(incident_, "withdraw", "say that an indicator is none", [&w, &c](Client& client) {
    return give(client, "incident.indicator_withdraw", {{"incident", w.id}, {"indicator", c.label}, {"reason", w.reason}});
  });
  withdraw->add_option("id", w.id)->required();
  withdraw->add_option("indicator", c.label, "ind-N")->required();
  withdraw->add_option("--reason", w.reason)->required();
  auto* writing = verb(incident_, "notes", "a document of notes: shown, or written on the revision that you read", [&w, &c](Client& client) { return notes(client, w.id, c); });
  writing->add_option("id", w.id)->required();
  writing->add_option("--document", c.document, "its name")->capture_default_str();
  writing->add_option("--text", c.text, "what it is to say");
  writing->add_option("--file", c.file, "the same from a file");
  writing->add_option("--base", c.base, "the revision that you wrote on; 0: a new document")->capture_default_str();
}

void CommandLine::add_relations() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  for (const char* name : {"relate", "unrelate"}) {
    const std::string command = name;
    auto* relate = verb(incident_, command, command == "relate" ? "relate two incidents: related, duplicate_of, caused_by" : "take a relation back", [&w, &c, command](Client& client) {
      return give(client, "incident." + command, {{"incident", w.id}, {"relation", c.kind}, {"other", c.other}, {"reason", w.reason}});
    });
    relate->add_option("id", w.id)->required();
    relate->add_option("relation", c.kind, std::string(words::kRelations))->required();
    relate->add_option("other", c.other, "inc-N")->required();
    relate->add_option("--reason", w.reason)->required();
  }
  auto* merge = verb(incident_, "merge", "let an incident go on as part of another: its findings, open tasks and endpoints go over", [&w, &c](Client& client) {
    return give(client, "incident.merge", {{"incident", w.id}, {"into", c.other}, {"reason", w.reason}});
  });
  merge->add_option("id", w.id)->required();
  merge->add_option("--into", c.other, "inc-N")->required();
  merge->add_option("--reason", w.reason)->required();
  auto* split = verb(incident_, "split", "make an incident of its own of some findings", [&w, &c](Client& client) {
    return give(client, "incident.split", {{"incident", w.id}, {"findings", JsonArray(c.findings.begin(), c.findings.end())}, {"title", w.title}, {"reason", w.reason}});
  });
  split->add_option("id", w.id)->required();
  split->add_option("--finding", c.findings, "find-N, several times")->required();
  split->add_option("--title", w.title)->required();
  split->add_option("--reason", w.reason)->required();
  auto* reopen = verb(incident_, "reopen", "open a closed incident again: one asks, an approver does it", [&w](Client& client) { return give(client, "incident.reopen", {{"incident", w.id}, {"reason", w.reason}}); });
  reopen->add_option("id", w.id)->required();
  reopen->add_option("--reason", w.reason)->required();
  auto* handover = verb(incident_, "handover", "hand a role over, with a summary of the situation made by the server", [&w, &c](Client& client) { return hand_over(client, w.id, c); });
  handover->add_option("id", w.id)->required();
  handover->add_option("role", c.role, "commander, lead, communications, scribe")->required();
  handover->add_option("--to", c.to_user, "user")->required();
  handover->add_option("--note", c.note);
  auto* handovers = verb(incident_, "handovers", "hand-overs with their summaries", [&w](Client& client) { return print_of(client, "/api/v1/incidents/" + w.id + "/handovers", handovers_text); });
  handovers->add_option("id", w.id)->required();
  auto* accept = verb(incident_, "accept", "take a role over, having read the summary with this digest", [&w](Client& client) { return give(client, "incident.handover_accept", {{"handover", w.id}, {"digest", w.digest}}); });
  accept->add_option("handover", w.id, "hand-N")->required();
  accept->add_option("--digest", w.digest, "as 'incident handovers' prints it")->required();
}

void CommandLine::add_lessons() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  auto* lesson = verb(incident_, "lesson", "add a lesson: in any phase, and afterwards", [&w, &c](Client& client) { return give(client, "incident.lesson", {{"incident", w.id}, {"text", c.text}, {"question", c.question}}); });
  lesson->add_option("id", w.id)->required();
  lesson->add_option("text", c.text)->required();
  lesson->add_option("--question", c.question, "of the review, that it answers: " + std::string(words::kReviewQuestions) + "|" + std::string(words::kRetrospect));
  auto* follow = verb(incident_, "follow-up", "open a follow-up: owner, date, test of acceptance", [&w, &c](Client& client) {
    return give(client, "incident.follow_up", {{"incident", w.id}, {"text", c.text}, {"owner", w.owner}, {"due", c.to}, {"acceptance", c.acceptance}}, {"due"});
  });
  follow->add_option("id", w.id)->required();
  follow->add_option("text", c.text)->required();
  follow->add_option("--owner", w.owner, "user")->required();
  follow->add_option("--due", c.to, "a time, or +14d")->required();
  follow->add_option("--acceptance", c.acceptance, "the test by which it is done")->required();
  auto* done = verb(incident_, "follow-up-done", "close a follow-up with the evidence of its test", [&w, &c](Client& client) {
    return give(client, "incident.follow_up_done", {{"follow_up", w.id}, {"evidence", c.evidence}, {"result", w.text}});
  });
  done->add_option("follow_up", w.id, "follow-N")->required();
  done->add_option("--evidence", c.evidence, "ev-N, journal:N, a SHA-256 of a blob, an https address")->required();
  done->add_option("--result", w.text)->required();
  verb(incident_, "follow-ups", "follow-ups of all incidents, newest first; overdue ones are marked", [](Client& client) { return print_of(client, "/api/v1/follow-ups?limit=500", follow_ups_text); });
}

void CommandLine::add_asset() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  auto* asset = noun("asset", "models, data, prompts, tools, hosts: what there is and what depends on what");
  auto* put = verb(asset, "put", "enter or change an asset", [&w, &c](Client& client) {
    return give(client, "asset.put", {{"asset", w.id}, {"type", c.kind}, {"owner", w.owner}, {"criticality", c.criticality}, {"data_class", c.data_class}, {"regulatory_role", c.regulatory_role},
                                      {"version", c.version}, {"digest", w.digest}, {"last_known_good", c.last_known_good}, {"fallback", c.fallback}, {"kill_switch", c.kill_switch}, {"tested", c.tested}}, {"tested"});
  });
  put->add_option("asset", w.id, "its name, as model:fraud@1.2.0")->required();
  put->add_option("--type", c.kind, std::string(words::kAssetTypes))->required();
  put->add_option("--owner", w.owner);
  put->add_option("--digest", w.digest);
  for (const auto& [option, into, help] : {std::tuple("--criticality", &c.criticality, "low, medium, high, critical"), {"--data-class", &c.data_class, "which data it holds"},
                                           {"--regulatory-role", &c.regulatory_role, "provider, deployer; high-risk"}, {"--version", &c.version, ""},
                                           {"--last-known-good", &c.last_known_good, "what to go back to"}, {"--fallback", &c.fallback, "what does its work without it"},
                                           {"--kill-switch", &c.kill_switch, "its modes"}, {"--tested", &c.tested, "when the kill switch was tested last"}})
    put->add_option(option, *into, help);
  auto* link = verb(asset, "link", "say that an asset depends on another", [&w, &c](Client& client) { return give(client, "asset.link", {{"asset", w.id}, {"needs", c.other}}); });
  link->add_option("asset", w.id)->required();
  link->add_option("needs", c.other)->required();
  auto* unlink = verb(asset, "unlink", "say that it does not any more", [&w, &c](Client& client) { return give(client, "asset.unlink", {{"asset", w.id}, {"needs", c.other}, {"reason", w.reason}}); });
  unlink->add_option("asset", w.id)->required();
  unlink->add_option("needs", c.other)->required();
  unlink->add_option("--reason", w.reason)->required();
  verb(asset, "list", "the inventory, newest first; --json is the export", [](Client& client) { return export_assets(client); });
  auto* show = verb(asset, "show", "one, with everything that it depends on and that depends on it", [&w](Client& client) { return print_of(client, "/api/v1/assets/" + encoded(w.id), asset_text); });
  show->add_option("asset", w.id)->required();
  auto* rate = verb(incident_, "asset", "say whether an asset is compromised", [&w, &c](Client& client) {
    return give(client, "incident.asset", {{"incident", w.id}, {"asset", c.other}, {"state", c.state}, {"note", c.note}});
  });
  rate->add_option("id", w.id)->required();
  rate->add_option("asset", c.other)->required();
  rate->add_option("state", c.state, std::string(words::kCompromise))->required();
  rate->add_option("--note", c.note);
  auto* radius = verb(incident_, "radius", "what depends on the assets that are compromised or suspected", [&w](Client& client) { return print_of(client, "/api/v1/incidents/" + w.id + "/radius", radius_text); });
  radius->add_option("id", w.id)->required();
}

}  // namespace firebreak::cli
