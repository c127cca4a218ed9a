#include "world/taps/guess.h"

#include <algorithm>
#include <map>
#include <set>

namespace firebreak::taps {
namespace {

constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kNames = 50;  // distinct texts from which a column may be an identifier

struct Column {
  std::size_t numbers = 0, others = 0, nested = 0;
  std::set<std::string> texts;
};

// Names that mean "the case that matters" wherever they occur.
std::string positive_of(const std::map<std::string, std::size_t>& answers) {
  for (const std::string_view word : {"1", "true", "yes", "positive", "decline", "declined", "deny", "reject", "fraud", "spam", "default"})
    if (answers.contains(std::string(word))) return std::string(word);
  const auto rarest = std::min_element(answers.begin(), answers.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return rarest == answers.end() ? "1" : rarest->first;
}

}  // namespace

Guess guess_schema(const std::vector<JsonObject>& records) {
  std::map<std::string, Column> columns;
  std::map<std::string, std::size_t> answers;
  std::size_t rows = 0;
  for (const JsonObject& record : records) {
    const auto features = record.find("features");
    if (features == record.end() || !features->value().is_object()) continue;
    ++rows;
    for (const auto& member : features->value().get_object()) {
      Column& column = columns[std::string(member.key())];
      const Json& value = member.value();
      if (value.is_number()) ++column.numbers;
      else if (value.is_object() || value.is_array()) ++column.nested;
      else if (!value.is_null()) {
        ++column.others;
        if (column.texts.size() <= kNames) column.texts.insert(canonical_json(value));
      }
    }
    if (const auto output = record.find("output"); output != record.end())
      if (const std::string label = string_or(output->value(), "label"); !label.empty()) ++answers[label];
  }
  Guess guess;
  for (const auto& [name, column] : columns) {
    const bool names = column.others == rows && column.texts.size() > kNames && column.texts.size() * 2 > std::min(rows, 2 * kNames);
    if (column.nested > 0 || (column.others > 0 && names)) guess.left_out.push_back(name);
    else if (column.others > 0) guess.features.categorical.push_back(name);
    else if (column.numbers > 0) guess.features.numeric.push_back(name);
  }
  if (answers.empty() || answers.size() > kMaxLabels) {
    guess.labels = {"0", "1"};
    guess.positive_label = "1";
    return guess;
  }
  for (const auto& [label, count] : answers) guess.labels.push_back(label);
  guess.positive_label = positive_of(answers);
  if (std::find(guess.labels.begin(), guess.labels.end(), guess.positive_label) == guess.labels.end())
    guess.labels.push_back(guess.positive_label);
  return guess;
}

}  // namespace firebreak::taps
