// remedy, taint: what becomes of the decisions that an incident touched, and what it keeps out of training.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>

#include "base/encoding.h"
#include "base/files.h"
#include "log/ledger/note.h"
#include "run/replay/taint_list.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

constexpr std::size_t kAtOnce = 1'000;  // records of one command

JsonObject without_empty(JsonObject args) {
  for (auto at = args.begin(); at != args.end();) {
    const Json& value = at->value();
    const bool empty = (value.is_string() && value.get_string().empty()) || (value.is_array() && value.get_array().empty());
    at = empty ? args.erase(at) : at + 1;
  }
  return args;
}

int build(Client& client, const Words& w) {
  const RemedyWords& r = w.remedy;
  JsonObject args = without_empty({{"incident", w.id}, {"scope", r.scope}, {"of", r.of}, {"label", r.label}, {"caller", r.caller}, {"from", r.from},
                                   {"to", r.to}, {"release", w.release_name}, {"replace", r.replace}});
  if (r.per_second != 0) args["per_second"] = r.per_second;
  const auto answer = client.command("remedy.build", args);
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
  } else {
    fmt::print("{} is being built; 'firebreak remedy list {}' says how far it is\n", string_or(*answer, "id"), w.id);
  }
  return kDone;
}

std::string summary(const Json& list) {
  const Json& counts = list.at("counts");
  std::string out;
  if (string_or(list, "build").empty()) {
    out = "no list yet\n";
  } else {
    out = fmt::format("{} of {}, asked again of {}: {} decisions affected, {} would be others now, {} unanswered, {} erased\n{} open, {} reversed, {} confirmed, {} customers told{}\n",
                      string_or(list, "build"), string_or(list, "incident"), string_or(list, "release"), int_or(counts, "affected"), int_or(counts, "changed"),
                      int_or(counts, "unanswered"), int_or(counts, "erased"), int_or(counts, "open"), int_or(counts, "reversed"), int_or(counts, "confirmed"),
                      int_or(counts, "told"), int_or(counts, "again") == 0 ? "" : fmt::format("; {} were settled on another answer: look at them again", int_or(counts, "again")));
  }
  if (const Json* const building = find(list, "building"); building != nullptr && building->is_object())
    out += fmt::format("{} is being built: record {} of {}, {} rows so far\n", string_or(*building, "build"), int_or(*building, "at"), int_or(*building, "end"), int_or(*building, "rows"));
  return out;
}

std::string page_path(const std::string& incident, const std::string& state, int limit, const std::string& cursor) {
  return fmt::format("/api/v1/incidents/{}/remedy?limit={}{}{}", incident, limit, state.empty() ? "" : "&state=" + state, cursor.empty() ? "" : "&cursor=" + cursor);
}

int list(Client& client, const Words& w) {
  const RemedyWords& r = w.remedy;
  const auto answer = client.get(page_path(w.id, r.open ? "open" : r.state, w.limit, r.cursor));
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
    return kDone;
  }
  fmt::print("{}", summary(*answer));
  const JsonArray& items = answer->at("items").as_array();
  if (!items.empty())
    fmt::print("{}", table(items, {{"RECORD", "/record", 12}, {"ID", "/id", 24}, {"TIME", "/time", 26}, {"CALLER", "/caller", 20}, {"ANSWERED", "/given/label", 16},
                                   {"NOW", "/clean/label", 16}, {"IS", "/answer", 10}, {"STATE", "/state", 10}, {"TOLD", "/told/reference", 24}, {"WHY", "/reason", 40}}));
  if (const std::string next = string_or(*answer, "next"); !next.empty()) fmt::print("more: --cursor {}\n", next);
  return kDone;
}

bool is_number(const std::string& text) { return !text.empty() && text.size() < 19 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }); }

