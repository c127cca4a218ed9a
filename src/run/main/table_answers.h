// What the columns with the truth and with the model's answers mean: two classes, several, numbers; and the words a measure needs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "fold/detect/config.h"
#include "run/main/table_columns.h"
#include "run/main/table_parts.h"

namespace firebreak::cli {

using ClassCounts = std::map<std::string, std::size_t>;  // by class_name

struct TableAnswers {
  bool labelled = false;   // there is a column with the truth, and answers
  std::optional<std::size_t> label, answer, score;
  std::string positive, negative;  // of two classes; what a score of 1/2 or more says
  ClassCounts classes;             // of the labels; empty where labels are quantities, or not known
  bool from_score = false;         // there is no answer but its score
  bool shares = false;             // scores are to lie within 0 to 1
  std::string problem;             // which it is and why, for people

  // Classes as class_name, so that truth and answers meet whichever way their numbers are written; empty for none.
  std::string label_in(const TableRow& row) const;
  std::string answer_in(const TableRow& row) const;
  double score_in(const TableRow& row) const;  // NaN when there is none
  // What stands where a score within 0 to 1 should; empty when that is there, or nothing.
  std::string wrong_score(const TableRow& row) const;
};

// By the reference's rows; sets what `config` must know. `options.positive` empty: the rarer of two labels. `later`: labels of lines of
// their own, where the rows have none; the words of a configuration of the user's own stand when they occur. A column of answers that holds
// numbers, not all of them whole, while the truth is one of two is a score.
// kInvalid: no row has both, all labels are one, `positive` is no label, several classes or numbers come with a score alone, and truth
// and answers that are spelt differently: no label occurs among the answers, or the positive one does not.
Result<TableAnswers> tell_answers(const std::vector<TableRow>& rows, const RowParts& parts, const DetectOptions& options, const ClassCounts& later,
                                  detect::PerformanceConfig& config);

// What `detect` says of performance: {watched, problem, because, positive, error_limit, measures: [{figure, baseline, limit, value,
// labels}], not_watched: [{figure, reason}], labels: {reference, joined, unknown}}. `report` is the detector's own (performance.h),
// `reference_labels` how many of its labels are the reference's.
JsonObject performance_answer(const TableAnswers& answers, const detect::PerformanceConfig& config, const Json& report, std::uint64_t reference_labels);

}  // namespace firebreak::cli
