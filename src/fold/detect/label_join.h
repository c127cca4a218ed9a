// Labels find their answers by the inference's id, in whatever order both arrive.
//
// The newest of several labels for one answer counts; the same label again changes nothing. A label whose answer has not been
// seen waits for it. Bounded: the newest `max_answers` answers and `max_early` waiting labels are kept; a label that gives way,
// or comes for an answer that did, is counted as unknown. Memory: about 100 octets an answer. Pure; one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "fold/detect/id_table.h"
#include "fold/detect/segments.h"

namespace firebreak::detect {

struct Answer {
  std::uint64_t id = 0, index = 0;  // id by id_hash
  Time time;
  std::uint32_t label = 0;  // what was answered, by label_hash
  float value = 0;      // score, or the predicted number; NaN when there was none
  bool flagged = false;
  bool served = false;  // the model's own answer went to the caller
  SegmentKeys segments{};
};

inline std::uint32_t label_hash(std::string_view text) { return static_cast<std::uint32_t>(id_hash(text) >> 32); }

struct Label {
  std::uint32_t text = 0;  // label_hash
  float number = 0;        // NaN when it is none
  bool positive = false;
  bool operator==(const Label& other) const { return text == other.text; }
};

struct Joined {
  Answer answer;
  Label label;
  std::optional<Label> before;  // the label that this one corrects
};

struct LabelCounts {
  std::uint64_t joined = 0, early = 0, corrected = 0, repeated = 0, unknown = 0;
};

class LabelJoin {
 public:
  LabelJoin(std::size_t max_answers, std::size_t max_early);

  // An answer; something when its label waits. A repeated id replaces the older answer, which gets no label any more.
  std::optional<Joined> add(const Answer& answer);
  // A label; something when its answer is there and the label is news.
  std::optional<Joined> add(std::string_view id, const Label& label);

  const LabelCounts& counts() const { return counts_; }
  std::size_t waiting() const { return early_.size(); }
  std::size_t bytes() const;

 private:
  struct Row {
    Answer answer;
    Label label;
    bool labelled = false;
  };
  struct Early {
    Label label;
    std::uint64_t number = 0;  // of its arrival
  };
  Joined join(Row& row, const Label& label);

  std::size_t max_answers_, max_early_;
  std::deque<Row> rows_;  // a ring once it is full; grows without copies
  std::size_t next_ = 0;
  IdTable<std::uint32_t> places_;
  IdTable<Early> early_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> early_order_;  // ring of (id, number)
  std::uint64_t arrivals_ = 0;
  LabelCounts counts_;
};

}  // namespace firebreak::detect