// What people name: a record by its number, or a decision by its id, which is looked up on the list.
Result<JsonArray> records_of(Client& client, const std::string& incident, const std::vector<std::string>& named) {
  std::map<std::string, std::int64_t> sought;
  for (const std::string& one : named)
    if (!is_number(one)) sought[one] = -1;
  std::size_t left = sought.size();
  for (std::string cursor; left != 0;) {
    FIREBREAK_ASSIGN(const Json page, client.get(page_path(incident, "", 500, cursor)));
    for (const Json& item : page.at("items").as_array()) {
      const auto at = sought.find(string_or(item, "id"));
      if (at == sought.end() || at->second >= 0) continue;
      at->second = int_or(item, "record");
      --left;
    }
    cursor = string_or(page, "next");
    if (cursor.empty()) break;
  }
  JsonArray records;
  for (const std::string& one : named) {
    const auto at = sought.find(one);
    if (at != sought.end() && at->second < 0)
      return fail(Code::kNotFound, fmt::format("no row of {} has the id '{}'; 'firebreak remedy list {}' prints records and ids", incident, one, incident));
    records.push_back(at != sought.end() ? at->second : std::stoll(one));
  }
  return records;
}

// One command for each thousand of them; the answer of the last.
int give_for(Client& client, const Words& w, const std::string& name, const JsonObject& args) {
  const bool json = client.connection().json;
  const auto records = records_of(client, w.id, w.remedy.rows);
  if (!records) return report_error(records.error(), json);
  for (std::size_t at = 0; at < records->size(); at += kAtOnce) {
    JsonObject part = args;
    JsonArray some;
    for (std::size_t i = at; i < std::min(at + kAtOnce, records->size()); ++i) some.push_back((*records)[i]);
    part["records"] = std::move(some);
    if (const int done = give_command(client, name, part); done != kDone) return done;
  }
  return kDone;
}

int wrong_call(Client& client, const std::string& message) {
  (void)report_error(Error{Code::kInvalid, message, {}, 0}, client.connection().json);
  return kUsage;
}

int settle(Client& client, const Words& w) {
  const RemedyWords& r = w.remedy;
  if (r.rows.empty() == r.where.empty()) return wrong_call(client, "name rows, or --where unchanged|changed|unanswered|erased: one of the two");
  const JsonObject args = without_empty({{"incident", w.id}, {"as", r.as}, {"note", r.note}, {"where", r.where}});
  return r.where.empty() ? give_for(client, w, "remedy.settle", args) : give_command(client, "remedy.settle_all", args);
}

int tell(Client& client, const Words& w) {
  const RemedyWords& r = w.remedy;
  if (r.rows.empty() == r.where.empty()) return wrong_call(client, "name rows, or --where reversed|confirmed: one of the two");
  const JsonObject args = without_empty({{"incident", w.id}, {"reference", r.reference}, {"note", r.note}, {"where", r.where}});
  return r.where.empty() ? give_for(client, w, "remedy.told", args) : give_command(client, "remedy.told", args);
}

Result<void> write_file(const std::string& path, const std::string& content) {
  PosixFiles files;
  return write_plain(files, path, content);
}

int export_list(Client& client, const Words& w) {
  const bool json = client.connection().json;
  const auto content = client.get_text(fmt::format("/api/v1/incidents/{}/remedy/export?format={}", w.id, w.remedy.format));
  if (!content) return report_error(content.error(), json);
  if (w.out.empty()) {
    std::fwrite(content->data(), 1, content->size(), stdout);
    return kDone;
  }
  if (auto written = write_file(w.out, *content); !written) return report_error(written.error(), json);
  fmt::print("{}\n", w.out);
  return kDone;
}

