// A release's model: a tree ensemble exported as JSON ("tree-ensemble-1"), as the model server of the fraud story and a drill's recorded model score it.
//
// A column "a=b" is 1 when feature a equals b, else 0; every other column is a numeric feature. Inputs are cast to
// float32 before they are compared, as the library that trained the trees does. Score = logistic(init + sum of
// leaves), rounded to 4 decimals; then the release's own threshold decides the label.
// Immutable after parsing; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::replay {

struct Scored {
  std::string_view label;
  double score = 0;
};

class Ensemble {
 public:
  static Result<Ensemble> parse(std::string_view text);

  // Names of the features a request must have.
  const std::vector<std::string>& numeric() const { return numeric_; }
  const std::vector<std::string>& categorical() const { return categorical_; }

  // One value per numeric() and categorical(), in their order.
  Scored score(const std::vector<double>& numbers, const std::vector<std::string_view>& categories) const;

  const std::string& version() const { return version_; }

 private:
  struct Node {
    std::int32_t column = -1;  // < 0: leaf
    double threshold = 0;  // compared with the float32 input
    std::int32_t left = 0, right = 0;
    double value = 0;
  };
  struct Column {
    bool categorical = false;
    std::size_t feature = 0;  // index into numeric_ or categorical_
    std::string equals;       // categorical
  };

  std::string version_, positive_, negative_;
  double init_ = 0, threshold_ = 0;
  std::vector<std::string> numeric_, categorical_;
  std::vector<Column> columns_;
  std::vector<std::vector<Node>> trees_;
};

}  // namespace firebreak::replay
