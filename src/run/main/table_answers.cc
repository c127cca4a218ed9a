#include "run/main/table_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "fold/detect/measures.h"
#include "run/main/table_number.h"

namespace firebreak::cli {
namespace {

constexpr std::size_t kMostClasses = 20;  // of numbers: beyond it they are quantities

const table::Cell* cell_at(const TableRow& row, const std::optional<std::size_t>& column) {
  if (!column || *column >= row.size() || row[*column].form == table::Form::kAbsent) return nullptr;
  return &row[*column];
}

struct Kinds {
  ClassCounts texts;
  bool numbers = true, whole = true;
};

Kinds kinds_in(const std::vector<TableRow>& rows, const std::optional<std::size_t>& column) {
  Kinds out;
  for (const TableRow& row : rows) {
    const table::Cell* const cell = cell_at(row, column);
    if (cell == nullptr) continue;
    ++out.texts[class_name(cell->text)];
    const auto number = number_in(*cell);
    out.numbers = out.numbers && number && std::isfinite(*number);
    out.whole = out.whole && number && *number == std::trunc(*number);
  }
  return out;
}

// Which of two labels claims a positive.
Result<void> tell_classes(const ClassCounts& labels, const std::string& positive, TableAnswers& out) {
  if (labels.size() == 1 && positive.empty())
    return fail(Code::kInvalid, fmt::format("all labels of the reference are '{}': what a positive is only --positive can say, or a reference with both (--reference-rows)",
                                            labels.begin()->first));
  const auto rarer = std::min_element(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  out.positive = positive.empty() ? rarer->first : class_name(positive);
  if (labels.size() > 1 && !labels.contains(out.positive))
    return fail(Code::kInvalid, fmt::format("no label of the reference is '{}'; they are '{}' and '{}': --positive", out.positive, labels.begin()->first, labels.rbegin()->first));
  for (const auto& [text, count] : labels)
    if (text != out.positive) out.negative = text;
  if (out.negative.empty()) out.negative = "not " + out.positive;
  out.problem = labels.size() == 1 ? fmt::format("all labels are '{}'", labels.begin()->first)
                                   : fmt::format("the labels are '{}' and '{}'", labels.begin()->first, labels.rbegin()->first);
  if (positive.empty()) out.problem += "; the rarer of them is taken as the positive one, --positive says otherwise";
  return {};
}

// "'a', 'b', …", the most frequent ones first.
std::string listed(const ClassCounts& classes) {
  constexpr std::size_t kListed = 4;
  std::vector<std::pair<std::string, std::size_t>> all(classes.begin(), classes.end());
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> words;
  for (const auto& [text, count] : all)
    if (words.size() < kListed) words.push_back(fmt::format("'{}'", text.substr(0, 40)));
  return fmt::format("{}{}", fmt::join(words, ", "), all.size() > kListed ? ", ..." : "");
}

// Truth and answers that never meet would make every answer wrong, or none, for ever.
Result<void> check_spelling(const ClassCounts& labels, const ClassCounts& answers, const std::string& positive) {
  const std::string both = fmt::format("the labels are {}, the answers of the reference are {}", listed(labels), listed(answers));
  if (std::none_of(labels.begin(), labels.end(), [&answers](const auto& one) { return answers.contains(one.first); }))
    return fail(Code::kInvalid, fmt::format("no label occurs among the answers: {}; write both alike, as they are compared letter by letter (numbers as numbers), name "
                                            "both words in --config (performance: flagged_answer, positive_label), or give a column of probabilities as --score in the place of "
                                            "--prediction", both));
  if (positive.empty() || answers.contains(positive)) return {};
  return fail(Code::kInvalid, fmt::format("the answers never take the positive class '{}': {}; write both alike, say which class is meant with --positive, or give a "
                                          "reference in which the model answers it (--reference-rows)", positive, both));
}

// Errors beyond what nine in ten answers of the reference show count whole.
double usual_error(const std::vector<TableRow>& rows, const RowParts& parts) {
  std::vector<double> errors;
  for (const TableRow& row : rows) {
    const table::Cell *const truth = cell_at(row, parts.label), *const answer = cell_at(row, parts.prediction);
    if (truth == nullptr || answer == nullptr) continue;
    const double error = std::fabs(number_in(*truth).value_or(0) - number_in(*answer).value_or(0));
    if (std::isfinite(error)) errors.push_back(error);
  }
  if (errors.empty()) return 1;
  const auto at = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() * 9 / 10);
  std::nth_element(errors.begin(), at, errors.end());
  return std::max(*at, 1e-12) * 2;
}

std::string why_not_watched(detect::Measure measure, const TableAnswers& answers, const detect::PerformanceConfig& config, std::uint64_t labels) {
  if (config.problem == detect::Problem::kBinary && measure == detect::Measure::kSquaredError && !answers.score) return "it needs a score";
  if (labels < config.reference_labels) return fmt::format("it waits for {} labels that say what to expect", config.reference_labels);
  return "the reference has too few labels for it, or nearly all of them go wrong already";
}

}  // namespace

std::string TableAnswers::wrong_score(const TableRow& row) const {
  const table::Cell* const cell = shares ? cell_at(row, score) : nullptr;
  if (cell == nullptr) return {};
  const auto value = number_in(*cell);
  const bool right = value && (std::isnan(*value) || (*value >= 0 && *value <= 1));
  return right ? std::string() : cell->text.substr(0, 40);
}

std::string TableAnswers::answer_in(const TableRow& row) const {
  if (from_score) {
    const double value = score_in(row);
    if (!(value >= 0 && value <= 1)) return {};  // wrong_score tells it
    return value >= 0.5 ? positive : negative;
  }
  const table::Cell* const cell = cell_at(row, answer);
  return cell == nullptr ? std::string() : class_name(cell->text);
}

std::string TableAnswers::label_in(const TableRow& row) const {
  const table::Cell* const cell = cell_at(row, label);
  return cell == nullptr ? std::string() : class_name(cell->text);
}

double TableAnswers::score_in(const TableRow& row) const {
  const table::Cell* const cell = cell_at(row, score);
  return cell == nullptr ? std::numeric_limits<double>::quiet_NaN() : number_in(*cell).value_or(std::numeric_limits<double>::quiet_NaN());
}

namespace {

// A configuration of the user's own may have other words for the answer than for the label; they stand when both occur.
bool own_words(const DetectOptions& options, const ClassCounts& truth, const ClassCounts& answers, const detect::PerformanceConfig& config) {
  return !options.config.empty() && options.positive.empty() && truth.contains(class_name(config.positive_label)) && answers.contains(class_name(config.flagged_answer));
}

void take_configured(const ClassCounts& truth, detect::PerformanceConfig& config, TableAnswers& out) {
  config.flagged_answer = class_name(config.flagged_answer);
  config.positive_label = out.positive = class_name(config.positive_label);
  out.classes = truth;
  out.problem = "as the configuration says";
}

// Two classes: which is the positive one, and whether the answers say it in the same words.
Result<void> tell_two(const ClassCounts& truth, const Kinds& answers, const RowParts& parts, const DetectOptions& options, detect::PerformanceConfig& config,
                      TableAnswers& out) {
  out.shares = true;
  config.problem = detect::Problem::kBinary;
  if (config.flagged_answer != config.positive_label && own_words(options, truth, answers.texts, config)) {
    take_configured(truth, config, out);
    return {};
  }
  FIREBREAK_TRY(tell_classes(truth, options.positive, out));
  out.classes = truth;
  out.from_score = !parts.prediction || (answers.numbers && !answers.whole);
  if (out.from_score && parts.prediction) out.score = parts.prediction;
  config.flagged_answer = config.positive_label = out.positive;
  return out.from_score ? Result<void>() : check_spelling(truth, answers.texts, out.positive);
}

// Firebreak's own records bring their labels in lines of their own, and later.
Result<void> tell_later(const ClassCounts& truth, const Kinds& answers, const RowParts& parts, const DetectOptions& options, detect::PerformanceConfig& config,
                        TableAnswers& out) {
  if (config.problem != detect::Problem::kBinary || truth.empty() || own_words(options, truth, answers.texts, config)) {
    if (!options.positive.empty()) config.flagged_answer = config.positive_label = options.positive;
    take_configured(truth, config, out);
    out.problem += "; the labels come later";
    return {};
  }
  if (truth.size() > 2) {
    if (!parts.prediction)
      return fail(Code::kInvalid, fmt::format("the labels have more than two values ({}): a score tells two classes apart; name the field with the answers: --prediction", listed(truth)));
    FIREBREAK_TRY(check_spelling(truth, answers.texts, {}));
    config.problem = detect::Problem::kMulticlass;
    out.shares = false;
    out.classes = truth;
    out.problem = fmt::format("the labels have {} values, and come later", truth.size());
    return {};
  }
  FIREBREAK_TRY(tell_two(truth, answers, parts, options, config, out));
  out.problem += "; they come later";
  return {};
}

}  // namespace

Result<TableAnswers> tell_answers(const std::vector<TableRow>& rows, const RowParts& parts, const DetectOptions& options, const ClassCounts& later,
                                  detect::PerformanceConfig& config) {
  TableAnswers out;
  out.label = parts.label;
  out.answer = parts.prediction;
  out.score = parts.score;
  out.shares = config.problem == detect::Problem::kBinary;
  if (!has_performance(parts)) return out;
  const Kinds truth = kinds_in(rows, parts.label), answers = kinds_in(rows, parts.prediction ? parts.prediction : parts.score);
  if (truth.texts.empty() && parts.type) {
    FIREBREAK_TRY(tell_later(later, answers, parts, options, config, out));
    return out;
  }
  if (truth.texts.empty() || answers.texts.empty())
    return fail(Code::kInvalid, "the reference's rows have no label with an answer: --label, --prediction, --reference-rows");
  out.labelled = true;
  if (truth.texts.size() > 2 && !parts.prediction)
    return fail(Code::kInvalid, fmt::format("the labels of the reference have more than two values ({}): a score tells two classes apart; name the column "
                                            "with the answers: --prediction", listed(truth.texts)));
  if (truth.numbers && truth.texts.size() > kMostClasses) {
    config.problem = detect::Problem::kRegression;
    config.error_limit = usual_error(rows, parts);
    out.problem = fmt::format("the labels are numbers, more than {} different ones", kMostClasses);
    out.score.reset();  // the predicted number is the answer
    out.shares = false;
    return out;
  }
  out.classes = truth.texts;
  if (truth.texts.size() > 2) {
    FIREBREAK_TRY(check_spelling(truth.texts, answers.texts, {}));
    config.problem = detect::Problem::kMulticlass;
    out.problem = truth.texts.size() > kMostClasses ? fmt::format("the labels are more than {} texts", kMostClasses)
                                                    : fmt::format("the labels have {} values", truth.texts.size());
    out.shares = false;
    return out;
  }
  FIREBREAK_TRY(tell_two(truth.texts, answers, parts, options, config, out));
  return out;
}

JsonObject performance_answer(const TableAnswers& answers, const detect::PerformanceConfig& config, const Json& report, std::uint64_t reference_labels) {
  constexpr std::string_view kNames[] = {"binary", "multiclass", "regression", "ranking"};
  const Json& labels = report.at("labels");
  const auto joined = labels.at("joined").to_number<std::uint64_t>();
  JsonArray measures, left;
  for (const detect::Measure measure : detect::kAllMeasures) {
    const bool asked = config.problem == detect::Problem::kBinary || measure == detect::Measure::kError ||
                       (config.problem == detect::Problem::kRegression && measure == detect::Measure::kSquaredError);
    if (!asked) continue;
    const std::string_view figure = detect::figure_name(measure, config.problem);
    const auto& all = report.at("measures").as_array();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Json& one) { return string_or(one, "figure") == figure; });
    if (found == all.end()) {
      left.push_back(JsonObject{{"figure", figure}, {"reason", why_not_watched(measure, answers, config, joined)}});
      continue;
    }
    measures.push_back(JsonObject{{"figure", figure}, {"baseline", found->at("baseline")}, {"limit", found->at("limit")},
                                  {"value", found->at("n").to_number<std::uint64_t>() > 0 ? found->at("value") : Json()}, {"labels", found->at("n")}});
  }
  const bool two = config.problem == detect::Problem::kBinary;
  return JsonObject{{"watched", true},
                    {"problem", kNames[static_cast<std::size_t>(config.problem)]},
                    {"because", answers.problem},
                    {"positive", two ? Json(answers.positive) : Json()},
                    {"error_limit", config.problem == detect::Problem::kRegression ? Json(config.error_limit) : Json()},
                    {"measures", std::move(measures)},
                    {"not_watched", std::move(left)},
                    {"labels", JsonObject{{"reference", reference_labels}, {"joined", joined - std::min(joined, reference_labels)}, {"unknown", labels.at("unknown")}}}};
}

}  // namespace firebreak::cli