int export_taint(Client& client, const Words& w) {
  const bool json = client.connection().json;
  const auto taint = client.get(fmt::format("/api/v1/incidents/{}/taint", w.id));
  if (!taint) return report_error(taint.error(), json);
  const auto signature = from_base64(string_or(*taint, "signature"));
  if (!signature) return report_error(signature.error(), json);
  const std::pair<std::string, std::string> parts[] = {{"", string_or(*taint, "document")}, {".sig", *signature}, {".pem", string_or(*taint, "pem")}};
  for (const auto& [suffix, content] : parts)
    if (auto written = write_file(w.out + suffix, content); !written) return report_error(written.error(), json);
  if (json) {
    fmt::print("{}", pretty_json(JsonObject{{"list", string_or(*taint, "list")}, {"file", w.out}, {"digest", string_or(*taint, "digest")}, {"key", string_or(*taint, "key")}}));
  } else {
    fmt::print("{0}\n{0}.sig\n{0}.pem\nkey {1}\nopenssl pkeyutl -verify -pubin -inkey {0}.pem -rawin -in {0} -sigfile {0}.sig\n", w.out, string_or(*taint, "key"));
  }
  return kDone;
}

Result<replay::TaintList> verified_list(const std::string& file, const std::string& pinned) {
  PosixFiles files;
  FIREBREAK_ASSIGN(const Bytes text, read_all(files, file));
  if (!pinned.empty()) {
    FIREBREAK_ASSIGN(const ledger::VerifierKey key, ledger::parse_vkey(pinned));
    FIREBREAK_ASSIGN(const Bytes signature, read_all(files, file + ".sig"));
    if (!ledger::verify_signature(key, text, to_base64(key.id + signature)))
      return fail(Code::kCorrupt, fmt::format("{} is not what {} signed: {}.sig does not fit", file, key.name, file));
  }
  auto list = replay::parse_taint_list(text);
  if (!list) return fail(std::move(list.error()).with(file));
  return list;
}

int check(const RemedyWords& r, bool json) {
  constexpr std::size_t kShown = 20;
  const auto taint = verified_list(r.list, r.key);
  if (!taint) return report_error(taint.error(), json);
  std::ifstream file;
  if (r.file != "-") file.open(r.file);
  std::istream& in = r.file == "-" ? std::cin : file;
  if (!in) return report_error(Error{Code::kIo, fmt::format("{} cannot be read", r.file), {}, 0}, json);
  JsonArray tainted;
  std::map<std::string, std::uint64_t> by;
  std::uint64_t rows = 0, count = 0, number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto row = replay::training_row(taint->features, line);
    if (!row) return report_error(std::move(row.error()).with(fmt::format("{} line {}", r.file, number)), json);
    ++rows;
    const std::string why(replay::why_tainted(*taint, *row));
    if (why.empty()) continue;
    ++count;
    ++by[why];
    if (json || tainted.size() < kShown) tainted.push_back(JsonObject{{"line", number}, {"why", why}, {"id", row->id}});
  }
  if (json) {
    JsonObject counts;
    for (const auto& [why, n] : by) counts[why] = n;
    fmt::print("{}", pretty_json(JsonObject{{"list", taint->id}, {"incident", taint->incident}, {"verified", !r.key.empty()}, {"rows", rows}, {"tainted", count}, {"by", std::move(counts)}, {"items", std::move(tainted)}}));
  } else {
    for (const Json& one : tainted) fmt::print("line {}: {}{}\n", int_or(one, "line"), string_or(one, "why"), string_or(one, "id").empty() ? "" : " " + string_or(one, "id"));
    if (count > tainted.size()) fmt::print("and {} more\n", count - tainted.size());
    fmt::print("{} of {} rows are on {} of {}{}\n", count, rows, taint->id, taint->incident, r.key.empty() ? "; its signature was not checked: --key VKEY" : "");
  }
  return count == 0 ? kDone : kNegative;
}

}  // namespace

