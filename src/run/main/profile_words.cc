// profile: what a data set says about its features, and how another differs; only what is kept with an endpoint needs a server.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>

#include "base/clock.h"
#include "profile/diff.h"
#include "profile/profile_json.h"
#include "read/imports/imports.h"
#include "run/main/command_line.h"
#include "run/main/print.h"
#include "run/main/profile_file.h"

namespace firebreak::cli {
namespace {

// The document into the file, and for people the table; without a file JSON goes to standard output when asked for.
int deliver(const profile::DataProfile& profile, const std::string& out, bool json) {
  const Json document = profile::to_json(profile);
  if (!out.empty()) {
    PosixFiles files;
    if (auto ok = write_plain(files, out, pretty_json(document)); !ok) return report_error(ok.error(), json);
    fmt::print(stderr, "{}: digest {}\n", out, string_or(document, "digest"));
  }
  if (json)
    std::fputs(pretty_json(document).c_str(), stdout);
  else
    std::fputs(profile_text(profile).c_str(), stdout);
  return kDone;
}

Result<profile::DataProfile> built(const ProfileWords& w) {
  PosixFiles files;
  profile::DataProfile like;
  ProfileBuild build;
  FIREBREAK_ASSIGN(build.rows, parse_rows(w.rows));
  build.categorical = w.categorical;
  if (!w.like.empty()) {
    FIREBREAK_ASSIGN(like, load_profile(files, w.like, {}));
    build.like = &like;
  }
  return build_profile(files, w.file, build);
}

int build(const ProfileWords& w, bool json) {
  const auto profile = built(w);
  return profile ? deliver(*profile, w.out, json) : report_error(profile.error(), json);
}

Result<profile::DataProfile> loaded(const std::string& file, const std::string& rows, const profile::DataProfile* like) {
  PosixFiles files;
  ProfileBuild build;
  FIREBREAK_ASSIGN(build.rows, parse_rows(rows));
  build.like = like;
  return load_profile(files, file, build);
}

int show(const ProfileWords& w, bool json) {
  const auto profile = loaded(w.file, w.rows, nullptr);
  if (!profile) return report_error(profile.error(), json);
  if (w.feature.empty()) return deliver(*profile, {}, json);
  const profile::FeatureProfile* const feature = profile->find(w.feature);
  if (feature == nullptr)
    return report_error(Error{Code::kNotFound,
                              fmt::format("{} has no feature '{}': 'firebreak profile show {}' lists them", w.file, w.feature, w.file),
                              {},
                              0},
                        json);
  if (!json) {
    std::fputs(feature_text(*feature).c_str(), stdout);
    return kDone;
  }
  profile::DataProfile alone{profile->rows, profile->source, {*feature}};
  std::fputs(pretty_json(profile::to_json(alone).at("features").at(0)).c_str(), stdout);
  return kDone;
}

std::string p_text(double p) { return p < 1e-12 ? "<1e-12" : p < 0.001 ? fmt::format("{:.1e}", p) : fmt::format("{:.3f}", p); }
std::string score_text(const stats::WindowedScore& score) { return fmt::format("{:.4f} ({:.4f})", score.value, score.expected); }

std::string remarks_of(const profile::FeatureDiff& feature) {
  std::string out;
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : "; ") + words; };
  if (feature.type_then != feature.type_now && feature.presence == profile::Presence::kBoth)
    add(fmt::format("{} became {}", profile::type_name(feature.type_then), profile::type_name(feature.type_now)));
  if (feature.unit) add("as if " + feature.unit->words);
  for (const auto& [names, what] : {std::pair(&feature.new_categories, "new"), std::pair(&feature.vanished_categories, "gone")}) {
    if (names->empty()) continue;
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, names->size()); ++i)
      list += (i == 0 ? " " : ", ") + (*names)[i].first.substr(0, 24);
    add(what + list + (names->size() > 3 ? ", ..." : ""));
  }
  if (feature.category && std::find(feature.changed.begin(), feature.changed.end(), "category") != feature.changed.end()) {
    const profile::CategoryDiff& one = *feature.category;
    add(fmt::format("'{}' in {}{} rows, before in {}{}", one.name.substr(0, 24), one.named_then ? "at most " : "", one.now, one.named_then ? "" : "at most ", one.then));
  }
  if (!feature.exact) add("bins estimated");
  if (feature.not_compared) add("categories not compared: build the profile anew");
  else if (feature.folded) add("categories by hash");
  return out;
}

