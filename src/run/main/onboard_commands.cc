// firebreak onboard: an endpoint is taken up, by ten answers or by its file; then what is missing, and what mends it.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/files.h"
#include "run/app/content.h"
#include "run/main/commands.h"
#include "run/main/onboard_baseline.h"
#include "run/main/onboard_questions.h"
#include "run/main/print.h"
#include "run/main/screens.h"
#include "world/gateway/fallback.h"
#include "world/net/message.h"
#include "world/taps/columns.h"

namespace firebreak::cli {
namespace {

std::vector<std::string> names_in(Client& client, const std::string& path, std::string_view key) {
  std::vector<std::string> names;
  const auto answer = client.get(path);
  const Json* const items = answer ? find(*answer, "items") : nullptr;
  if (items != nullptr && items->is_array())
    for (const Json& item : items->get_array()) names.push_back(string_or(item, key));
  return names;
}

// What cannot be asked stays empty: then nothing is held against it.
OnboardKnown known_by(Client& client) {
  OnboardKnown known;
  if (const auto oncall = client.get("/api/v1/oncall")) {
    known.on_call = strings_or_empty(*oncall, "contacts");
    if (const Json* const rotations = find(*oncall, "rotations"); rotations != nullptr && rotations->is_array())
      for (const Json& rotation : rotations->get_array()) known.on_call.push_back(string_or(rotation, "rotation"));
  }
  known.playbooks = names_in(client, "/api/v1/playbooks", "name");
  known.regimes = names_in(client, "/api/v1/regimes", "regime");
  return known;
}

Result<Json> read_document(const std::string& file, const std::string& name) {
  PosixFiles files;
  FIREBREAK_ASSIGN(Json document, app::load_document(files, file));
  if (!document.is_object()) return fail(Code::kInvalid, fmt::format("{} is no endpoint's document", file));
  if (find(document, "name") == nullptr) document.as_object()["name"] = name;
  if (string_or(document, "name") != name) return fail(Code::kInvalid, fmt::format("{} is the file of '{}', not of '{}'", file, string_or(document, "name"), name), "/name");
  return document;
}

// As before there were ten questions: features by name, and the answer that counts.
void take_short_words(const OnboardOptions& options, Json& document) {
  if (!options.numeric.empty() || !options.categorical.empty()) document.as_object()["features"] = features_of({taps::split_names(options.numeric), taps::split_names(options.categorical)});
  if (options.positive.empty()) return;
  document.as_object()["labels"] = JsonArray{options.positive, options.positive == "0" ? "1" : "0"};
  document.as_object()["positive_label"] = options.positive;
}

Result<void> check_whole(const Json& document) {
  FIREBREAK_ASSIGN(const Endpoint endpoint, endpoint_from_json(document));
  FIREBREAK_TRY(check_plain_texts(endpoint));
  if (has_features(document)) FIREBREAK_TRY(gateway::Fallback::compile(endpoint));
  return {};
}

bool is_same(const Json& one, const Json& other) {
  const auto left = endpoint_from_json(one), right = endpoint_from_json(other);
  return left && right && *left == *right;
}

struct Outcome {
  bool fresh = false, changed = false;
  std::string file;  // where the document was written; empty: nowhere
};

Result<Outcome> register_it(Client& client, const OnboardOptions& options, const OnboardPlan& plan, const Result<Json>& before, const std::string& out) {
  Outcome outcome{!before, !before || !is_same(*before, plan.document), {}};
  if (outcome.changed) FIREBREAK_TRY(client.put("/api/v1/endpoints/" + options.name, plan.document));
  if (out.empty()) return outcome;
  std::ofstream file(out, std::ios::binary | std::ios::trunc);
  file << pretty_json(plan.document);
  file.flush();
  if (!file) return fail(Code::kIo, fmt::format("{} is registered, but its file {} cannot be written; --out names another", options.name, out));
  outcome.file = out;
  return outcome;
}

Result<Json> readiness_of(Client& client, const std::string& name) {
  FIREBREAK_ASSIGN(const Json answer, client.get("/api/v1/readiness?endpoint=" + net::percent_encode(name)));
  const Json* const items = find(answer, "items");
  if (items == nullptr || !items->is_array() || items->get_array().empty()) return fail(Code::kNotFound, fmt::format("nothing is known of the readiness of '{}'", name));
  return items->get_array().front();
}

void say(const OnboardOptions& options, const OnboardPlan& plan, const Outcome& outcome, const std::string& next) {
  const bool tap = string_or(plan.document, "mode") == "tap";
  fmt::print("{} {} {}.\n", options.name, outcome.fresh ? "is onboarded" : outcome.changed ? "is changed" : "is known already",
             tap ? "in tap mode: nothing is put in its way, nothing can be in force on it" : fmt::format("in line, behind gateway {}", string_or(plan.document, "gateway")));
  if (!outcome.file.empty()) fmt::print("Its file: {}\n", outcome.file);
  fmt::print("Next: {}\n", next);
  if (!tap && !outcome.fresh) fmt::print("It is an endpoint in line, behind a gateway; ingest adds history to it.\n");
}

std::string shown_name(const std::string& name) {
  const Json text(name);
  return cell(&text);
}

}  // namespace

int onboard(Client& client, const OnboardOptions& options) {
  const bool json = client.connection().json;
  if (!is_name(options.name)) return report_error({Code::kInvalid, fmt::format("'{}' is no name of an endpoint: 1 to 64 of a-z 0-9 . _ -, and the first a letter or digit", shown_name(options.name)), "/name", 0}, json);
  const auto before = client.get("/api/v1/endpoints/" + options.name);
  if (!before && before.error().code != Code::kNotFound) return report_error(before.error(), json);
  OnboardPlan plan{before ? *before : blank_endpoint(options.name), {}, false};
  if (!options.from.empty()) {
    auto read = read_document(options.from, options.name);
    if (!read) return report_error(read.error(), json);
    plan.document = std::move(*read);
  }
  take_short_words(options, plan.document);
  const bool said = !options.from.empty() || !options.answers.empty() || !options.numeric.empty() || !options.categorical.empty() || !options.positive.empty();
  const bool asks = !said && !options.yes && !json && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  const OnboardKnown known = asks || !options.answers.empty() ? known_by(client) : OnboardKnown{};
  if (auto taken = take_answers(plan, known, options.answers); !taken) return report_error(taken.error(), json);
  if (asks && !interview(plan, known, std::cin, std::cout)) return kNegative;
  if (auto whole = check_whole(plan.document); !whole) return report_error(whole.error(), json);
  const std::string out = !options.out.empty() ? options.out : asks ? options.name + ".endpoint.json" : std::string();
  const auto outcome = register_it(client, options, plan, before, out);
  if (!outcome) return report_error(outcome.error(), json);
  const std::string next = fmt::format("firebreak ingest --endpoint {} FILE", options.name);
  if (!json) say(options, plan, *outcome, plan.baseline.empty() ? next : "firebreak status");
  if (!plan.baseline.empty()) {
    IngestOptions records;
    records.endpoint = options.name;
    records.file = plan.baseline;
    if (const int code = ingest_quietly(client, records); code != kDone) return code;
  }
  const auto ready = readiness_of(client, options.name);
  if (json) {
    JsonObject told{{"endpoint", options.name}, {"new", outcome->fresh}, {"changed", outcome->changed}, {"next", next}};
    if (!outcome->file.empty()) told["file"] = outcome->file;
    if (ready) told["readiness"] = *ready;
    std::fputs(pretty_json(told).c_str(), stdout);
  } else if (ready) {
    fmt::print("\n{}", readiness_text(*ready));
  }
  return kDone;
}

}  // namespace firebreak::cli
