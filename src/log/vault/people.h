// What proves who a person is: secrets of one-time codes and hashes of passwords. They stand in DIR/keys/people, a file of mode
// 0600 each, named by the digest that the journal holds; the journal holds nothing that helps to guess them.
//
// Passwords are hashed with argon2id (RFC 9106) by libsodium: 64 MiB, two passes. One is at least 12 characters long; what it
// must be made of is nobody's business here (NIST SP 800-63B, 5.1.1.2).
// Threads: any; one password at a time is hashed, so that a crowd at the door costs no more than 64 MiB.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/files.h"
#include "base/random.h"
#include "base/time.h"

namespace firebreak::vault {

class People {
 public:
  // Makes DIR/keys/people when it is missing. `files` and `random` outlive it.
  static Result<std::unique_ptr<People>> open(Files& files, Random& random, const std::string& data_dir);

  struct Secret {
    Digest digest;        // for the journal
    std::string text, uri;  // for the person's authenticator, shown once
  };
  Result<Secret> new_secret(const std::string& user);

  // The time step whose code this is. Errors: kUnauthorized when it is none, kCorrupt when the secret's file is gone or another.
  Result<std::int64_t> check_code(const std::string& secret_digest, std::string_view code, Time now) const;

  // The digest of the hash that now stands in the folder. Errors: kInvalid (too short or too long).
  Result<Digest> set_password(std::string_view password);
  // Takes as long when there is none (an empty digest): who asks learns nothing of which users there are.
  Result<bool> check_password(const std::string& digest, std::string_view password) const;

 private:
  People(Files& files, Random& random, std::string dir);
  Result<std::string> read(const std::string& digest) const;

  Files& files_;
  Random& random_;
  const std::string dir_;
  mutable std::mutex hashing_;
  std::string nobodys_;  // the hash of a password that nobody has
};

}  // namespace firebreak::vault
