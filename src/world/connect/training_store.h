// The training data that a model was made of, in an S3-compatible bucket with versions.
//
//   snapshot {bucket, prefix}         what is there, version by version, as a manifest
//            -> {manifest, objects, versions, deletions, octets, newest, versioning, document?}
//   recent   {bucket, prefix, since}  what came, changed or went since then (RFC 3339), for people to review
//            -> {new, changed, deleted, octets, entries, more, folders, manifest, document?}
//   hold     {bucket, prefix, on?}    a legal hold on every version, or (on: false) none any more -> {versions, changed}
//
// A manifest is canonical JSON, the same for the same state: bucket, prefix, and per version key, version, octets, etag, modified,
// newest, deletion. `manifest` is its SHA-256; up to kDocumentBytes its text comes along as `document`, larger ones go to `keep`.
// `objects`: keys that are not deleted. `octets`: of all versions. `versioning` is the bucket's own word: unless it is "Enabled",
// what was written over is gone, and the snapshot shows only what is left.
// A listing is no moment: what is written while it runs may be in it or not. `since` is cut to its second, as stores cut theirs.
// `folders` counts recent entries by what follows the prefix up to the next '/'.
// Limits: kManifestVersions a listing, kHeldVersions a hold: choose a longer prefix.
// Signed with SigV4. Seen with moto 5.2.5 in test/counterpart/callers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "world/connect/caller.h"
#include "world/store/object_store.h"

namespace firebreak::connect {

class TrainingStore : public Caller {
 public:
  // Takes a manifest's text into its care and gives its SHA-256 back, hex.
  using Keep = std::function<Result<std::string>(std::string document)>;

  static constexpr std::size_t kDocumentBytes = 16 * limits::kKiB;
  static constexpr std::size_t kManifestVersions = 250'000;
  static constexpr std::size_t kHeldVersions = 10'000;
  static constexpr std::size_t kEntries = 100, kFolders = 100;

  // `place`: its bucket and prefix are not used, those of a request are. Without `keep` a large manifest is kTooLarge.
  TrainingStore(store::Place place, Keep keep) : place_(std::move(place)), keep_(std::move(keep)) {}

  Result<JsonObject> call(const Json& request, const std::string& key) override;
  void stop() override { stopping_ = true; }

 private:
  Result<JsonObject> snapshot(const Json& request);
  Result<JsonObject> recent(const Json& request);
  Result<JsonObject> hold(const Json& request);

  Result<store::ObjectStore*> open(const Json& request);  // kept in store_ for the call
  Result<void> put_manifest(JsonObject& values, const Json& manifest);

  const store::Place place_;
  const Keep keep_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<store::ObjectStore> store_;
};

}  // namespace firebreak::connect
