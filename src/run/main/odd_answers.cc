#include "run/main/odd_answers.h"

#include <cmath>
#include <limits>

namespace firebreak::cli {

void OddAnswers::Odd::add(std::uint64_t at, const std::string& what) {
  if (count++ > 0) return;
  row = at;
  text = what.substr(0, 40);
}

Json OddAnswers::json(const Odd& odd) {
  if (odd.count == 0) return nullptr;
  return JsonObject{{"count", odd.count}, {"first_row", odd.row}, {"first", odd.text.empty() ? Json() : Json(odd.text)}};
}

Json OddAnswers::scores_outside() const {
  Json out = json(scores_);
  if (!out.is_null()) out.as_object()["none_from"] = none_from_ ? Json(*none_from_) : Json();
  return out;
}

void OddAnswers::weigh_score(bool outside, std::uint64_t row) {
  newest_[next_++ % kScores] = outside;
  if (!none_from_ && newest_.count() > kMostOutside) none_from_ = row;
}

void OddAnswers::take(const TableAnswers& answers, const TableRow& row, Observation& seen) {
  const std::string wrong = answers.wrong_score(row);
  if (!wrong.empty()) scores_.add(seen.index, wrong);
  else if (seen.label.empty()) without_.add(seen.index, {});
  if (!answers.shares) return;
  if (!wrong.empty() || !std::isnan(seen.score)) weigh_score(!wrong.empty(), seen.index);
  if (!none_from_) return;
  // Those outside stay for who watches them as such (probability_rule); no figure takes them.
  if (wrong.empty()) seen.score = std::numeric_limits<double>::quiet_NaN();
  if (answers.from_score) seen.label.clear();
}

void OddAnswers::take_label(const TableAnswers& answers, const std::string& label, std::uint64_t row) {
  if (!answers.classes.empty() && !label.empty() && !answers.classes.contains(label)) labels_.add(row, label);
}

}  // namespace firebreak::cli
