// What comes behind the reference and says nothing of performance, or not what it seems to: rows without an answer, labels of a class that
// the reference never had, scores that are none. It is counted and told, so that silence is not taken for a good sign.
//
// Scores outside 0 to 1 are kept out one by one. When more than kMostOutside of the newest kScores lie outside, those inside cannot be
// relied on either (percentages leave a few small ones inside): from that row on no score counts, nor an answer that is read off one.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "run/main/table_answers.h"
#include "types/observation.h"

namespace firebreak::cli {

class OddAnswers {
 public:
  static constexpr std::size_t kScores = 100, kMostOutside = 5;

  // Of an inference; takes away of `seen` what does not count.
  void take(const TableAnswers& answers, const TableRow& row, Observation& seen);
  void take_label(const TableAnswers& answers, const std::string& label, std::uint64_t row);

  // {count, first_row, first}, null when there is none; of scores `none_from` besides, the row from which none counts, or null.
  Json without_answer() const { return json(without_); }
  Json new_labels() const { return json(labels_); }
  Json scores_outside() const;

 private:
  struct Odd {
    std::uint64_t count = 0, row = 0;
    std::string text;
    void add(std::uint64_t at, const std::string& what);
  };
  static Json json(const Odd& odd);
  void weigh_score(bool outside, std::uint64_t row);

  Odd without_, labels_, scores_;
  std::bitset<kScores> newest_;  // true: outside
  std::size_t next_ = 0;
  std::optional<std::uint64_t> none_from_;
};

}  // namespace firebreak::cli
