#include "log/record/producers.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::record {
namespace {

constexpr std::size_t kIntervalsKept = 1'024;
constexpr std::uint64_t kHighest = 9'007'199'254'740'991;  // what every JSON reader holds exactly

}  // namespace

void NumberSet::add(std::uint64_t from, std::uint64_t to) {
  for (auto at = intervals_.begin(); at != intervals_.end();) {
    if (at->second + 1 < from || at->first > to + 1) {
      ++at;
      continue;
    }
    from = std::min(from, at->first);
    to = std::max(to, at->second);
    at = intervals_.erase(at);
  }
  intervals_[from] = to;
}

bool NumberSet::remove(std::uint64_t number) {
  auto at = intervals_.upper_bound(number);
  if (at == intervals_.begin()) return false;
  --at;
  const auto [from, to] = *at;
  if (number > to) return false;
  intervals_.erase(at);
  if (from < number) intervals_[from] = number - 1;
  if (number < to) intervals_[number + 1] = to;
  return true;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> NumberSet::below(std::uint64_t number) const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
  for (const auto& [from, to] : intervals_)
    if (from < number) out.emplace_back(from, std::min(to, number - 1));
  return out;
}

void NumberSet::cut_below(std::uint64_t number) {
  while (!intervals_.empty() && intervals_.begin()->first < number) {
    const std::uint64_t to = intervals_.begin()->second;
    intervals_.erase(intervals_.begin());
    if (to >= number) intervals_[number] = to;
  }
}

void NumberSet::drop_lowest(std::size_t intervals_kept) {
  while (intervals_.size() > intervals_kept) intervals_.erase(intervals_.begin());
}

Result<Producers::Decision> Producers::begin(const std::string& producer, std::uint64_t number, Done& done,
                                             const std::optional<IndexRange>& told) {
  if (number > kHighest) return fail(Code::kInvalid, fmt::format("a batch number is at most {}", kHighest));
  const std::lock_guard lock(mutex_);
  if (!states_.contains(producer) && states_.size() >= most_)
    return fail(Code::kTooLarge, fmt::format("the stream knows {} producers already", most_));
  State& state = states_[producer];
  Decision out;
  if (const auto waiting = state.pending.find(number); waiting != state.pending.end()) {
    waiting->second.push_back(std::move(done));
    out.kind = Decision::kWaiting;
    return out;
  }
  if (const auto before = state.admitted.find(number); before != state.admitted.end()) {
    out.kind = Decision::kRepeated;
    out.range = before->second;
    if (state.latest && state.latest->first == number) out.receipt = state.latest->second;
    return out;
  }
  if (state.high && number <= *state.high) {
    const bool unreported = state.unreported.remove(number);
    const bool missing = state.missing.remove(number);
    out.filled = missing && !unreported;
    if (!unreported && !missing)
      return fail(Code::kConflict, fmt::format("batch {} of producer '{}' was passed; its newest is {}", number,
                                               producer, *state.high));
  } else {
    if (state.high && number - *state.high > 1) state.unreported.add(*state.high + 1, number - 1);
    state.high = number;
  }
  for (const auto& [from, to] : state.unreported.below(number)) {
    const bool by_line = told && told->first <= from && to <= told->last;
    if (!by_line) out.gaps.emplace_back(from, to);
    state.missing.add(from, to);
  }
  state.unreported.cut_below(number);
  state.missing.drop_lowest(kIntervalsKept);
  state.pending[number];
  return out;
}

std::vector<Producers::Done> Producers::finish(const std::string& producer, std::uint64_t number,
                                               const Decision& decision, const Result<Receipt>& result) {
  const std::lock_guard lock(mutex_);
  State& state = states_[producer];
  std::vector<Done> waiting = std::move(state.pending[number]);
  state.pending.erase(number);
  if (result) {
    admit(state, number, {result->first, result->last});
    state.latest = {number, *result};
    return waiting;
  }
  // Nothing was written: neither the batch nor what it would have said about gaps.
  for (const auto& [from, to] : decision.gaps) state.unreported.add(from, to);
  if (decision.filled) {
    state.missing.add(number, number);
  } else {
    state.unreported.add(number, number);
  }
  return waiting;
}

void Producers::replay(const std::string& producer, std::uint64_t number, IndexRange range) {
  const std::lock_guard lock(mutex_);
  State& state = states_[producer];
  if (!state.high || number > *state.high) {
    if (state.high && number - *state.high > 1) state.missing.add(*state.high + 1, number - 1);
    state.high = number;
  } else {
    state.missing.remove(number);
  }
  state.missing.drop_lowest(kIntervalsKept);
  admit(state, number, range);
}

Json Producers::to_json() const {
  const std::lock_guard lock(mutex_);
  JsonObject out;
  for (const auto& [name, state] : states_) {
    if (!state.high) continue;
    JsonArray admitted, missing;
    for (const auto& [number, range] : state.admitted) admitted.push_back(JsonArray{number, range.first, range.last});
    for (const auto& [from, to] : state.missing.intervals()) missing.push_back(JsonArray{from, to});
    out[name] = JsonObject{{"high", *state.high}, {"admitted", std::move(admitted)}, {"missing", std::move(missing)}};
  }
  return out;
}

Result<void> Producers::restore(const Json& document) {
  const auto corrupt = [] { return fail(Code::kCorrupt, "producers: not as they were written"); };
  const auto numbers = [](const Json& list, std::size_t count, std::uint64_t* to) {
    if (!list.is_array() || list.get_array().size() != count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const Json& one = list.get_array()[i];
      if (!one.is_int64() || one.get_int64() < 0) return false;
      to[i] = static_cast<std::uint64_t>(one.get_int64());
    }
    return true;
  };
  if (!document.is_object()) return corrupt();
  std::map<std::string, State> states;
  for (const auto& member : document.get_object()) {
    State& state = states[std::string(member.key())];
    const Json* const admitted = find(member.value(), "admitted");
    const Json* const missing = find(member.value(), "missing");
    const std::int64_t high = int_or(member.value(), "high", -1);
    if (high < 0 || admitted == nullptr || !admitted->is_array() || missing == nullptr || !missing->is_array())
      return corrupt();
    state.high = static_cast<std::uint64_t>(high);
    std::uint64_t n[3];
    for (const Json& one : admitted->get_array()) {
      if (!numbers(one, 3, n)) return corrupt();
      state.admitted[n[0]] = {n[1], n[2]};
    }
    for (const Json& one : missing->get_array()) {
      if (!numbers(one, 2, n)) return corrupt();
      state.missing.add(n[0], n[1]);
    }
  }
  const std::lock_guard lock(mutex_);
  states_ = std::move(states);
  return {};
}

void Producers::admit(State& state, std::uint64_t number, IndexRange range) {
  state.admitted[number] = range;
  while (state.admitted.size() > kept_) state.admitted.erase(state.admitted.begin());
}

}  // namespace firebreak::record
