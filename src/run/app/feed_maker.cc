#include "run/app/feed_maker.h"

#include <fmt/core.h>

#include "fold/provenance/provenance.h"
#include "run/drill/dataset.h"
#include "run/drill/scorer.h"

namespace firebreak::app {

struct FeedMaker::Ready {
  Endpoint endpoint;
  provenance::Release release;
};

FeedMaker::FeedMaker(const Context& context, const std::vector<std::pair<std::string, Json>>& detectors)
    : context_(context), detectors_(detectors.begin(), detectors.end()) {}

std::string FeedMaker::endpoint_of(const Entry& entry) {
  const Json* endpoint = find(entry.body, "endpoint");
  if (endpoint == nullptr) return {};
  return endpoint->is_string() ? std::string(endpoint->get_string()) : string_or(*endpoint, "name");
}

void FeedMaker::apply(const Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (entry.kind == "endpoint_registered") endpoints_[endpoint_of(entry)] = true;
  if (entry.kind == "profile_built")
    profiles_[{string_or(entry.body, "endpoint"), string_or(entry.body, "release")}] = string_or(entry.body, "digest");
}

std::vector<std::string> FeedMaker::endpoints() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, known] : endpoints_) names.push_back(name);
  return names;
}

void FeedMaker::make(const std::string& name) {
  record::Stream* stream = context_.streams.get(name);
  const auto settings = detectors_.find(name);
  if (stream == nullptr || settings == detectors_.end() || context_.feeds.find(name) != nullptr) return;
  std::optional<Ready> ready;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    const Endpoint* endpoint = provenance::find_endpoint(known, name);
    const auto* release = provenance::find_release(known, name, provenance::last_known_good(known, name));
    if (endpoint != nullptr && release != nullptr) ready = Ready{*endpoint, *release};
  });
  if (!ready) return;
  const auto config = detect::detector_config_from_json(settings->second);
  if (!config) return context_.logger.error("the detectors of " + name + " cannot be configured", config.error());
  const auto profile = profile_of(*ready);
  if (!profile) return context_.logger.error("no reference profile for " + name, profile.error());
  context_.feeds.add(name, std::make_unique<StreamFeed>(*stream, ready->endpoint,
                                                        std::make_unique<detect::StreamDetector>(*config, *profile),
                                                        context_.journal, context_.logger));
}

Result<detect::ReferenceProfile> FeedMaker::profile_of(const Ready& ready) {
  std::string known;
  {
    const std::lock_guard lock(mutex_);
    const auto found = profiles_.find({ready.endpoint.name, ready.release.release});
    if (found != profiles_.end()) known = found->second;
  }
  if (known.empty()) return build(ready);
  FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(known));
  FIREBREAK_ASSIGN(const Bytes text, context_.blobs.get(digest));
  FIREBREAK_ASSIGN(const Json document, parse_json(text));
  return detect::profile_from_json(document);
}

Result<detect::ReferenceProfile> FeedMaker::build(const Ready& ready) {
  FIREBREAK_ASSIGN(const Digest dataset_digest, Digest::from_hex(ready.release.dataset));
  FIREBREAK_ASSIGN(const Bytes training, context_.blobs.get(dataset_digest));
  FIREBREAK_ASSIGN(const drill::Dataset data, drill::parse_dataset(training, ready.endpoint.features));
  FIREBREAK_ASSIGN(detect::ReferenceProfile profile, detect::build_profile(ready.endpoint.features, data.rows));
  // What labels may be expected to say: the release's own answers on its holdout.
  FIREBREAK_ASSIGN(const Digest holdout_digest, Digest::from_hex(ready.release.holdout));
  FIREBREAK_ASSIGN(const Bytes holdout_text, context_.blobs.get(holdout_digest));
  FIREBREAK_ASSIGN(const drill::Dataset holdout, drill::parse_dataset(holdout_text, ready.endpoint.features));
  drill::Scorer scorer(ready.endpoint, ready.release.upstream);
  FIREBREAK_ASSIGN(const std::vector<drill::Answer> answers, scorer.score(holdout.rows));
  detect::PerformanceBaseline baseline;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const bool flagged = answers[i].label == ready.endpoint.positive_label;
    baseline.flagged += flagged;
    baseline.positives += holdout.positive[i];
    baseline.true_positives += flagged && holdout.positive[i];
  }
  profile.performance = baseline;
  FIREBREAK_ASSIGN(const Digest digest, context_.blobs.put(canonical_json(detect::to_json(profile))));
  JsonObject body{{"endpoint", ready.endpoint.name}, {"release", ready.release.release}, {"digest", digest.hex()},
                  {"rows", profile.rows},            {"precision", baseline.precision()}, {"recall", baseline.recall()}};
  FIREBREAK_TRY(context_.journal.submit_wait(Draft{"profile_built", std::move(body), "firebreak", {}, {}}));
  return profile;
}

}  // namespace firebreak::app
