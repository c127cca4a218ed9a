#include "log/journal/machine.h"

#include <fmt/core.h>

#include <exception>

namespace firebreak::journal {
namespace {

// An accepted input is often repeated in what is decided on it, with a few words more.
constexpr std::size_t kInputBytes = limits::kJournalEntryBytes - limits::kKiB;

Result<void> add(DecidedGroup& group, const Entry& entry, std::size_t most_octets) {
  std::string octets = entry_bytes(entry);
  if (octets.size() > most_octets)
    return fail(Code::kTooLarge, fmt::format("a '{}' entry of {} octets is larger than {}: store the large part as a blob",
                                             entry.kind, octets.size(), most_octets));
  FIREBREAK_ASSIGN(Entry read_back, parse_entry(entry.index, octets));
  group.entries.push_back(std::move(read_back));
  group.octets.push_back(std::move(octets));
  return {};
}

Json to_json(const Source& mark) { return JsonArray{mark.epoch, mark.position, mark.ordinal}; }

Result<Source> mark_from_json(std::string_view producer, const Json& document) {
  if (!document.is_array() || document.get_array().size() != 3) return fail(Code::kInvalid, "a mark has three numbers");
  Source mark{std::string(producer), 0, 0, 0};
  std::uint64_t* const parts[] = {&mark.epoch, &mark.position, &mark.ordinal};
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& part = document.get_array()[i];
    if (!part.is_int64() && !part.is_uint64()) return fail(Code::kInvalid, "a mark has three numbers");
    *parts[i] = part.to_number<std::uint64_t>();
  }
  return mark;
}

}  // namespace

Entry stamp(Draft draft, std::uint64_t index, Time time, std::optional<std::uint64_t> input) {
  Entry entry;
  entry.index = index;
  entry.kind = std::move(draft.kind);
  entry.time = time;
  entry.actor = std::move(draft.actor);
  entry.cause = std::move(draft.cause);
  if (entry.cause.empty() && input) entry.cause = fmt::format("journal:{}", *input);
  entry.source = std::move(draft.source);
  entry.body = std::move(draft.body);
  return entry;
}

Machine Machine::fresh() const {
  std::vector<std::unique_ptr<Fold>> folds;
  for (const auto& fold : folds_) folds.push_back(fold->fresh());
  return Machine(std::move(folds));
}

Result<DecidedGroup> Machine::decide_group(Draft input, Time now, std::size_t most, bool& spoilt) {
  spoilt = false;
  if (!input.source.producer.empty()) {
    const auto mark = marks_.find(input.source.producer);
    if (mark != marks_.end() && input.source <= mark->second)
      return fail(Code::kConflict, fmt::format("already taken: '{}' is at epoch {}, position {}, ordinal {}",
                                               input.source.producer, mark->second.epoch, mark->second.position,
                                               mark->second.ordinal));
  }
  DecidedGroup group;
  FIREBREAK_TRY(add(group, stamp(std::move(input), size_, std::max(now, time_), std::nullopt), kInputBytes));
  try {
    std::vector<Draft> first;
    if (is_tick(group.entries.front())) {
      first = decide(group.entries.front());
      if (first.empty()) return DecidedGroup{};
    }
    spoilt = true;
    if (auto grown = grow(group, most, std::move(first)); !grown) {
      const std::string kind = group.entries.front().kind;
      return fail(Code::kInternal, fmt::format("decide on '{}': {}", kind, grown.error().message));
    }
    spoilt = false;
    return group;
  } catch (const std::exception& error) {
    spoilt = true;
    return fail(Code::kInternal, fmt::format("a fold failed on '{}': {}", group.entries.front().kind, error.what()));
  }
}

// `first` holds what was decided on the input already (a tick), else it is decided here after it has been applied.
Result<void> Machine::grow(DecidedGroup& group, std::size_t most, std::vector<Draft> first) {
  const std::uint64_t input = size_;
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    apply(group.entries[i]);
    std::vector<Draft> drafts = i == 0 && !first.empty() ? std::move(first) : decide(group.entries[i]);
    for (Draft& draft : drafts) {
      if (group.entries.size() >= most)
        return fail(Code::kInternal, fmt::format("more than {} entries follow from one input", most));
      const std::uint64_t index = input + group.entries.size();
      const std::uint64_t cause = cause_of_drafts(group.entries[i], input);
      FIREBREAK_TRY(add(group, stamp(std::move(draft), index, group.entries.front().time, cause),
                        limits::kJournalEntryBytes));
    }
  }
  return {};
}

void Machine::apply(const Entry& entry) {
  FIREBREAK_ASSERT(entry.index == size_);
  if (!is_tick(entry))
    for (const auto& fold : folds_) fold->apply(entry);
  if (!entry.source.producer.empty()) {
    Source& mark = marks_[entry.source.producer];
    if (mark < entry.source) mark = entry.source;
  }
  time_ = entry.time;
  ++size_;
}

std::vector<Draft> Machine::decide(const Entry& entry) const {
  std::vector<Draft> drafts;
  for (const auto& fold : folds_)
    for (Draft& draft : fold->decide(entry)) drafts.push_back(std::move(draft));
  return drafts;
}

Json Machine::snapshot() const {
  JsonObject folds, marks;
  for (const auto& fold : folds_) folds[fold->name()] = fold->snapshot();
  for (const auto& [producer, mark] : marks_) marks[producer] = to_json(mark);
  return JsonObject{{"folds", std::move(folds)}, {"marks", std::move(marks)}, {"time_us", time_.us}};
}

Result<void> Machine::restore(const Json& snapshot, std::uint64_t size) {
  const Json* folds = find(snapshot, "folds");
  const Json* marks = find(snapshot, "marks");
  if (folds == nullptr || marks == nullptr || !marks->is_object())
    return fail(Code::kInvalid, "a snapshot has 'folds' and 'marks'");
  for (const auto& fold : folds_) {
    const Json* document = find(*folds, fold->name());
    if (document == nullptr) return fail(Code::kInvalid, fmt::format("no state of fold '{}'", fold->name()));
    if (auto restored = fold->restore(*document); !restored)
      return fail(std::move(restored.error()).with(fmt::format("fold '{}'", fold->name())));
  }
  marks_.clear();
  for (const auto& member : marks->get_object()) {
    const std::string producer(member.key());
    FIREBREAK_ASSIGN(marks_[producer], mark_from_json(producer, member.value()));
  }
  FIREBREAK_ASSIGN(time_.us, get_int(snapshot, "time_us"));
  size_ = size;
  return {};
}

Json Machine::schemas() const {
  JsonObject versions;
  for (const auto& fold : folds_) versions[fold->name()] = fold->schema_version();
  return versions;
}

Digest Machine::digest() const {
  return sha256(canonical_json(JsonObject{{"size", size_}, {"state", snapshot()}}));
}

}  // namespace firebreak::journal
