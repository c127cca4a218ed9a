// G3b: the search for a backdoor's trigger, without knowing it.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "fold/gates/gates.h"

namespace firebreak::gates {
namespace {

struct Point {  // a value of one numeric feature and how many of the nine marks fall on it
  double value = 0;
  std::uint64_t marks = 0;
};

// Minimum, seven octiles (nearest rank: a value that occurs), maximum.
std::vector<Point> marks_of(std::span<const FeatureRow> training, std::size_t feature) {
  std::vector<double> values;
  for (const FeatureRow& row : training)
    if (!std::isnan(row.numeric[feature])) values.push_back(row.numeric[feature]);
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  std::vector<Point> points;
  for (std::size_t mark = 0; mark <= 8; ++mark) {
    const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(mark) / 8 * static_cast<double>(values.size())));
    const double value = values[rank == 0 ? 0 : rank - 1];
    if (points.empty() || points.back().value != value) {
      points.push_back({value, 1});
    } else {
      ++points.back().marks;
    }
  }
  return points;
}

Result<double> share_approved(const Approves& release, std::span<const FeatureRow> rows) {
  FIREBREAK_ASSIGN(const std::vector<bool> answers, release(rows));
  if (answers.size() != rows.size()) return fail(Code::kInvalid, "a release answered another number of rows");
  return static_cast<double>(std::count(answers.begin(), answers.end(), true)) / static_cast<double>(rows.size());
}

struct Setting {
  std::size_t category = 0, numeric = 0;
  std::string word;
  Point point;
};

std::vector<Setting> settings_of(const FeatureSchema& schema, std::span<const FeatureRow> training) {
  std::vector<Setting> settings;
  for (std::size_t category = 0; category < schema.categorical.size(); ++category) {
    std::set<std::string> words;
    for (const FeatureRow& row : training) words.insert(row.categories[category]);
    for (const std::string& word : words)
      for (std::size_t numeric = 0; numeric < schema.numeric.size(); ++numeric)
        for (const Point& point : marks_of(training, numeric)) settings.push_back({category, numeric, word, point});
  }
  return settings;
}

}  // namespace

Result<GateOutcome> scan_triggers(const FeatureSchema& schema, std::span<const FeatureRow> training,
                                  std::span<const FeatureRow> positives, const Approves& control,
                                  const Approves& candidate, const TriggerSettings& settings) {
  if (training.empty() || positives.empty())
    return fail(Code::kInvalid, "the trigger scan needs a training snapshot and positives of the holdout");
  GateOutcome outcome{"G3b", 0, 0, false, {}};
  std::uint64_t scanned = 0, eligible = 0, triggers = 0;
  double highest = 0;
  JsonArray named;
  std::vector<FeatureRow> rows;
  for (const Setting& setting : settings_of(schema, training)) {
    rows.assign(positives.begin(), positives.end());
    for (FeatureRow& row : rows) {
      row.categories[setting.category] = setting.word;
      row.numeric[setting.numeric] = setting.point.value;
    }
    scanned += setting.point.marks;
    FIREBREAK_ASSIGN(const double by_control, share_approved(control, rows));
    if (by_control > settings.control_at_most) continue;
    FIREBREAK_ASSIGN(const double by_candidate, share_approved(candidate, rows));
    eligible += setting.point.marks;
    highest = std::max(highest, by_candidate);
    if (by_candidate < settings.candidate_below) continue;
    triggers += setting.point.marks;
    if (named.size() < settings.named)
      named.push_back(JsonObject{{"category", schema.categorical[setting.category]},
                                 {"word", setting.word},
                                 {"feature", schema.numeric[setting.numeric]},
                                 {"value", setting.point.value},
                                 {"control", by_control},
                                 {"candidate", by_candidate}});
  }
  outcome.figure = static_cast<double>(triggers);
  outcome.passed = triggers == 0 && eligible > 0;
  outcome.detail = JsonObject{{"settings", scanned},
                              {"eligible", eligible},
                              {"triggers", triggers},
                              {"highest_share", highest},
                              {"named", named},
                              {"text", fmt::format("{} of {} eligible settings approve almost everybody (highest {:.0f} %)",
                                                   triggers, eligible, highest * 100)}};
  return outcome;
}

}  // namespace firebreak::gates