void CommandLine::add_remedy() {
  Words& w = words_;
  RemedyWords& r = w.remedy;
  auto* remedy = noun("remedy", "the decisions that an incident touched: asked again, reversed or confirmed, customers told");
  const auto of_incident = [&w](CLI::App* sub) {
    sub->add_option("incident", w.id, "inc-N")->required();
    return sub;
  };
  auto* building = of_incident(verb(remedy, "build", "list them, each asked again of a clean release; what was settled is taken over", [&w](Client& c) { return build(c, w); }));
  building->add_option("--scope", r.scope, "range (that findings name), release (all that --of answered), chains (the attack's alone)");
  building->add_option("--of", r.of, "answers of this release alone");
  building->add_option("--label", r.label, "this answer alone, as 'approve'");
  building->add_option("--caller", r.caller);
  building->add_option("--from", r.from, "event time; looks at the whole stream instead of the findings' range");
  building->add_option("--to", r.to);
  building->add_option("--release", w.release_name, "the clean one; without it the last known good");
  building->add_option("--per-second", r.per_second, "rows asked a second; 500 without it")->check(CLI::Range(1, 10'000));
  building->add_option("--replace", r.replace, "why open rows that are not found again leave the list; without it they stay");
  auto* listing = of_incident(verb(remedy, "list", "how it stands, and its rows", [&w](Client& c) { return list(c, w); }));
  listing->add_flag("--open", r.open, "those that nobody has settled");
  listing->add_option("--state", r.state, "open, reversed, confirmed, changed, unchanged, unanswered, erased, told, untold");
  listing->add_option("--limit", w.limit)->check(CLI::Range(1, 500));
  listing->add_option("--cursor", r.cursor, "as the page before printed it");
  auto* settling = of_incident(verb(remedy, "settle", "say what became of rows; a later word revises", [&w](Client& c) { return settle(c, w); }));
  settling->add_option("row", r.rows, "records or decision ids, as 'remedy list' prints them");
  settling->add_option("--as", r.as, "reversed, confirmed")->required();
  settling->add_option("--where", r.where, "instead of rows: every open one that is unchanged, changed, unanswered, erased");
  settling->add_option("--note", r.note);
  auto* telling = of_incident(verb(remedy, "told", "say that the customers of rows were told", [&w](Client& c) { return tell(c, w); }));
  telling->add_option("row", r.rows, "records or decision ids");
  telling->add_option("--reference", r.reference, "the letter, the ticket")->required();
  telling->add_option("--where", r.where, "instead of rows: all that are reversed, confirmed, and not told yet");
  telling->add_option("--note", r.note);
  auto* exporting = of_incident(verb(remedy, "export", "all rows for the business; the journal notes who took them", [&w](Client& c) { return export_list(c, w); }));
  exporting->add_option("--format", r.format, "csv (safe to open in a spreadsheet), json")->check(CLI::IsMember({"csv", "json"}));
  exporting->add_option("--out", w.out, "a file; without it standard output");
  auto* taint = noun("taint", "what an incident keeps out of training: a signed list, and rows held against it");
  auto* making = of_incident(verb(taint, "build", "make the list: inferences, labels, callers, sources", [&w](Client& c) {
    return give_command(c, "taint.build", without_empty({{"incident", w.id}, {"scope", w.remedy.scope}, {"sources", JsonArray(w.remedy.sources.begin(), w.remedy.sources.end())},
                                                         {"callers", JsonArray(w.callers.begin(), w.callers.end())}}));
  }));
  making->add_option("--scope", r.scope, "chains (the attack's queries), range (all that findings name); without it chains when there are any");
  making->add_option("--source", r.sources, "a training source that must not be used, several times");
  making->add_option("--caller", w.callers, "a caller, beside those that findings name, several times");
  auto* writing = of_incident(verb(taint, "export", "write FILE, FILE.sig and FILE.pem, for openssl and 'taint check'", [&w](Client& c) { return export_taint(c, w); }));
  writing->add_option("--out", w.out)->required();
  auto* checking = offline(taint, "check", "hold rows of NDJSON against a list; ends with 1 when one is on it", [this] { return check(words_.remedy, words_.connection.json); });
  checking->add_option("list", r.list, "as 'taint export' wrote it")->required();
  checking->add_option("rows", r.file, "a file; - for standard input")->required();
  checking->add_option("--key", r.key, "the installation's vkey: LIST.sig must fit");
}

}  // namespace firebreak::cli
