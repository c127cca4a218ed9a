#include "log/record/producers.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

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

// Room for one more in a full table: the owner with the most names gives up the one that was silent longest, so nobody can
// take it from the others. A name with a batch under way stays.
Result<void> Producers::make_room(const Key& key) {
  if (states_.contains(key) || states_.size() < most_) return {};
  std::map<std::string_view, std::size_t> names;
  for (const auto& [of, state] : states_) ++names[of.first];
  const std::string from(
      std::max_element(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first);
  auto silent = states_.end();
  for (auto at = states_.lower_bound({from, {}}); at != states_.end() && at->first.first == from; ++at)
    if (at->second.pending.empty() && (silent == states_.end() || at->second.newest < silent->second.newest)) silent = at;
  if (silent == states_.end()) return fail(Code::kBusy, fmt::format("all {} producers of the stream have batches under way", names[from]));
  states_.erase(silent);
  return {};
}

// A name from before producers had owners goes to the first owner who uses it.
Result<Producers::State*> Producers::state_of(const BatchName& batch) {
  const Key key{batch.owner, batch.producer};
  if (!batch.owner.empty() && !states_.contains(key)) {
    if (auto ownerless = states_.extract(Key{"", batch.producer})) {
      ownerless.key() = key;
      states_.insert(std::move(ownerless));
    }
  }
  FIREBREAK_TRY(make_room(key));
  return &states_[key];
}

Result<Producers::Decision> Producers::begin(const BatchName& batch, Done& done, const std::optional<IndexRange>& told) {
  const std::uint64_t number = batch.number;
  if (number > kHighest) return fail(Code::kInvalid, fmt::format("a batch number is at most {}", kHighest));
  const std::lock_guard lock(mutex_);
  FIREBREAK_ASSIGN(State* const found, state_of(batch));
  State& state = *found;
  const auto check_same = [&](std::uint64_t content) -> Result<void> {
    if (content == 0 || batch.content == 0 || content == batch.content) return {};
    return fail(Code::kConflict, fmt::format("batch {} of producer '{}' was another one: a repeated batch has the same octets, "
                                             "a new one a new number; the newest is {}",
                                             number, batch.producer, *state.high));
  };
  Decision out;
  if (const auto waiting = state.pending.find(number); waiting != state.pending.end()) {
    FIREBREAK_TRY(check_same(waiting->second.content));
    waiting->second.done.push_back(std::move(done));
    out.kind = Decision::kWaiting;
    return out;
  }
  if (const auto before = state.admitted.find(number); before != state.admitted.end()) {
    FIREBREAK_TRY(check_same(before->second.content));
    out.kind = Decision::kRepeated;
    out.range = before->second.range;
    if (state.latest && state.latest->first == number) out.receipt = state.latest->second;
    return out;
  }
  if (state.high && number <= *state.high) {
    const bool unreported = state.unreported.remove(number);
    const bool missing = state.missing.remove(number);
    out.filled = missing && !unreported;
    if (!unreported && !missing)
      return fail(Code::kConflict, fmt::format("batch {} of producer '{}' was passed; its newest is {}", number,
                                               batch.producer, *state.high));
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
  state.pending[number].content = batch.content;
  return out;
}

std::vector<Producers::Done> Producers::finish(const BatchName& batch, const Decision& decision, const Result<Receipt>& result) {
  const std::uint64_t number = batch.number;
  const std::lock_guard lock(mutex_);
  State& state = states_[{batch.owner, batch.producer}];  // begin() made it, and what is under way is not forgotten
  std::vector<Done> waiting = std::move(state.pending[number].done);
  state.pending.erase(number);
  if (result) {
    admit(state, batch, {result->first, result->last});
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

void Producers::replay(const BatchName& batch, IndexRange range) {
  const std::uint64_t number = batch.number;
  const std::lock_guard lock(mutex_);
  State& state = *state_of(batch).value();  // nothing is under way
  if (!state.high || number > *state.high) {
    if (state.high && number - *state.high > 1) state.missing.add(*state.high + 1, number - 1);
    state.high = number;
  } else {
    state.missing.remove(number);
  }
  state.missing.drop_lowest(kIntervalsKept);
  admit(state, batch, range);
}

Json Producers::to_json() const {
  const std::lock_guard lock(mutex_);
  JsonArray out;
  for (const auto& [key, state] : states_) {
    if (!state.high) continue;
    JsonArray admitted, missing;
    for (const auto& [number, one] : state.admitted)
      admitted.push_back(JsonArray{number, one.range.first, one.range.last, fmt::format("{:016x}", one.content)});
    for (const auto& [from, to] : state.missing.intervals()) missing.push_back(JsonArray{from, to});
    out.push_back(JsonObject{{"owner", key.first},
                             {"name", key.second},
                             {"high", *state.high},
                             {"admitted", std::move(admitted)},
                             {"missing", std::move(missing)}});
  }
  return out;
}

Result<void> Producers::restore(const Json& document) {
  const auto corrupt = [] { return fail(Code::kCorrupt, "producers: not as they were written"); };
  const auto numbers = [](const Json& list, std::size_t count, std::uint64_t* to) {
    if (!list.is_array() || list.get_array().size() < count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const Json& one = list.get_array()[i];
      if (!one.is_int64() || one.get_int64() < 0) return false;
      to[i] = static_cast<std::uint64_t>(one.get_int64());
    }
    return true;
  };
  const auto content = [](const Json& list) -> std::optional<std::uint64_t> {
    const Json* const hex = list.get_array().size() == 4 && list.get_array()[3].is_string() ? &list.get_array()[3] : nullptr;
    if (hex == nullptr) return std::nullopt;
    const std::string_view text(hex->get_string().data(), hex->get_string().size());
    std::uint64_t value = 0;
    const auto [at, ec] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return ec == std::errc() && at == text.data() + text.size() ? std::optional(value) : std::nullopt;
  };
  if (!document.is_array()) return corrupt();
  std::map<Key, State> states;
  for (const Json& member : document.get_array()) {
    State& state = states[{string_or(member, "owner"), string_or(member, "name")}];
    const Json* const admitted = find(member, "admitted");
    const Json* const missing = find(member, "missing");
    const std::int64_t high = int_or(member, "high", -1);
    if (high < 0 || admitted == nullptr || !admitted->is_array() || missing == nullptr || !missing->is_array())
      return corrupt();
    state.high = static_cast<std::uint64_t>(high);
    std::uint64_t n[3];
    for (const Json& one : admitted->get_array()) {
      const auto hash = numbers(one, 3, n) ? content(one) : std::nullopt;
      if (!hash) return corrupt();
      state.admitted[n[0]] = {{n[1], n[2]}, *hash};
      state.newest = std::max(state.newest, n[2]);
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

void Producers::admit(State& state, const BatchName& batch, IndexRange range) {
  state.admitted[batch.number] = {range, batch.content};
  state.newest = std::max(state.newest, range.last);
  while (state.admitted.size() > kept_) state.admitted.erase(state.admitted.begin());
}

}  // namespace firebreak::record
