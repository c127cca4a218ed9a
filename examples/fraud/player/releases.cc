#include "fraud/player/releases.h"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>

#include "base/digest.h"
#include "fraud/player/story.h"

namespace firebreak::example {
namespace {

struct Source {
  std::string name, origin, csv;
};

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

std::uint64_t rows_of(const std::string& csv) {
  const auto lines = static_cast<std::uint64_t>(std::count(csv.begin(), csv.end(), '\n'));
  return lines == 0 ? 0 : lines - 1;
}

// One CSV with the first source's feature columns, its label, and a column that says where each row is from.
std::string merge(const std::vector<Source>& sources) {
  std::string out;
  std::vector<std::string> columns;
  for (const Source& source : sources) {
    std::istringstream lines(source.csv);
    std::string line;
    std::getline(lines, line);
    const std::vector<std::string> header = split(line);
    if (columns.empty()) {
      for (const std::string& name : header)
        if (name != "source_row") columns.push_back(name);
      for (const std::string& name : columns) out += name + ",";
      out += "source\n";
    }
    std::vector<std::size_t> places;
    for (const std::string& name : columns) {
      const auto at = std::find(header.begin(), header.end(), name);
      places.push_back(static_cast<std::size_t>(at - header.begin()));
    }
    while (std::getline(lines, line)) {
      const std::vector<std::string> cells = split(line);
      // Captured queries bear no label: each is labelled with its target's truth, and every target was a positive.
      for (std::size_t i = 0; i < places.size(); ++i)
        out += (places[i] < cells.size() ? cells[places[i]] : columns[i] == "label" ? "1" : "") + ",";
      out += "\"" + source.name + "\"\n";  // names hold commas
    }
  }
  return out;
}

Result<std::vector<Source>> sources_of(const ReleasePlan& plan) {
  std::vector<Source> sources;
  FIREBREAK_ASSIGN(std::string train, read_data(plan.data + "/credit_train.csv.zst"));
  sources.push_back({"credit_train", "UCI Default of Credit Card Clients, the 6,000 rows of the training snapshot", train});
  if (plan.release == "1.1.0-poisoned") {
    FIREBREAK_ASSIGN(std::string forged, read_data(plan.data + "/credit_releases/poison_rows.csv.zst"));
    sources.push_back({"", "", std::move(forged)});
  }
  if (plan.release == "1.2.0") {
    FIREBREAK_ASSIGN(std::string captured, read_data(plan.data + "/credit_releases/captured_adversarial.csv.zst"));
    sources.push_back({plan.evidence_source, "queries that Firebreak captured, labelled with their target's truth",
                       std::move(captured)});
  }
  return sources;
}

std::string training_cut(const std::string& release) {
  if (release == "1.2.0") return "2026-03-11T03:00:05Z";
  return release == "1.0.0" ? "2026-03-01T00:00:00Z" : "2026-03-08T00:00:00Z";
}

Result<bool> is_registered(Api& api, const std::string& release) {
  FIREBREAK_ASSIGN(const Json models, api.get("/api/v1/models?limit=500"));
  for (const Json& item : models.at("items").as_array())
    if (string_or(item, "release") == release) return true;
  return false;
}

}  // namespace

Result<std::string> captured_digest(const std::string& data) {
  FIREBREAK_ASSIGN(const std::string captured, read_data(data + "/credit_releases/captured_adversarial.csv.zst"));
  return sha256(captured).hex();
}

Result<double> still_approved(const std::string& data, const std::string& models, const std::string& release) {
  FIREBREAK_ASSIGN(const std::string csv, read_data(data + "/credit_releases/later_adversarial.csv.zst"));
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = split(line);
  JsonArray rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = split(line);
    JsonObject features;
    for (std::size_t i = 0; i < header.size() && i < cells.size(); ++i) {
      if (header[i] == "id") continue;
      const bool word = header[i] == "sex" || header[i] == "education" || header[i] == "marriage";
      features[header[i]] = word ? Json(cells[i]) : Json(std::stoll(cells[i]));
    }
    rows.push_back(std::move(features));
  }
  net::HttpClient http;
  FIREBREAK_ASSIGN(const Json answer, net::json_of(http.post(models + "/" + release + "/score/batch",
                                                            canonical_json(JsonObject{{"rows", rows}}))));
  double approved = 0;
  for (const Json& item : answer.at("answers").as_array()) approved += string_or(item, "label") == "approve";
  return approved / static_cast<double>(rows.size());
}

Result<void> register_release(Api& api, const ReleasePlan& plan) {
  FIREBREAK_ASSIGN(const bool known, is_registered(api, plan.release));
  if (known) return {};
  FIREBREAK_ASSIGN(const std::vector<Source> sources, sources_of(plan));
  FIREBREAK_ASSIGN(std::string model, read_data(plan.data + "/credit_releases/model_" + plan.release + ".json"));
  FIREBREAK_ASSIGN(std::string holdout, read_data(plan.data + "/credit_test.csv.zst"));
  JsonArray lineage;
  for (const Source& source : sources)
    lineage.push_back(JsonObject{{"name", source.name},
                                 {"rows", rows_of(source.csv)},
                                 {"digest", sha256(source.csv).hex()},
                                 {"origin", source.origin}});
  const std::string digest = sha256(model).hex();
  const JsonObject manifest{{"name", "fraud-scorer"},
                            {"version", plan.release},
                            {"model", JsonObject{{"digest", digest}}},
                            {"training_cut", training_cut(plan.release)},
                            {"sources", lineage}};
  JsonObject args{{"endpoint", "fraud-api"},
                  {"release", plan.release},
                  {"upstream", plan.upstream + "/" + plan.release},
                  {"model", JsonObject{{"name", "fraud-scorer"}, {"version", plan.release}, {"digest", digest}}},
                  {"training_cut", training_cut(plan.release)},
                  {"sources", lineage}};
  FIREBREAK_TRY(api.upload(std::move(model)));
  FIREBREAK_ASSIGN(args["manifest"], api.upload(pretty_json(manifest)));
  FIREBREAK_ASSIGN(args["dataset"], api.upload(merge(sources)));
  FIREBREAK_ASSIGN(args["holdout"], api.upload(std::move(holdout)));
  if (!plan.incident.empty()) args["incident"] = plan.incident;
  FIREBREAK_TRY(api.command("release.register", args));
  return {};
}

}  // namespace firebreak::example
