#include "run/main/table_answers.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace firebreak::cli {
namespace {

constexpr std::size_t kMostClasses = 20;  // of numbers: beyond it they are quantities

const table::Cell* cell_at(const TableRow& row, const std::optional<std::size_t>& column) {
  if (!column || *column >= row.size() || row[*column].form == table::Form::kAbsent) return nullptr;
  return &row[*column];
}

struct Kinds {
  std::map<std::string, std::size_t> texts;  // up to one more than kMostClasses
  bool numbers = true, shares = true, whole = true;
};

Kinds kinds_in(const std::vector<TableRow>& rows, const std::optional<std::size_t>& column) {
  Kinds out;
  for (const TableRow& row : rows) {
    const table::Cell* const cell = cell_at(row, column);
    if (cell == nullptr) continue;
    if (out.texts.size() <= kMostClasses || out.texts.contains(cell->text)) ++out.texts[cell->text];
    const auto number = number_in(*cell);
    out.numbers = out.numbers && number && std::isfinite(*number);
    out.shares = out.shares && number && *number >= 0 && *number <= 1;
    out.whole = out.whole && number && *number == std::trunc(*number);
  }
  return out;
}

// Errors beyond what nine in ten answers of the reference show count whole.
double usual_error(const std::vector<TableRow>& rows, const RowParts& parts) {
  std::vector<double> errors;
  for (const TableRow& row : rows) {
    const table::Cell *const truth = cell_at(row, parts.label), *const answer = cell_at(row, parts.prediction);
    if (truth == nullptr || answer == nullptr) continue;
    errors.push_back(std::fabs(number_in(*truth).value_or(0) - number_in(*answer).value_or(0)));
  }
  if (errors.empty()) return 1;
  const auto at = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() * 9 / 10);
  std::nth_element(errors.begin(), at, errors.end());
  return std::max(*at, 1e-12) * 2;
}

}  // namespace

std::string TableAnswers::answer_in(const TableRow& row) const {
  if (from_score) {
    const double value = score_in(row);
    return std::isnan(value) ? std::string() : value >= 0.5 ? positive : negative;
  }
  const table::Cell* const cell = cell_at(row, answer);
  return cell == nullptr ? std::string() : cell->text;
}

double TableAnswers::score_in(const TableRow& row) const {
  const table::Cell* const cell = cell_at(row, score);
  return cell == nullptr ? std::numeric_limits<double>::quiet_NaN() : number_in(*cell).value_or(std::numeric_limits<double>::quiet_NaN());
}

Result<TableAnswers> tell_answers(const std::vector<TableRow>& rows, const RowParts& parts, const std::string& positive, detect::PerformanceConfig& config) {
  TableAnswers out{false, parts.prediction, parts.score, {}, {}, false};
  if (!parts.label || (!parts.prediction && !parts.score)) return out;
  const Kinds truth = kinds_in(rows, parts.label), answers = kinds_in(rows, parts.prediction ? parts.prediction : parts.score);
  // Firebreak's own records bring their labels later.
  if (truth.texts.empty() && parts.type) return out;
  if (truth.texts.empty() || answers.texts.empty())
    return fail(Code::kInvalid, "the reference's rows have no label with an answer: --label, --prediction, --reference-rows");
  out.labelled = true;
  if (truth.numbers && truth.texts.size() > kMostClasses) {
    config.problem = detect::Problem::kRegression;
    config.error_limit = usual_error(rows, parts);
    return out;
  }
  if (truth.texts.size() > 2) {
    config.problem = detect::Problem::kMulticlass;
    return out;
  }
  const auto rarer = std::min_element(truth.texts.begin(), truth.texts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  out.positive = positive.empty() ? rarer->first : positive;
  if (!truth.texts.contains(out.positive)) return fail(Code::kInvalid, fmt::format("no label of the reference is '{}'", out.positive));
  for (const auto& [text, count] : truth.texts)
    if (text != out.positive) out.negative = text;
  out.from_score = !parts.prediction || (answers.shares && !answers.whole);
  if (out.from_score && parts.prediction) out.score = parts.prediction;
  config.problem = detect::Problem::kBinary;
  config.flagged_answer = config.positive_label = out.positive;
  return out;
}

}  // namespace firebreak::cli