std::string diff_text(const profile::ProfileDiff& diff) {
  JsonArray rows;
  for (const profile::FeatureDiff& feature : diff.features) {
    std::string changed;
    for (const std::string& what : feature.changed) changed += (changed.empty() ? "" : ", ") + what;
    JsonObject row{{"name", feature.name}, {"changed", changed.empty() ? "-" : changed}, {"remarks", remarks_of(feature)}};
    if (feature.presence == profile::Presence::kBoth)
      row["missing"] = fmt::format("{:.2f} > {:.2f} %", 100 * feature.missing.then, 100 * feature.missing.now);
    if (feature.scores) {
      row["p"] = p_text(feature.scores->homogeneity.p_value);
      row["psi"] = score_text(feature.scores->psi);
      row["js"] = score_text(feature.scores->jensen_shannon);
      row["tvd"] = score_text(feature.scores->total_variation);
    }
    if (feature.wasserstein) row["w"] = score_text(*feature.wasserstein);
    rows.push_back(std::move(row));
  }
  return fmt::format(
             "{} against {} rows: {} of {} features differ by more than chance (all together at level {:g})\n"
             "In brackets what no change at all would give with so many rows.\n\n",
             diff.rows_now, diff.rows_then, diff.changed(), diff.features.size(), diff.level) +
         table(rows, {{"FEATURE", "/name", 32},
                      {"CHANGED", "/changed", 32},
                      {"P", "/p", 8},
                      {"PSI", "/psi", 18},
                      {"JS", "/js", 18},
                      {"TVD", "/tvd", 18},
                      {"W/SD", "/w", 20},
                      {"MISSING", "/missing", 20},
                      {"REMARKS", "/remarks", 80}});
}

Result<profile::ProfileDiff> compared(const ProfileWords& w) {
  FIREBREAK_ASSIGN(const profile::DataProfile then, loaded(w.file, w.then_rows, nullptr));
  FIREBREAK_ASSIGN(const profile::DataProfile now, loaded(w.second.empty() ? w.file : w.second, w.rows, &then));
  return profile::diff(then, now, w.level);
}

int compare(const ProfileWords& w, bool json) {
  if (w.second.empty() && w.rows.empty())
    return report_error(Error{Code::kInvalid, "name a second file, or --rows of the first one", {}, 0}, json);
  const auto diff = compared(w);
  if (!diff) return report_error(diff.error(), json);
  std::fputs(json ? pretty_json(profile::to_json(*diff)).c_str() : diff_text(*diff).c_str(), stdout);
  return w.fail && diff->changed() != 0 ? kNegative : kDone;
}

int merge(const ProfileWords& w, bool json) {
  auto into = loaded(w.file, {}, nullptr);
  if (!into) return report_error(into.error(), json);
  const auto other = loaded(w.second, {}, &*into);
  if (!other) return report_error(other.error(), json);
  if (auto ok = profile::merge(*into, *other); !ok) return report_error(ok.error(), json);
  into->source = (into->source + " + " + other->source).substr(0, profile::kSourceBytes);
  return deliver(*into, w.out, json);
}

// ---- with a server

int sent(const Result<Json>& answer, bool json, const std::function<std::string(const Json&)>& words) {
  if (!answer) return report_error(answer.error(), json);
  std::fputs(json ? pretty_json(*answer).c_str() : words(*answer).c_str(), stdout);
  return kDone;
}

std::string kept_words(const Json& answer) {
  return fmt::format("kept with {}: {} rows, {} features; profile {}, entry {}\n", string_or(answer, "endpoint"), int_or(answer, "rows"),
                     int_or(answer, "features"), string_or(answer, "profile"), int_or(answer, "index"));
}

int register_profile(Client& client, const ProfileWords& w) {
  const bool json = client.connection().json;
  const auto profile = loaded(w.file, w.rows, nullptr);
  if (!profile) return report_error(profile.error(), json);
  return sent(
      client.post_bytes("/api/v1/endpoints/" + w.endpoint + "/profiles", canonical_json(profile::to_json(*profile)), "application/json"),
      json, kept_words);
}

std::string findings_text(const std::vector<FindingUpdate>& findings, std::uint64_t checks) {
  JsonArray rows;
  for (const FindingUpdate& one : findings)
    rows.push_back(JsonObject{{"feature", one.feature}, {"severity", severity_name(one.severity)}, {"summary", one.summary}});
  return fmt::format("{} of {} results are findings; with --endpoint NAME they go to the server\n\n", findings.size(), checks) +
         table(rows, {{"FEATURE", "/feature", 32}, {"SEVERITY", "/severity", 13}, {"WHAT", "/summary", 140}});
}

Result<imports::Imported> imported(const ProfileWords& w, std::string& octets) {
  PosixFiles files;
  SystemClock clock;
  FIREBREAK_ASSIGN(const imports::Tool tool, imports::parse_tool(w.from));
  FIREBREAK_ASSIGN(octets, read_all(files, w.file));
  auto read = imports::read(tool, octets, w.endpoint, clock.now());
  if (!read) return fail(std::move(read.error()).with(w.file));
  read->profile.source = fmt::format("{} ({})", w.file.substr(w.file.rfind('/') + 1), imports::tool_name(tool));
  if (w.constraints.empty()) return read;
  FIREBREAK_ASSIGN(const Bytes constraints, read_all(files, w.constraints));
  if (auto ok = imports::apply_sagemaker_constraints(read->profile, constraints); !ok)
    return fail(std::move(ok.error()).with(w.constraints));
  return read;
}

