#include "fold/detect/label_join.h"

namespace firebreak::detect {

LabelJoin::LabelJoin(std::size_t max_answers, std::size_t max_early)
    : max_answers_(max_answers), max_early_(max_early), places_(max_answers), early_(max_early) {
  FIREBREAK_ASSERT(max_answers > 0 && max_answers < UINT32_MAX && max_early > 0);
}

std::optional<Joined> LabelJoin::add(const Answer& answer) {
  const std::uint32_t* const known = places_.find(answer.id);
  std::size_t place = 0;
  if (known != nullptr) {
    place = *known;
    rows_[place] = {answer, {}, false};
  } else if (rows_.size() < max_answers_) {
    place = rows_.size();
    rows_.push_back({answer, {}, false});
  } else {
    place = next_;
    next_ = (next_ + 1) % max_answers_;
    places_.erase(rows_[place].answer.id);
    rows_[place] = {answer, {}, false};
  }
  places_.put(answer.id, static_cast<std::uint32_t>(place));
  const Early* const early = early_.find(answer.id);
  if (early == nullptr) return std::nullopt;
  const Label label = early->label;
  early_.erase(answer.id);
  ++counts_.early;
  return join(rows_[place], label);
}

std::optional<Joined> LabelJoin::add(std::string_view id, const Label& label) {
  const std::uint64_t hash = id_hash(id);
  if (const std::uint32_t* const place = places_.find(hash); place != nullptr) {
    Row& row = rows_[*place];
    if (row.labelled && row.label == label) {
      ++counts_.repeated;
      return std::nullopt;
    }
    return join(row, label);
  }
  if (Early* const waiting = early_.find(hash); waiting != nullptr) {
    waiting->label = label;
    return std::nullopt;
  }
  const std::uint64_t number = arrivals_++;
  const std::size_t place = static_cast<std::size_t>(number % max_early_);
  if (early_order_.size() < max_early_) {
    early_order_.emplace_back(hash, number);
  } else {
    // The oldest gives way, unless its answer came meanwhile.
    const auto [old, old_number] = early_order_[place];
    if (const Early* const still = early_.find(old); still != nullptr && still->number == old_number) {
      early_.erase(old);
      ++counts_.unknown;
    }
    early_order_[place] = {hash, number};
  }
  early_.put(hash, {label, number});
  return std::nullopt;
}

Joined LabelJoin::join(Row& row, const Label& label) {
  Joined out{row.answer, label, row.labelled ? std::optional(row.label) : std::nullopt};
  ++(row.labelled ? counts_.corrected : counts_.joined);
  row.label = label;
  row.labelled = true;
  return out;
}

std::size_t LabelJoin::bytes() const {
  return rows_.size() * sizeof(Row) + places_.bytes() + early_.bytes() + early_order_.capacity() * sizeof(early_order_[0]);
}

}  // namespace firebreak::detect
