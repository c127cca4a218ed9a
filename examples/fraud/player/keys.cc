#include "fraud/player/keys.h"

#include "base/digest.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/random.h"

namespace firebreak::example {

Result<Keys> Keys::load_or_create(const std::string& dir, const std::vector<std::string>& callers) {
  PosixFiles files;
  const std::string path = dir + "/caller-keys.json";
  Keys keys;
  if (exists(files, path)) {
    FIREBREAK_ASSIGN(const std::string text, read_all(files, path));
    FIREBREAK_ASSIGN(const Json document, parse_json(text));
    for (const auto& member : document.as_object())
      keys.keys_[std::string(member.key())] = std::string(member.value().as_string());
    return keys;
  }
  SystemRandom random;
  JsonObject document;
  for (const std::string& caller : callers) {
    keys.keys_[caller] = to_hex(random.bytes(16));
    document[caller] = keys.keys_[caller];
  }
  FIREBREAK_TRY(write_atomic(files, path, canonical_json(document)));
  return keys;
}

JsonObject Keys::table(const std::string& pepper) const {
  JsonObject table;
  for (const auto& [caller, key] : keys_) table[hmac_sha256(pepper, key).hex()] = caller;
  return table;
}

Result<std::string> token_in(const std::string& path) {
  PosixFiles files;
  if (exists(files, path)) {
    FIREBREAK_ASSIGN(std::string text, read_all(files, path));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
  SystemRandom random;
  const std::string token = to_hex(random.bytes(32));
  FIREBREAK_TRY(write_atomic(files, path, token + "\n"));
  return token;
}

}  // namespace firebreak::example
