// What the columns with the truth and with the model's answers mean: two classes, several, numbers; and the words a measure needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "fold/detect/config.h"
#include "run/main/table_columns.h"

namespace firebreak::cli {

struct TableAnswers {
  bool labelled = false;   // there is a column with the truth, and answers
  std::optional<std::size_t> answer, score;
  std::string positive, negative;  // of two classes; what a score of 1/2 or more says
  bool from_score = false;         // there is no answer but its score

  std::string answer_in(const TableRow& row) const;
  double score_in(const TableRow& row) const;  // NaN when there is none
};

// By the reference's rows; sets what `config` must know. `positive` empty: the rarer of two labels. A column of answers that holds
// shares while the truth is one of two is a score. kInvalid: no row has both, or `positive` is no label.
Result<TableAnswers> tell_answers(const std::vector<TableRow>& rows, const RowParts& parts, const std::string& positive, detect::PerformanceConfig& config);

}  // namespace firebreak::cli
