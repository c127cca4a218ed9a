#include "log/vault/people.h"

#include <fmt/core.h>
#include <sodium.h>

#include "base/encoding.h"
#include "log/vault/totp.h"

namespace firebreak::vault {
namespace {

constexpr std::size_t kShortest = 12, kLongest = 1'024;

Result<std::string> hash_of(std::string_view password) {
  char hash[crypto_pwhash_STRBYTES] = {};
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(Code::kUnavailable, "no 64 MiB of memory to hash a password in");
  return std::string(hash);
}

}  // namespace

People::People(Files& files, Random& random, std::string dir) : files_(files), random_(random), dir_(std::move(dir)) {}

Result<std::unique_ptr<People>> People::open(Files& files, Random& random, const std::string& data_dir) {
  if (sodium_init() < 0) return fail(Code::kInternal, "libsodium does not start");
  FIREBREAK_TRY(files.make_dir(data_dir + "/keys"));
  FIREBREAK_TRY(files.make_dir(data_dir + "/keys/people"));
  std::unique_ptr<People> people(new People(files, random, data_dir + "/keys/people"));
  FIREBREAK_ASSIGN(people->nobodys_, hash_of(to_hex(random.bytes(16))));
  return people;
}

Result<People::Secret> People::new_secret(const std::string& user) {
  const std::string secret = totp_secret(random_);
  const Digest digest = sha256(secret);
  FIREBREAK_TRY(write_atomic(files_, dir_ + "/" + digest.hex(), to_hex(secret) + "\n"));
  return Secret{digest, base32(secret), totp_uri(user, secret)};
}

Result<std::string> People::read(const std::string& digest) const {
  const std::string path = dir_ + "/" + digest;
  if (!Digest::from_hex(digest) || !exists(files_, path))
    return fail(Code::kCorrupt, fmt::format("{} is missing: restore it from the backup of the keys, or an admin makes a new one", path));
  FIREBREAK_ASSIGN(std::string text, read_all(files_, path));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Result<std::int64_t> People::check_code(const std::string& secret_digest, std::string_view code, Time now) const {
  FIREBREAK_ASSIGN(const std::string text, read(secret_digest));
  FIREBREAK_ASSIGN(const std::string secret, from_hex(text));
  if (sha256(secret).hex() != secret_digest)
    return fail(Code::kCorrupt, fmt::format("{}/{} holds another secret than the journal names", dir_, secret_digest));
  const auto step = totp_step(secret, code, now);
  if (!step) return fail(Code::kUnauthorized, "this one-time code is not right: six digits, of now");
  return *step;
}

Result<Digest> People::set_password(std::string_view password) {
  if (password.size() < kShortest || password.size() > kLongest)
    return fail(Code::kInvalid, fmt::format("a password has {} to {} octets", kShortest, kLongest), "/password");
  const std::lock_guard one(hashing_);
  FIREBREAK_ASSIGN(const std::string hash, hash_of(password));
  const Digest digest = sha256(hash);
  FIREBREAK_TRY(write_atomic(files_, dir_ + "/" + digest.hex(), hash + "\n"));
  return digest;
}

Result<bool> People::check_password(const std::string& digest, std::string_view password) const {
  std::string hash = nobodys_;
  if (!digest.empty()) {
    FIREBREAK_ASSIGN(hash, read(digest));
    if (sha256(hash).hex() != digest)
      return fail(Code::kCorrupt, fmt::format("{}/{} holds another hash than the journal names", dir_, digest));
  }
  const std::lock_guard one(hashing_);
  const bool right = password.size() <= kLongest && crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
  return right && !digest.empty();
}

}  // namespace firebreak::vault
