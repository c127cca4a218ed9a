// firebreak endpoint performance: figures of an endpoint's answers as text.
#include <fmt/core.h>

#include "run/main/print.h"
#include "run/main/screens.h"

namespace firebreak::cli {
namespace {

std::string three(const Json* value) {
  return value == nullptr || value->is_null() ? "-" : fmt::format("{:.3f}", value->to_number<double>());
}

std::string band(const Json& item) { return three(find(item, "low")) + " to " + three(find(item, "high")); }

const JsonArray& list(const Json& report, std::string_view key) {
  static const JsonArray none;
  const Json* found = find(report, key);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

std::string summary(const Json& report) {
  JsonArray rows;
  const auto says = [](const Json& item) { return find(item, "value") != nullptr && !find(item, "value")->is_null(); };
  for (const Json& item : list(report, "measures"))
    if (says(item)) rows.push_back(JsonObject{{"figure", string_or(item, "figure")}, {"value", three(find(item, "value"))}, {"band", band(item)},
                              {"n", *find(item, "n")}, {"baseline", three(find(item, "baseline"))}, {"limit", three(find(item, "limit"))},
                              {"basis", string_or(item, "basis")}, {"state", item.at("open").as_bool() ? "DROPPED" : "as expected"}});
  for (const Json& item : list(report, "estimated"))
    if (says(item)) rows.push_back(JsonObject{{"figure", string_or(item, "figure")}, {"value", three(find(item, "value"))}, {"band", band(item)},
                              {"n", *find(item, "n")}, {"baseline", "-"}, {"limit", "-"}, {"basis", "estimated"}, {"state", ""}});
  if (rows.empty()) return "no figures yet: too few labels\n" + details(report.at("labels"));
  return table(rows, {{"FIGURE", "/figure", 20}, {"VALUE", "/value", 10}, {"BAND", "/band", 20}, {"OF NEWEST", "/n", 10},
                      {"BASELINE", "/baseline", 10}, {"LIMIT", "/limit", 10}, {"FROM", "/basis", 14}, {"STATE", "/state", 12}}) +
         "\nlabels\n" + details(report.at("labels"), 1);
}

// Measures stand in items as {value, low?, high?, n}.
JsonArray flat(const JsonArray& items) {
  JsonArray rows;
  for (const Json& item : items) {
    JsonObject row;
    for (const auto& [key, value] : item.as_object()) {
      if (value.is_object())
        row[key] = three(find(value, "value")) + fmt::format(" ({:.0f})", value.at("n").to_number<double>());
      else if (value.is_double())
        row[key] = three(&value);
      else
        row[key] = value;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::string performance_text(const Json& report, const std::string& part) {
  constexpr std::size_t kWide = 18;
  std::vector<Column> columns = {{"ERROR", "/error_rate", kWide}, {"PRECISION", "/precision", kWide}, {"RECALL", "/recall", kWide},
                                 {"BRIER", "/brier", kWide},      {"MAE", "/mae", kWide},             {"RMSE", "/rmse", kWide},
                                 {"RANKING", "/rank_quality", kWide}};
  if (part == "windows") {
    columns.insert(columns.begin(), {{"START", "/start", 24}, {"ANSWERS", "/answers", 10}, {"LABELS", "/labels", 10}});
    columns.insert(columns.end(), {{"EST. ERROR", "/estimated_error_rate", 10}, {"EST. PRECISION", "/estimated_precision", 14}});
    return table(flat(list(report, "windows")), columns);
  }
  if (part == "segments") {
    columns.insert(columns.begin(), {{"SEGMENT", "/segment", 40}, {"ANSWERS", "/answers", 10}});
    return table(flat(list(report, "segments")), columns);
  }
  return summary(report);
}

}  // namespace firebreak::cli
