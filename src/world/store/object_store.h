// A bucket of an S3-compatible store, with versions and Object Lock: what Firebreak needs of the S3 protocol and no more.
//
// Objects are addressed path style (URL/BUCKET/PREFIX+KEY). A key that is written here has letters, digits and ._-/ only, so it is
// written the same everywhere; others' keys are read, listed and held as they are. Each body travels with its SHA-256, which the store checks (x-amz-checksum-sha256), is covered by the request's
// signature (SigV4), and stands in the object's metadata (x-amz-meta-sha256) for whoever reads it back.
//
// Threads: any; calls wait for each other.
// Errors: kUnavailable, kTimeout (away, or too busy: try again), kNotFound, kConflict (there already), kForbidden (credentials,
// permission, or the lock), kCorrupt (what came back has another digest), kInvalid (everything else the store refuses).
// Limit: kObjectBytes an object, kAnswerBytes an XML answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/digest.h"
#include "base/time.h"
#include "world/net/http_client.h"
#include "world/store/xml.h"

namespace firebreak::store {

inline constexpr std::size_t kObjectBytes = limits::kDocumentBytes;
inline constexpr std::size_t kAnswerBytes = 8 * limits::kMiB;
inline constexpr std::size_t kVersions = 10'000'000;

struct Place {
  std::string url;     // "https://s3.example.org", without '/' at its end
  std::string bucket;
  std::string region = "us-east-1";
  std::string access_key_id, secret;
  std::string prefix;  // before each key: empty, or ending in '/'
  std::string tls_ca_file;
};

struct Retention {
  std::string mode;  // "COMPLIANCE", "GOVERNANCE"
  Time until;
};

struct ObjectHead {
  std::uint64_t octets = 0;
  std::string version;
  std::string sha256;  // hex, of the metadata; empty: none
  std::optional<Retention> lock;
};

struct ObjectVersion {
  std::string key;  // without the prefix
  std::string version;
  std::uint64_t octets = 0;
  std::string etag;  // without its quotes; empty: none
  Time modified;     // by the store's clock, in whole seconds on most
  bool newest = false;
  bool deletion = false;  // only a marker that the object was deleted
};

bool is_key(std::string_view key);        // 1 to 512 of the characters above, no empty part, no "." or ".."
bool is_addressed(std::string_view key);  // 1 to 1,024 octets of any kind, and such parts: else a URL cannot name it

class ObjectStore {
 public:
  // `stopping` breaks calls off and outlives this.
  ObjectStore(Place place, const std::atomic<bool>& stopping);

  const Place& place() const { return place_; }

  // Writes an object that is not there yet, locked (COMPLIANCE) until then; gives its version. kConflict: there is one.
  Result<std::string> put(const std::string& key, ByteView body, std::optional<Time> locked_until);
  Result<ObjectHead> head(const std::string& key, const std::string& version = {});
  Result<Bytes> get(const std::string& key, const std::string& version = {});  // held against its metadata's digest
  // All versions of the keys that begin with `begin`, by key; of one key the newest first. More than `most` are kTooLarge.
  Result<std::vector<ObjectVersion>> versions(const std::string& begin, std::size_t most = kVersions);
  Result<std::string> versioning();  // of the bucket: "Enabled", "Suspended"; empty: it never had versions

  Result<std::optional<Retention>> retention(const std::string& key, const std::string& version);
  Result<void> set_retention(const std::string& key, const std::string& version, const Retention& retention, bool bypass);
  Result<bool> legal_hold(const std::string& key, const std::string& version);
  Result<void> set_legal_hold(const std::string& key, const std::string& version, bool on);
  Result<void> remove(const std::string& key, const std::string& version, bool bypass);
  // Of the bucket: "COMPLIANCE 365 days"; empty: new objects are not locked by themselves, or the bucket knows no lock.
  Result<std::string> default_retention();

 private:
  using Query = std::map<std::string, std::string>;
  Result<net::Response> call(const std::string& method, const std::string& key, const Query& query, net::Headers headers, ByteView body);
  std::string address(const std::string& key) const;

  const Place place_;
  net::HttpClient http_;
};

}  // namespace firebreak::store
