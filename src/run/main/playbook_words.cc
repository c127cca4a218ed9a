// playbook: CACAO 2.0 documents, offline: checked, imported, shown, compared, signed; only `run` needs a server.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/random.h"
#include "cacao/difference.h"
#include "cacao/import.h"
#include "cacao/lint.h"
#include "cacao/signature.h"
#include "cacao/skeleton.h"
#include "cacao/text.h"
#include "cacao/value.h"
#include "fold/playbook/plan.h"
#include "fold/playbook/rehearsal.h"
#include "run/app/content.h"
#include "run/main/command_line.h"

namespace firebreak::cli {
namespace {

// JSON strictly (two equal keys are an error: two readers could see two playbooks), YAML by its name's ending.
Result<Json> load(const std::string& file) {
  PosixFiles files;
  if (file.ends_with(".yaml") || file.ends_with(".yml")) return app::load_document(files, file);
  FIREBREAK_ASSIGN(const Bytes text, read_all(files, file));
  auto document = parse_json(text);
  if (!document) return fail(std::move(document.error()).with(file));
  return document;
}

std::size_t count(const std::vector<cacao::Diagnostic>& found, cacao::Level level) {
  return static_cast<std::size_t>(std::count_if(found.begin(), found.end(), [&](const cacao::Diagnostic& one) { return one.level == level; }));
}

template <class Items>
JsonArray as_json(const Items& items) {
  JsonArray out;
  for (const auto& item : items) out.push_back(to_json(item));
  return out;
}

int lint(const PlaybookWords& w, bool json) {
  const auto profile = cacao::profile_from_name(w.profile);
  const auto document = load(w.file);
  if (!document) return report_error(document.error(), json);
  const std::vector<cacao::Diagnostic> found = cacao::lint(*document, *profile);
  const bool conforms = !cacao::has_errors(found);
  auto here = playbook::not_runnable(*document);
  const bool runs = here.empty();
  // What the profile says already is not said twice.
  std::erase_if(here, [&](const cacao::Diagnostic& one) { return std::any_of(found.begin(), found.end(), [&](const cacao::Diagnostic& other) { return other.pointer == one.pointer && other.rule == one.rule; }); });
  if (json) {
    std::fputs(pretty_json(JsonObject{{"file", w.file}, {"profile", w.profile}, {"conforms", conforms}, {"runs", runs},
                                      {"diagnostics", as_json(found)}, {"not_run", as_json(here)}}).c_str(), stdout);
    return conforms && runs ? kDone : kNegative;
  }
  for (const std::vector<cacao::Diagnostic>* part : std::initializer_list<const std::vector<cacao::Diagnostic>*>{&found, &here})
    for (const cacao::Diagnostic& one : *part) fmt::print("{}: {}\n", w.file, to_text(one));
  const std::size_t errors = count(found, cacao::Level::kError), warnings = count(found, cacao::Level::kWarning);
  fmt::print("{}: {} {} ({} errors, {} warnings); {}\n", w.file, conforms ? "conforms to" : "does not conform to", w.profile, errors, warnings,
             runs ? "can run" : conforms ? "cannot run here" : "cannot run");
  return conforms && runs ? kDone : kNegative;
}

int import_one(const PlaybookWords& w, bool json) {
  auto document = load(w.file);
  if (!document) return report_error(document.error(), json);
  const cacao::Imported imported = cacao::import_playbook(std::move(*document));
  PosixFiles files;
  if (auto written = write_plain(files, w.out, pretty_json(imported.document)); !written) return report_error(written.error(), json);
  const bool sound = !cacao::has_errors(imported.left);
  if (json) {
    std::fputs(pretty_json(JsonObject{{"file", w.file}, {"out", w.out}, {"sound", sound}, {"repairs", as_json(imported.repairs)}, {"left", as_json(imported.left)}}).c_str(), stdout);
    return sound ? kDone : kNegative;
  }
  for (const cacao::Repair& one : imported.repairs) fmt::print("{}: {}\n", w.file, to_text(one));
  for (const cacao::Diagnostic& one : imported.left) fmt::print("{}: {}\n", w.file, to_text(one));
  const auto changed = std::count_if(imported.repairs.begin(), imported.repairs.end(), [](const cacao::Repair& one) { return one.changed(); });
  fmt::print("{}: {} repaired, {} kept, {} errors left; written to {}\n", w.file, changed, static_cast<std::ptrdiff_t>(imported.repairs.size()) - changed,
             count(imported.left, cacao::Level::kError), w.out);
  return sound ? kDone : kNegative;
}

int show(const PlaybookWords& w, bool json) {
  const auto document = load(w.file);
  if (!document) return report_error(document.error(), json);
  const std::string text = json ? pretty_json(*document) : w.svg ? svg(cacao::read_playbook(*document)) : tree(cacao::read_playbook(*document));
  std::fputs(text.c_str(), stdout);
  return kDone;
}

int difference(const PlaybookWords& w, bool json) {
  const auto first = load(w.file), second = load(w.second);
  for (const auto* one : {&first, &second})
    if (!*one) return report_error(one->error(), json);
  const auto found = cacao::differences(*first, *second);
  if (json) std::fputs(pretty_json(JsonObject{{"equal", found.empty()}, {"differences", as_json(found)}}).c_str(), stdout);
  else if (found.empty()) fmt::print("no difference\n");
  else
    for (const cacao::Difference& one : found) fmt::print("{}\n", to_text(one));
  return found.empty() ? kDone : kNegative;
}

int print_page(const PlaybookWords& w, bool json) {
  const auto document = load(w.file);
  if (!document) return report_error(document.error(), json);
  const std::string html = page(cacao::read_playbook(*document));
  if (w.out.empty()) {
    std::fputs(html.c_str(), stdout);
    return kDone;
  }
  PosixFiles files;
  if (auto written = write_plain(files, w.out, html); !written) return report_error(written.error(), json);
  return kDone;
}

// ---- a dry run, without a server

Result<playbook::Values> values_of(const std::vector<std::string>& given) {
  playbook::Values out;
  for (const std::string& one : given) {
    const std::size_t equal = one.find('=');
    if (equal == std::string::npos || !cacao::is_variable_name(one.substr(0, equal))) return fail(Code::kInvalid, fmt::format("--set takes __name__=value, not '{}'", one));
    out[one.substr(0, equal)] = one.substr(equal + 1);
  }
  return out;
}

std::string rehearsal_text(const Json& rehearsed) {
  std::string text = fmt::format("{} ({})\n", string_or(rehearsed, "name"), string_or(rehearsed, "id"));
  for (const Json& problem : rehearsed.at("problems").as_array()) text += fmt::format("problem: {}\n", std::string_view(problem.as_string()));
  for (const Json& step : rehearsed.at("steps").as_array()) {
    if (const std::string type = string_or(step, "type"); type == "start" || type == "end") continue;
    const std::string indent(2 + 2 * static_cast<std::size_t>(int_or(step, "depth")), ' ');
    text += fmt::format("{}{} [{}, {}]\n", indent, cacao::printable(string_or(step, "name")), string_or(step, "type"), string_or(step, "reached"));
    if (const Json* approval = find(step, "approval")) text += fmt::format("{}  asks {} person(s) for approval\n", indent, int_or(*approval, "approvers"));
    if (const std::string condition = string_or(step, "condition"); !condition.empty()) {
      const Json* const holds = find(step, "holds");
      text += fmt::format("{}  if {}: {}\n", indent, cacao::printable(condition), holds != nullptr ? (holds->as_bool() ? "holds" : "does not hold") : string_or(step, "error", "known when the step is reached"));
    }
    const Json* const commands = find(step, "commands");
    if (commands == nullptr) continue;
    for (const Json& command : commands->as_array()) {
      const std::string error = string_or(command, "error");
      text += fmt::format("{}  > {}{}\n", indent, cacao::printable(string_or(command, "text")), error.empty() ? "" : "   WOULD FAIL: " + error);
      if (const Json* later = find(command, "later"))
        for (const auto& member : later->as_object()) text += fmt::format("{}    {} is known after '{}'\n", indent, std::string_view(member.key()), std::string_view(member.value().as_string()));
    }
  }
  return text;
}

int dry_run(const PlaybookWords& w, bool json) {
  const auto rehearsed = [&]() -> Result<Json> {
    FIREBREAK_ASSIGN(const Json document, load(w.file));
    playbook::RehearsalInput input;
    FIREBREAK_ASSIGN(input.variables, values_of(w.set));
    auto plan = playbook::runnable_plan(document);
    if (!plan) return fail(std::move(plan.error()).with("it cannot run here; 'firebreak playbook lint' says all of why"));
    // What the incident gives may be set by hand: __rule__, __severity__, …
    for (const auto& [name, value] : input.variables)
      if (playbook::is_given(name) && !(*plan)->read.variables.contains(name)) return fail(Code::kInvalid, fmt::format("the playbook has no variable {}", name));
    return playbook::rehearse(*plan, input);
  }();
  if (!rehearsed) return report_error(rehearsed.error(), json);
  bool sound = rehearsed->at("problems").as_array().empty();
  for (const Json& step : rehearsed->at("steps").as_array())
    if (const Json* commands = find(step, "commands"))
      for (const Json& command : commands->as_array()) sound = sound && find(command, "error") == nullptr;
  std::fputs(json ? pretty_json(*rehearsed).c_str() : rehearsal_text(*rehearsed).c_str(), stdout);
  return sound ? kDone : kNegative;
}

// ---- what makes documents: new, sign

std::string random_uuid() {
  SystemRandom random;
  std::string octets = random.bytes(16);
  octets[6] = static_cast<char>((octets[6] & 0x0f) | 0x40);  // version 4
  octets[8] = static_cast<char>((octets[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(octets);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

int make_new(const PlaybookWords& w, bool json) {
  PosixFiles files;
  if (exists(files, w.out)) return report_error({Code::kConflict, fmt::format("{} is there already: name another file", w.out), {}, 0}, json);
  const Json made = cacao::nist_skeleton({w.name, w.identity, SystemClock().now(), random_uuid});
  if (auto written = write_plain(files, w.out, pretty_json(made)); !written) return report_error(written.error(), json);
  if (json) std::fputs(pretty_json(JsonObject{{"out", w.out}, {"id", string_or(made, "id")}}).c_str(), stdout);
  else fmt::print("{}: {}; edit it, then 'firebreak playbook lint {}'\n", w.out, string_or(made, "id"), w.out);
  return kDone;
}

int sign(const PlaybookWords& w, bool json) {
  const auto signed_one = [&]() -> Result<Json> {
    FIREBREAK_ASSIGN(const Json document, load(w.file));
    PosixFiles files;
    cacao::Signer signer{{}, w.signee, w.identity, "jss--" + random_uuid(), SystemClock().now()};
    FIREBREAK_ASSIGN(signer.private_key, read_all(files, w.key));
    FIREBREAK_ASSIGN(Json out, cacao::sign_playbook(document, signer));
    FIREBREAK_TRY(write_plain(files, w.out, pretty_json(out)));
    return out;
  }();
  if (!signed_one) return report_error(signed_one.error(), json);
  const Json& signature = signed_one->at("signatures").as_array().back();
  if (json) std::fputs(pretty_json(signature).c_str(), stdout);
  else fmt::print("{}: signed by {} ({}); written to {}\n", w.file, w.signee, string_or(signature, "id"), w.out);
  return kDone;
}

int verify(const PlaybookWords& w, bool json) {
  const auto verdicts = [&]() -> Result<std::vector<cacao::Verdict>> {
    FIREBREAK_ASSIGN(const Json document, load(w.file));
    PosixFiles files;
    std::vector<std::string> keys;
    for (const std::string& path : w.keys) {
      FIREBREAK_ASSIGN(std::string pem, read_all(files, path));
      keys.push_back(std::move(pem));
    }
    return cacao::verify_signatures(document, keys, SystemClock().now());
  }();
  if (!verdicts) return report_error(verdicts.error(), json);
  const auto is = [](cacao::Standing standing) { return [standing](const cacao::Verdict& one) { return one.standing == standing; }; };
  const bool any_valid = std::any_of(verdicts->begin(), verdicts->end(), is(cacao::Standing::kValid));
  const bool any_broken = std::any_of(verdicts->begin(), verdicts->end(), is(cacao::Standing::kBroken));
  const bool any_trusted = std::any_of(verdicts->begin(), verdicts->end(), [](const cacao::Verdict& one) { return one.standing == cacao::Standing::kValid && one.trusted; });
  const bool good = w.keys.empty() ? any_valid && !any_broken : any_trusted;
  JsonArray rows;
  std::string text;
  for (const cacao::Verdict& one : *verdicts) {
    rows.push_back(JsonObject{{"id", one.id}, {"signee", one.signee}, {"algorithm", one.algorithm}, {"standing", cacao::standing_name(one.standing)},
                              {"trusted", one.trusted}, {"reason", one.reason}});
    text += cacao::printable(fmt::format("{}: {} by {} ({}){}{}", cacao::standing_name(one.standing), one.id, one.signee, one.algorithm,
                                         one.reason.empty() ? "" : ": " + one.reason, one.trusted ? ", by a key of yours" : "")) + "\n";
  }
  if (json) {
    std::fputs(pretty_json(JsonObject{{"good", good}, {"signatures", std::move(rows)}}).c_str(), stdout);
    return good ? kDone : kNegative;
  }
  std::fputs(text.c_str(), stdout);
  if (verdicts->empty()) fmt::print("{}: not signed\n", w.file);
  else if (w.keys.empty()) fmt::print("{}: {}; whose keys these are nobody has said: name those you trust with --key\n", w.file, good ? "signed" : "not soundly signed");
  else fmt::print("{}: {}\n", w.file, good ? "signed by a key of yours" : "not signed by a key of yours");
  return good ? kDone : kNegative;
}

}  // namespace

void CommandLine::add_playbook() {
  PlaybookWords& w = words_.playbook;
  auto* playbook = noun("playbook", "CACAO 2.0 playbooks: check, import, show, compare, print, sign, run");
  const auto file = [&w](CLI::App* command) { command->add_option("file", w.file, "a CACAO 2.0 playbook, JSON or YAML")->required(); };
  auto* making = offline(playbook, "new", "a playbook to start from", [this, &w] { return make_new(w, words_.connection.json); });
  making->add_option("--from", w.from, "nist: the phases of NIST SP 800-61r2")->check(CLI::IsMember({"nist"}))->capture_default_str();
  making->add_option("--name", w.name, "what it is called")->required();
  making->add_option("--identity", w.identity, "identity--UUID of its author; one is made without it");
  making->add_option("-o,--out", w.out, "file to write; must not be there")->required();
  auto* checking = offline(playbook, "lint", "what is wrong with a playbook, where, and what helps", [this, &w] { return lint(w, words_.connection.json); });
  file(checking);
  checking->add_option("--profile", w.profile, "strict-cs01: what every conforming program takes; lenient-import: what import takes")
      ->check(CLI::IsMember({"strict-cs01", "lenient-import"}))->capture_default_str();
  auto* importing = offline(playbook, "import", "take a playbook in from elsewhere; every repair is listed", [this, &w] { return import_one(w, words_.connection.json); });
  file(importing);
  importing->add_option("-o,--out", w.out, "file to write")->required();
  auto* showing = offline(playbook, "show", "a playbook as a tree of steps, or as a picture", [this, &w] { return show(w, words_.connection.json); });
  file(showing);
  showing->add_flag("--svg", w.svg, "as a picture (SVG)");
  auto* comparing = offline(playbook, "diff", "what differs between two playbooks; exit code 1 when something does", [this, &w] { return difference(w, words_.connection.json); });
  file(comparing);
  comparing->add_option("second", w.second, "the other one")->required();
  auto* printing = offline(playbook, "doc", "a playbook as one HTML page to print", [this, &w] { return print_page(w, words_.connection.json); });
  file(printing);
  printing->add_option("-o,--out", w.out, "file to write; standard output without it");
  auto* signing = offline(playbook, "sign", "add a signature (Ed25519) to a playbook", [this, &w] { return sign(w, words_.connection.json); });
  file(signing);
  signing->add_option("--key", w.key, "Ed25519 private key, PEM; 'openssl genpkey -algorithm ed25519 -out KEY.pem' makes one")->required();
  signing->add_option("--signee", w.signee, "who signs, for people to read")->required();
  signing->add_option("--identity", w.identity, "identity--UUID of who signs (created_by)");
  signing->add_option("-o,--out", w.out, "file to write")->required();
  auto* verifying = offline(playbook, "verify", "check the signatures of a playbook; exit code 1 when none is good", [this, &w] { return verify(w, words_.connection.json); });
  file(verifying);
  verifying->add_option("--key", w.keys, "public key that you trust, PEM (again for each); 'openssl pkey -in KEY.pem -pubout' prints one");
  auto* showing_values = offline(playbook, "dry-run", "every command with the values that its variables would have; nothing is done", [this, &w] { return dry_run(w, words_.connection.json); });
  file(showing_values);
  showing_values->add_option("--set", w.set, "__name__=value, again for each");
  add_runs(playbook);
}

}  // namespace firebreak::cli
