// The simulated sibling of a witness: c2sp.org/tlog-witness in memory. It keeps the newest tree of each log that it was told of,
// checks signatures and consistency proofs, and cosigns; it can be told to be away. For tests; thread-safe.
#pragma once

#include <map>
#include <mutex>

#include "log/ledger/note.h"
#include "world/net/message.h"

namespace firebreak::effects {

class ScriptedWitness {
 public:
  explicit ScriptedWitness(ledger::SigningKey key) : key_(std::move(key)) {}

  std::string vkey() const;
  void accept_log(const ledger::VerifierKey& log);
  void set_away(bool away);     // 503 for everything
  void set_time(std::uint64_t seconds);
  std::uint64_t size_of(const std::string& origin) const;
  int requests() const;

  // Of POST …/add-checkpoint.
  net::Response add_checkpoint(const std::string& body);

 private:
  struct Known {
    ledger::VerifierKey key;
    std::uint64_t size = 0;
    Digest root;
  };
  net::Response answer(const std::string& body);

  mutable std::mutex mutex_;
  const ledger::SigningKey key_;
  std::map<std::string, Known> logs_;
  std::uint64_t seconds_ = 1'700'000'000;
  int requests_ = 0;
  bool away_ = false;
};

}  // namespace firebreak::effects
