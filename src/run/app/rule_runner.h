// Rules beside the detectors of a stream: which set was in force from which record on, and the engine that runs it.
//
// A set is taken up between two records; where, stands in a `rules_taken` entry before the first record is tested by it. So
// whoever reads the stream again changes sets at the same places and comes to the same findings.
// Threads: RuleBook any; RuleRunner one owner.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fold/rules/engine.h"
#include "log/record/record.h"
#include "types/endpoint.h"

namespace firebreak::app {

// The sets of one endpoint's stream. `set` empty: no rules from there on.
class RuleBook {
 public:
  struct Taken {
    std::uint64_t from = 0;  // the first record that is tested by it
    std::string digest;
    std::shared_ptr<const rules::RuleSet> set;
  };

  void ask(std::string digest, std::shared_ptr<const rules::RuleSet> set);  // to be taken up next
  std::optional<Taken> asked() const;
  // Records that it was taken up; what was asked for meanwhile stays asked for.
  void take(Taken taken);
  void give_up(const std::string& digest);  // it will not be taken up
  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  Taken at(std::size_t i) const;
  std::vector<Taken> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Taken> taken_;
  std::optional<Taken> asked_;
  std::atomic<std::size_t> size_{0};
};

class RuleRunner {
 public:
  RuleRunner(const Endpoint& endpoint, std::shared_ptr<const RuleBook> book) : endpoint_(endpoint), book_(std::move(book)) {}

  // Before the record at `index`: other rules may be in force from it on. What the old ones had open is closed.
  std::vector<FindingUpdate> turn(std::uint64_t index);
  bool running() const { return engine_ != nullptr; }
  std::vector<FindingUpdate> observe(const record::Record& record, const Observation& seen);
  std::vector<FindingUpdate> observe(const record::Record& record, const LabelObservation& label);
  std::vector<FindingUpdate> observe(const record::Record& record);  // of another kind
  std::vector<FindingUpdate> observe(const std::vector<FindingUpdate>& findings, std::uint64_t index);
  std::vector<FindingUpdate> advance(Time now);
  std::size_t bytes() const { return engine_ == nullptr ? 0 : engine_->bytes(); }

 private:
  std::vector<FindingUpdate> tested(const record::Record& record);

  const Endpoint& endpoint_;
  const std::shared_ptr<const RuleBook> book_;
  std::size_t turned_ = 0;  // sets of the book that were taken up
  std::unique_ptr<rules::RuleEngine> engine_;
  rules::ObservationFields inference_, label_;
};

}  // namespace firebreak::app
