// The simulated sibling of an S3-compatible store with versions and Object Lock, in memory. It keeps locks as it should, or
// gives way where it is told to; it can be away, and it can forget to answer. Signatures are looked at, not checked: real
// servers do that (test/counterpart/store). For tests; thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "world/net/message.h"
#include "world/store/object_store.h"

namespace firebreak::store {

enum class Weakness {
  kNoVersions,      // and so no lock
  kNoLock,          // lock headers are refused
  kForgetsLock,     // they are taken, and nothing is locked
  kShortens,        // a lock can be shortened
  kBypassShortens,  // … by asking to bypass it
  kWeakens,         // COMPLIANCE can be made GOVERNANCE
  kDeletes,         // a locked version can be deleted
  kBypassDeletes,
  kLies,            // says 200 to everything about locks, and keeps them
};

class ScriptedStore {
 public:
  explicit ScriptedStore(const Clock& clock) : clock_(clock) {}

  net::Response answer(const net::Request& request);

  void have(Weakness weakness);
  void set_away(bool away);        // 503 for everything
  void lose_answers(int count);    // so many writes are done and answered with 500
  void set_page(std::size_t keys); // of a list
  std::vector<std::string> keys() const;  // in the order in which they were written
  Bytes content(const std::string& key) const;       // of the oldest version
  void alter(const std::string& key, Bytes content); // of its newest version, in place
  int requests() const;
  // Somebody else's writes: of any key, over what is there, at any time.
  void have_object(const std::string& key, Bytes content, Time modified);
  void have_deleted(const std::string& key, Time modified);

 private:
  struct Version {
    std::string id;
    Bytes content;
    std::string sha256;
    std::optional<Retention> lock;
    Time modified;
    bool deletion = false, held = false;
  };
  bool weak(Weakness weakness) const { return weaknesses_.contains(weakness); }
  net::Response put(const net::Request& request, const std::string& key);
  net::Response read(const net::Request& request, const std::string& key, bool body);
  net::Response retention(const net::Request& request, Version& version);
  net::Response legal_hold(const net::Request& request, Version& version);
  net::Response remove(const net::Request& request, const std::string& key);
  net::Response list(const net::Request& request) const;
  Version* find_version(const std::string& key, const std::string& id);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::set<Weakness> weaknesses_;
  std::map<std::string, std::vector<Version>> objects_;  // by key, oldest first
  std::vector<std::string> written_;
  bool away_ = false;
  int lost_ = 0, requests_ = 0, versions_ = 0;
  std::size_t page_ = 1'000;
};

}  // namespace firebreak::store
