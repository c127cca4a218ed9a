#include "log/journal/replay.h"

#include <fmt/core.h>

#include <deque>
#include <exception>

#include "log/journal/journal.h"

namespace firebreak::journal {
namespace {

Machine fresh_machine(const std::vector<std::unique_ptr<Fold>>& folds) {
  std::vector<std::unique_ptr<Fold>> fresh;
  for (const auto& fold : folds) fresh.push_back(fold->fresh());
  return Machine(std::move(fresh));
}

// Follows the log and decides it anew. `expected` holds what the entries so far led to and the log must now show.
class DecideCheck {
 public:
  explicit DecideCheck(Machine machine) : machine_(std::move(machine)) {}

  Result<void> take(const Entry& entry, ByteView octets) {
    if (expected_.empty()) {
      input_ = entry.index;
    } else {
      if (expected_.front() != octets)
        return fail(Code::kConflict, fmt::format("entry {}: decided anew it is {}, the log holds {}", entry.index,
                                                 expected_.front(), octets));
      expected_.pop_front();
    }
    machine_.apply(entry);
    for (Draft& draft : machine_.decide(entry)) {
      const std::uint64_t index = entry.index + 1 + expected_.size();
      expected_.push_back(entry_bytes(stamp(std::move(draft), index, entry.time, input_)));
    }
    return {};
  }

  Result<void> finish() const {
    if (expected_.empty()) return {};
    return fail(Code::kConflict, fmt::format("the log ends where {} would follow", expected_.front()));
  }

 private:
  Machine machine_;
  std::uint64_t input_ = 0;
  std::deque<std::string> expected_;
};

}  // namespace

Result<void> for_each_entry(const ledger::Log& log, std::uint64_t from,
                            const std::function<bool(Entry, ByteView)>& visit) {
  Result<void> outcome;
  if (from >= log.size()) return outcome;
  FIREBREAK_TRY(log.scan(from, [&](const ledger::Frame& frame) {
    std::uint64_t index = frame.first;
    for (ByteView octets : frame.entries()) {
      const std::uint64_t at = index++;
      if (at < from) continue;
      auto entry = parse_entry(at, octets);
      if (!entry) {
        outcome = fail(Code::kCorrupt, fmt::format("journal entry {}: {}", at, entry.error().message));
        return false;
      }
      if (!visit(std::move(*entry), octets)) return false;
    }
    return true;
  }));
  return outcome;
}

Result<void> replay(const ledger::Log& log, Machine& machine) {
  try {
    return for_each_entry(log, machine.size(), [&](Entry entry, ByteView) {
      machine.apply(entry);
      return true;
    });
  } catch (const std::exception& error) {
    return fail(Code::kInternal, fmt::format("apply entry {}: {}", machine.size(), error.what()));
  }
}

Result<Digest> replay_digest(const ledger::Log& log, const std::vector<std::unique_ptr<Fold>>& folds) {
  Machine machine = fresh_machine(folds);
  FIREBREAK_TRY(replay(log, machine));
  return machine.digest();
}

Result<void> check_decide(const ledger::Log& log, const std::vector<std::unique_ptr<Fold>>& folds) {
  DecideCheck check(fresh_machine(folds));
  Result<void> outcome;
  try {
    FIREBREAK_TRY(for_each_entry(log, 0, [&](Entry entry, ByteView octets) {
      outcome = check.take(entry, octets);
      return outcome.has_value();
    }));
  } catch (const std::exception& error) {
    return fail(Code::kInternal, fmt::format("decide anew: {}", error.what()));
  }
  FIREBREAK_TRY(outcome);
  return check.finish();
}

}  // namespace firebreak::journal
