// Starts the feed of an endpoint as soon as it can have one: a stream, a reference profile and a detector configuration
// (its own, else content/detectors/default.yaml). The profile comes from the training snapshot of the release in service;
// an endpoint in tap mode that has none is judged by its own first records. It is a blob whose digest stands in the journal
// (`profile_built`), so a restart judges by the same profile.
//
// Threads: make() from one thread, the rest from any.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/profile.h"
#include "run/app/context.h"
#include "run/app/rule_desk.h"
#include "types/entry.h"

namespace firebreak::app {

class FeedMaker {
 public:
  // `detectors`: endpoint -> detector configuration. `renewed`: detectors were made anew and took over (any thread).
  FeedMaker(const Context& context, const std::vector<std::pair<std::string, Json>>& detectors, std::function<void()> renewed = {});

  void apply(const Entry& entry);  // every journal entry, from index 0 on
  std::vector<std::string> endpoints() const;
  static std::string endpoint_of(const Entry& entry);  // of endpoint_registered and release_registered

  // Nothing when the endpoint has a feed or cannot have one yet. Blocks: reads blobs, scores the holdout.
  void make(const std::string& endpoint);
  // Rows of the stream are gone: what was derived of them is made anew without them, in the background, the baseline first when
  // a person's rows were in it. On make()'s thread.
  void forget(const std::string& stream);
  // {"outcome", …} of finding_replay.h for the finding with this id. kNotFound; kInvalid: no detector of a stream said it; kBusy: one
  // replay at a time. Reads the stream.
  Result<Json> replay(const std::string& finding) const;
  // Rules were applied: the feeds change to them; streams of no endpoint (pipelines, registries, accesses, signals) get a feed
  // for them alone.
  void use_rules();
  RuleDesk& rules() { return rules_; }
  // Another configuration was approved (detectors_approved): detectors with it are made and take over. On make()'s thread.
  void retune(const std::string& endpoint);
  // What judges an endpoint's records now. kNotFound: nothing does.
  struct Judge {
    Endpoint endpoint;
    detect::DetectorConfig config;
    detect::ReferenceProfile profile;
  };
  Result<Judge> judge_of(const std::string& endpoint) const;
  // {endpoint, source, document}: the configuration in use, as a file may have it. kNotFound: no such endpoint.
  Result<Json> configuration_of(const std::string& endpoint) const;
  // Endpoints without a feed whose stream has grown since make() was tried: worth another try.
  std::vector<std::string> worth_trying();

  // For people: [{name, mode, state, records, last_time, detectors: [{name, state (running, waiting, off), reason}]}].
  Json status() const;

 private:
  struct Ready;
  void make_ruled(const std::string& name, record::Stream& stream);
  std::optional<Ready> ready_of(const std::string& name) const;
  struct InUse {
    Json document;
    std::string source;  // "file", "default", or the proposal
  };
  Result<InUse> document_of(const Endpoint& endpoint) const;
  Result<detect::DetectorConfig> config_of(const Ready& ready) const;
  struct Profile {
    std::string digest;      // of its blob
    bool of_records = false;  // the endpoint's own first ones, up to `last`
    std::uint64_t last = 0;
    std::size_t gone = 0;    // erasures that the stream told of
    std::uint64_t rows = 0;
  };
  Result<std::unique_ptr<detect::StreamDetector>> detector_of(const Ready& ready, record::Stream& stream);
  Result<detect::ReferenceProfile> profile_of(const Ready& ready, record::Stream& stream);
  Result<detect::ReferenceProfile> read_profile(const Profile& known) const;
  std::optional<Profile> known_profile(const Ready& ready) const;
  Result<detect::ReferenceProfile> build(const Ready& ready);
  Result<detect::ReferenceProfile> build_baseline(const Ready& ready, record::Stream& stream);
  Result<void> keep(const Ready& ready, const detect::ReferenceProfile& profile, JsonObject body);
  // Approved in the journal; until the file that it was approved over says something else.
  struct Tuning {
    Json document;
    std::string proposal, over;  // over: canonical document of the configuration then
  };
  std::optional<Tuning> tuning_of(const std::string& endpoint) const;
  JsonArray detectors_of(const std::string& name, const Ready& ready) const;

  const Context& context_;
  const std::map<std::string, Json> detectors_;
  const std::function<void()> renewed_;
  mutable RuleDesk rules_;
  mutable std::mutex replaying_;
  mutable std::mutex mutex_;
  std::map<std::string, bool> endpoints_;
  std::map<std::pair<std::string, std::string>, Profile> profiles_;  // by endpoint and release
  std::map<std::string, detect::OpenEpisodes> open_;                     // of endpoints without a feed: what the journal has open
  std::map<std::string, std::uint64_t> tried_;                           // endpoint -> records when make() was tried
  std::map<std::string, std::string> waits_;                             // endpoint -> why it has no feed
  std::map<std::string, std::string> applied_;                           // endpoint -> canonical document, as configured last
  std::map<std::string, Tuning> tunings_;
  std::set<std::string> judged_by_labels_;                               // endpoints whose profile says what labels to expect
};

}  // namespace firebreak::app
