#include "run/replay/ensemble.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace firebreak::replay {
namespace {

Result<std::vector<double>> numbers(const Json& tree, std::string_view key) {
  const Json* list = find(tree, key);
  if (list == nullptr || !list->is_array()) return fail(Code::kInvalid, fmt::format("a tree has no list '{}'", key));
  std::vector<double> out;
  for (const Json& item : list->get_array()) {
    if (!item.is_number()) return fail(Code::kInvalid, fmt::format("'{}' holds something that is no number", key));
    out.push_back(item.to_number<double>());
  }
  return out;
}

std::size_t index_of(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  names.push_back(name);
  return names.size() - 1;
}

}  // namespace

Result<Ensemble> Ensemble::parse(std::string_view text) {
  FIREBREAK_ASSIGN(const Json document, parse_json(text));
  if (string_or(document, "format") != "tree-ensemble-1")
    return fail(Code::kInvalid, "not a model of format tree-ensemble-1", "/format");
  Ensemble model;
  FIREBREAK_ASSIGN(model.version_, get_string(document, "version"));
  FIREBREAK_ASSIGN(model.positive_, get_string(document, "positive"));
  FIREBREAK_ASSIGN(model.negative_, get_string(document, "negative"));
  FIREBREAK_ASSIGN(model.init_, get_number(document, "init"));
  FIREBREAK_ASSIGN(model.threshold_, get_number(document, "threshold"));
  FIREBREAK_ASSIGN(const std::vector<std::string> columns, get_strings(document, "columns"));
  for (const std::string& column : columns) {
    const std::size_t equals = column.find('=');
    if (equals == std::string::npos) {
      model.columns_.push_back({false, index_of(model.numeric_, column), {}});
    } else {
      model.columns_.push_back({true, index_of(model.categorical_, column.substr(0, equals)), column.substr(equals + 1)});
    }
  }
  const Json* trees = find(document, "trees");
  if (trees == nullptr || !trees->is_array()) return fail(Code::kInvalid, "the model has no trees", "/trees");
  for (const Json& tree : trees->get_array()) {
    FIREBREAK_ASSIGN(const auto feature, numbers(tree, "feature"));
    FIREBREAK_ASSIGN(const auto threshold, numbers(tree, "threshold"));
    FIREBREAK_ASSIGN(const auto left, numbers(tree, "left"));
    FIREBREAK_ASSIGN(const auto right, numbers(tree, "right"));
    FIREBREAK_ASSIGN(const auto value, numbers(tree, "value"));
    const std::size_t count = feature.size();
    if (count == 0 || threshold.size() != count || left.size() != count || right.size() != count || value.size() != count)
      return fail(Code::kInvalid, "the lists of a tree differ in length", "/trees");
    std::vector<Node> nodes(count);
    for (std::size_t i = 0; i < count; ++i) {
      const bool leaf = feature[i] < 0;
      const double self = static_cast<double>(i);
      // Children stand behind their parent: a walk always ends.
      if (!leaf && (feature[i] >= static_cast<double>(columns.size()) || left[i] <= self || right[i] <= self ||
                    left[i] >= static_cast<double>(count) || right[i] >= static_cast<double>(count)))
        return fail(Code::kInvalid, "a tree node points outside its tree", "/trees");
      nodes[i] = {leaf ? -1 : static_cast<std::int32_t>(feature[i]), threshold[i],
                  static_cast<std::int32_t>(left[i]), static_cast<std::int32_t>(right[i]), value[i]};
    }
    model.trees_.push_back(std::move(nodes));
  }
  return model;
}

Scored Ensemble::score(const std::vector<double>& numbers, const std::vector<std::string_view>& categories) const {
  std::vector<float> inputs(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    inputs[i] = column.categorical ? (categories[column.feature] == column.equals ? 1.0F : 0.0F)
                                   : static_cast<float>(numbers[column.feature]);
  }
  double sum = init_;
  for (const std::vector<Node>& nodes : trees_) {
    std::size_t at = 0;
    while (nodes[at].column >= 0) {
      const Node& node = nodes[at];
      at = static_cast<std::size_t>(inputs[static_cast<std::size_t>(node.column)] <= node.threshold ? node.left
                                                                                                   : node.right);
    }
    sum += nodes[at].value;
  }
  const double score = std::round(1.0 / (1.0 + std::exp(-sum)) * 1e4) / 1e4;
  return {score >= threshold_ ? positive_ : negative_, score};
}

}  // namespace firebreak::replay
