// What the journal asks of a fold, and the adapter from the free functions that each fold room offers.
//
// A fold is pure: no clock, no I/O, no randomness, ordered containers only. The journal calls, for each entry of a group
// in order, apply() on every fold and then decide() on every fold; decide() therefore sees the entry applied. Replay
// calls apply() alone. `tick` entries are handed to decide() only and never to apply(): a tick on which nothing is
// decided leaves no trace. apply() accepts every version of every kind ever written and ignores kinds it does not know.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "types/command.h"
#include "types/entry.h"

namespace firebreak::journal {

class Fold {
 public:
  virtual ~Fold() = default;
  virtual const std::string& name() const = 0;  // key in snapshots, unique
  virtual int schema_version() const = 0;       // of snapshot(); another one in a file = discard and replay
  virtual std::vector<Draft> decide(const Entry& entry) const = 0;
  virtual void apply(const Entry& entry) = 0;
  virtual Json snapshot() const = 0;
  virtual Result<void> restore(const Json& document) = 0;
  virtual std::unique_ptr<Fold> fresh() const = 0;  // the same fold with the state it has before entry 0
};

template <class State>
struct FoldFunctions {
  std::vector<Draft> (*decide)(const State&, const Entry&);
  void (*apply)(State&, const Entry&);
  Json (*to_json)(const State&);
  Result<State> (*from_json)(const Json&);
};

// Readers get at the typed state through View::state<State>(name) (journal.h).
template <class State>
class FoldOf final : public Fold {
 public:
  FoldOf(std::string name, int version, FoldFunctions<State> functions)
      : name_(std::move(name)), version_(version), functions_(functions) {}

  const std::string& name() const override { return name_; }
  int schema_version() const override { return version_; }
  std::vector<Draft> decide(const Entry& entry) const override {
    if (!functions_.decide) return {};
    std::vector<Draft> drafts = functions_.decide(state_, entry);
    // What nobody could carry out waits for nobody.
    if (entry.kind == "command_requested")
      for (Draft& refused : refusals_of(entry, functions_.decide(state_, trial_of(entry)))) drafts.push_back(std::move(refused));
    return drafts;
  }
  void apply(const Entry& entry) override { functions_.apply(state_, entry); }
  Json snapshot() const override { return functions_.to_json(state_); }
  Result<void> restore(const Json& document) override {
    FIREBREAK_ASSIGN(state_, functions_.from_json(document));
    return {};
  }
  std::unique_ptr<Fold> fresh() const override { return std::make_unique<FoldOf>(name_, version_, functions_); }

  const State& state() const { return state_; }

 private:
  const std::string name_;
  const int version_;
  const FoldFunctions<State> functions_;
  State state_{};
};

// make_fold<access::AccessState>("access", 1, access::decide, access::apply, access::to_json, access::state_from_json)
// `decide` may be nullptr for a fold that only knows.
template <class State>
std::unique_ptr<Fold> make_fold(std::string_view name, int version,
                                std::vector<Draft> (*decide)(const State&, const Entry&),
                                void (*apply)(State&, const Entry&), Json (*to_json)(const State&),
                                Result<State> (*from_json)(const Json&)) {
  return std::make_unique<FoldOf<State>>(std::string(name), version,
                                         FoldFunctions<State>{decide, apply, to_json, from_json});
}

}  // namespace firebreak::journal
