// Starts the feed of an endpoint as soon as it can have one: a stream, a release in service with its training
// snapshot, and a detector configuration. Builds the release's reference profile when it has none: a blob whose digest
// stands in the journal (`profile_built`), so a restart judges by the same profile.
//
// Threads: apply() and endpoints() from one thread at a time with make() elsewhere; make() from one thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "run/app/context.h"
#include "types/entry.h"

namespace firebreak::app {

class FeedMaker {
 public:
  // `detectors`: endpoint -> detector configuration.
  FeedMaker(const Context& context, const std::vector<std::pair<std::string, Json>>& detectors);

  void apply(const Entry& entry);  // every journal entry, from index 0 on
  std::vector<std::string> endpoints() const;
  static std::string endpoint_of(const Entry& entry);  // of endpoint_registered and release_registered

  // Nothing when the endpoint has a feed or cannot have one yet. Blocks: reads blobs, scores the holdout.
  void make(const std::string& endpoint);

 private:
  struct Ready;
  Result<detect::ReferenceProfile> profile_of(const Ready& ready);
  Result<detect::ReferenceProfile> build(const Ready& ready);

  const Context& context_;
  const std::map<std::string, Json> detectors_;
  mutable std::mutex mutex_;
  std::map<std::string, bool> endpoints_;
  std::map<std::pair<std::string, std::string>, std::string> profiles_;  // (endpoint, release) -> blob digest
};

}  // namespace firebreak::app