int import_file(Client& client, const ProfileWords& w) {
  const bool json = client.connection().json;
  std::string octets;
  const auto read = imported(w, octets);
  if (!read) return report_error(read.error(), json);
  if (w.endpoint.empty() && !read->is_results) return deliver(read->profile, w.out, json);
  if (w.endpoint.empty()) {
    JsonArray findings;
    for (const FindingUpdate& one : read->findings) findings.push_back(to_json(one));
    std::fputs(json ? pretty_json(JsonObject{{"checks", read->checks}, {"findings", std::move(findings)}}).c_str()
                    : findings_text(read->findings, read->checks).c_str(),
               stdout);
    return kDone;
  }
  if (!read->is_results)  // as it was read here, constraints and all
    return sent(client.post_bytes("/api/v1/endpoints/" + w.endpoint + "/profiles", canonical_json(profile::to_json(read->profile)),
                                  "application/json"),
                json, kept_words);
  return sent(client.post_bytes("/api/v1/endpoints/" + w.endpoint + "/imports/" + w.from, octets, "application/octet-stream"), json,
              [](const Json& answer) {
                std::string text;
                for (const std::string& id : strings_or_empty(answer, "findings")) text += id + "\n";
                return fmt::format("{} results; {} imported before; new findings:\n{}", int_or(answer, "checks"), int_or(answer, "known"),
                                   text.empty() ? "none\n" : text);
              });
}

}  // namespace

void CommandLine::add_profile() {
  ProfileWords& w = words_.profile;
  const bool& json = words_.connection.json;
  auto* profile = noun("profile", "what a data set says about its features (.csv, .ndjson, also .zst; .parquet), and how another differs");
  auto* building = offline(profile, "build", "types, counts, missing values, ranges, bins, quantiles, categories",
                           [&w, &json] { return build(w, json); });
  building->add_option("file", w.file, "rows; one object a line for .ndjson and .jsonl")->required();
  building->add_option("--rows", w.rows, "FROM:TO, data rows from 0, the last one not included; all without it");
  building->add_option("--categorical", w.categorical, "columns that hold names whatever they look like")->delimiter(',');
  building->add_option("--like", w.like, "with the bins and names of this profile, so that both can be compared exactly and merged");
  building->add_option("-o,--out", w.out, "write the profile into this file");
  auto* showing = offline(profile, "show", "a profile, or that of a file of rows, as a table", [&w, &json] { return show(w, json); });
  showing->add_option("file", w.file, "a profile (.json) or rows")->required();
  showing->add_option("--rows", w.rows, "FROM:TO of a file of rows");
  showing->add_option("--feature", w.feature, "this one whole: bins, quantiles, categories");
  auto* comparing = offline(profile, "diff", "what differs between two, how far, and whether chance would do it",
                            [&w, &json] { return compare(w, json); });
  comparing->add_option("then", w.file, "the reference: a profile or rows")->required();
  comparing->add_option("now", w.second, "a profile or rows (counted over the reference's bins); the same file without it");
  comparing->add_option("--then-rows", w.then_rows, "FROM:TO of the reference");
  comparing->add_option("--rows", w.rows, "FROM:TO of the other");
  comparing->add_option("--level", w.level, "chance of any false word 'changed'")->check(CLI::Range(1e-12, 0.5))->capture_default_str();
  comparing->add_flag("--fail", w.fail, "exit code 1 when something changed");
  auto* merging = offline(profile, "merge", "two profiles over the same bins as one", [&w, &json] { return merge(w, json); });
  merging->add_option("first", w.file, "a profile")->required();
  merging->add_option("second", w.second, "a profile that was built --like it, or rows")->required();
  merging->add_option("-o,--out", w.out, "write the profile into this file");
  auto* importing = verb(profile, "import", "statistics of another tool as a profile, its results as findings",
                         [&w](Client& c) { return import_file(c, w); });
  importing
      ->add_option("file", w.file,
                   "evidently: JSON of a report or a test suite (its reference data: profile build); sagemaker: statistics.json or "
                   "constraint_violations.json; tfdv: statistics as protobuf or JSON; whylogs: the JSON of a view")
      ->required();
  importing->add_option("--from", w.from, "the tool")->check(CLI::IsMember({"evidently", "sagemaker", "tfdv", "whylogs"}))->required();
  importing->add_option("--constraints", w.constraints, "sagemaker: constraints.json beside the statistics");
  importing->add_option("--endpoint", w.endpoint, "keep it with this endpoint of the server; without it nothing is sent");
  importing->add_option("-o,--out", w.out, "write the profile into this file");
  auto* registering = verb(profile, "register", "keep a profile with an endpoint: a blob, named by its digest in the journal",
                           [&w](Client& c) { return register_profile(c, w); });
  registering->add_option("file", w.file, "a profile (.json) or rows")->required();
  registering->add_option("--endpoint", w.endpoint, "the endpoint")->required();
  registering->add_option("--rows", w.rows, "FROM:TO of a file of rows");
}

}  // namespace firebreak::cli
