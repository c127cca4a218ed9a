// One random key per caller, in a file that only the player reads. The endpoint gets keyed hashes and names.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace firebreak::example {

class Keys {
 public:
  // Reads DIR/caller-keys.json; makes it (0600) with a key for each of `callers` when it is missing.
  static Result<Keys> load_or_create(const std::string& dir, const std::vector<std::string>& callers);

  const std::string& of(const std::string& caller) const { return keys_.at(caller); }

  // {HMAC-SHA256(pepper, key) hex: caller name}: what the endpoint's document holds.
  JsonObject table(const std::string& pepper) const;

 private:
  std::map<std::string, std::string> keys_;
};

// A token of one line in a 0600 file; made when missing.
Result<std::string> token_in(const std::string& path);

}  // namespace firebreak::example
