#include "run/app/feed_maker.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "fold/provenance/provenance.h"
#include "run/app/content.h"
#include "run/app/finding_replay.h"
#include "run/app/shipped_detectors.h"
#include "run/replay/dataset.h"
#include "run/replay/scorer.h"

namespace firebreak::app {
namespace {

constexpr std::uint64_t kLookedAt = 1'000'000;     // of all records, for these
constexpr std::size_t kBaselineRecords = 500;  // 1 % tails of fewer rows would rest on less than five of them
constexpr std::uint64_t kTogetherRows = 1024;     // fold/detect/mixture_watch.h
constexpr std::string_view kDetect = "detect:";  // a feed's producer, before the endpoint's name

}  // namespace

struct FeedMaker::Ready {
  Endpoint endpoint;
  std::optional<provenance::Release> release;
  std::string release_name() const { return release ? release->release : std::string("baseline"); }
};

FeedMaker::FeedMaker(const Context& context, const std::vector<std::pair<std::string, Json>>& detectors, std::function<void()> renewed)
    : context_(context), detectors_(detectors.begin(), detectors.end()), renewed_(std::move(renewed)), rules_(context) {}

std::string FeedMaker::endpoint_of(const Entry& entry) {
  const Json* endpoint = find(entry.body, "endpoint");
  if (endpoint == nullptr) return {};
  return endpoint->is_string() ? std::string(endpoint->get_string()) : string_or(*endpoint, "name");
}

void FeedMaker::apply(const Entry& entry) {
  rules_.apply(entry);
  const std::lock_guard lock(mutex_);
  if (entry.kind == "endpoint_registered") endpoints_[endpoint_of(entry)] = true;
  if (entry.kind == "profile_built")
    profiles_[{string_or(entry.body, "endpoint"), string_or(entry.body, "release")}] = {
        string_or(entry.body, "digest"), find(entry.body, "basis") != nullptr, static_cast<std::uint64_t>(int_or(entry.body, "last", 0)),
        static_cast<std::size_t>(int_or(entry.body, "gone", 0)), static_cast<std::uint64_t>(int_or(entry.body, "rows", 0))};
  if (entry.kind == "config_applied") {
    applied_.clear();
    if (const Json* documents = find_pointer(entry.body, "/document/detectors"); documents != nullptr && documents->is_object())
      for (const auto& member : documents->get_object()) applied_[std::string(member.key())] = canonical_json(member.value());
  }
  if (entry.kind == "detectors_approved")
    if (const Json* document = find(entry.body, "document")) {
      const std::string endpoint = string_or(entry.body, "endpoint");
      const auto configured = applied_.find(endpoint);
      tunings_[endpoint] = {*document, string_or(entry.body, "proposal"), configured == applied_.end() ? std::string() : configured->second};
    }
  if (!entry.kind.starts_with("finding_") || !entry.source.producer.starts_with(kDetect)) return;
  const std::string endpoint = entry.source.producer.substr(kDetect.size());
  if (context_.feeds.find(endpoint) != nullptr) return;  // it knows what it said
  const FindingPhase phase = entry.kind == "finding_opened" ? FindingPhase::kOpened
                             : entry.kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kUpdated;
  if (const auto update = finding_from_json(phase, entry.body)) open_[endpoint].apply(*update);
}

std::vector<std::string> FeedMaker::endpoints() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, known] : endpoints_) names.push_back(name);
  return names;
}

std::optional<FeedMaker::Ready> FeedMaker::ready_of(const std::string& name) const {
  std::optional<Ready> ready;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    const Endpoint* endpoint = provenance::find_endpoint(known, name);
    if (endpoint == nullptr) return;
    ready = Ready{*endpoint, std::nullopt};
    const auto* release = provenance::find_release(known, name, provenance::last_known_good(known, name));
    if (release != nullptr) ready->release = *release;
  });
  return ready;
}

std::optional<FeedMaker::Tuning> FeedMaker::tuning_of(const std::string& endpoint) const {
  const std::lock_guard lock(mutex_);
  const auto tuning = tunings_.find(endpoint);
  if (tuning == tunings_.end()) return std::nullopt;
  const auto own = detectors_.find(endpoint);
  return tuning->second.over == (own == detectors_.end() ? std::string() : canonical_json(own->second)) ? std::optional(tuning->second) : std::nullopt;
}

Result<FeedMaker::InUse> FeedMaker::document_of(const Endpoint& endpoint) const {
  if (auto tuning = tuning_of(endpoint.name)) return InUse{complete_detectors(std::move(tuning->document), endpoint), tuning->proposal};
  if (const auto own = detectors_.find(endpoint.name); own != detectors_.end()) return InUse{complete_detectors(own->second, endpoint), "file"};
  FIREBREAK_ASSIGN(Json document, yaml_to_json(default_detectors(), "content/detectors/default.yaml"));
  return InUse{complete_detectors(std::move(document), endpoint), "default"};
}

Result<Json> FeedMaker::configuration_of(const std::string& name) const {
  const auto ready = ready_of(name);
  if (!ready) return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", name));
  FIREBREAK_ASSIGN(InUse found, document_of(ready->endpoint));
  const bool proposed = found.source != "file" && found.source != "default";
  return Json(JsonObject{{"endpoint", name},
                         {"source", proposed ? "approved proposal " + found.source
                                    : found.source == "file" ? std::string("file named in firebreak.yaml") : std::string("shipped default")},
                         {"document", std::move(found.document)}});
}

Result<detect::DetectorConfig> FeedMaker::config_of(const Ready& ready) const {
  FIREBREAK_ASSIGN(const InUse found, document_of(ready.endpoint));
  return detect::detector_config_from_json(found.document);
}

void FeedMaker::make(const std::string& name) {
  record::Stream* stream = context_.streams.get(name);
  StreamFeed* const feed = context_.feeds.find(name);
  if (stream == nullptr || (feed != nullptr && feed->detects())) return;
  {
    const std::lock_guard lock(mutex_);
    tried_[name] = stream->size();
  }
  const auto ready = ready_of(name);
  if (!ready) return make_ruled(name, *stream);
  if (!ready->release && ready->endpoint.mode != EndpointMode::kTap) return;
  auto detector = detector_of(*ready, *stream);
  if (!detector) return;
  if (feed != nullptr) return feed->renew(std::move(*detector));
  detect::OpenEpisodes said;
  {
    const std::lock_guard lock(mutex_);
    said = std::exchange(open_[name], {});
  }
  rules_.ask(name);
  context_.feeds.add(name, std::make_unique<StreamFeed>(*stream, ready->endpoint, std::move(*detector), context_.journal,
                                                        context_.logger, std::move(said), renewed_, rules_.book(name)));
}

// Requests and answers are an endpoint's, and wait for it.
void FeedMaker::make_ruled(const std::string& name, record::Stream& stream) {
  const auto& kinds = stream.config().kinds;
  if (std::find(kinds.begin(), kinds.end(), record::Kind::kInference) != kinds.end() || context_.feeds.find(name) != nullptr) return;
  rules_.ask(name);
  const std::shared_ptr<RuleBook> book = rules_.book(name);
  if (book->size() == 0 && !book->asked()) return;  // nobody has asked for rules
  Endpoint source;
  source.name = name;
  detect::OpenEpisodes said;
  {
    const std::lock_guard lock(mutex_);
    said = std::exchange(open_[name], {});
  }
  context_.feeds.add(name, std::make_unique<StreamFeed>(stream, source, nullptr, context_.journal, context_.logger, std::move(said), renewed_, book));
}

void FeedMaker::use_rules() {
  for (const std::string& name : context_.streams.list()) {
    StreamFeed* const feed = context_.feeds.find(name);
    if (feed == nullptr) {
      make(name);
      continue;
    }
    rules_.ask(name);
    feed->rules_changed();
  }
}

// An error was told; or waits_ says what it waits for.
Result<std::unique_ptr<detect::StreamDetector>> FeedMaker::detector_of(const Ready& ready, record::Stream& stream) {
  const std::string& name = ready.endpoint.name;
  const auto config = config_of(ready);
  if (!config) {
    context_.logger.error("the detectors of " + name + " cannot be configured", config.error());
    return fail(Error(config.error()));
  }
  const auto profile = profile_of(ready, stream);
  {
    const std::lock_guard lock(mutex_);
    waits_[name] = profile ? "" : profile.error().message;
    if (profile && profile->performance) judged_by_labels_.insert(name);
  }
  if (!profile) {
    if (profile.error().code != Code::kBusy)  // busy: the baseline still waits for records
      context_.logger.error("no reference profile for " + name, profile.error());
    return fail(Error(profile.error()));
  }
  return std::make_unique<detect::StreamDetector>(*config, *profile);
}

void FeedMaker::forget(const std::string& name) {
  record::Stream* const stream = context_.streams.get(name);
  StreamFeed* const feed = context_.feeds.find(name);
  if (stream == nullptr || feed == nullptr) return;
  if (std::max(feed->forgotten(), feed->renewing()) >= stream->gone().size()) return;  // one renewal for all that went meanwhile
  const auto ready = ready_of(name);
  if (!ready) return feed->renew(nullptr);
  auto detector = detector_of(*ready, *stream);
  // Without a baseline the old detectors go nevertheless: they hold what is gone.
  feed->renew(detector ? std::move(*detector) : nullptr);
}

void FeedMaker::retune(const std::string& name) {
  record::Stream* const stream = context_.streams.get(name);
  StreamFeed* const feed = context_.feeds.find(name);
  const auto ready = ready_of(name);
  const auto tuning = tuning_of(name);
  if (stream == nullptr || feed == nullptr || !ready || !tuning) return;  // made with it once it is made
  auto detector = detector_of(*ready, *stream);
  if (!detector) return;
  feed->renew(std::move(*detector), "the detectors were changed by " + tuning->proposal, [this, name, proposal = tuning->proposal](std::uint64_t position) {
    context_.journal.submit({"detectors_renewed", JsonObject{{"proposal", proposal}, {"endpoint", name}, {"stream", name}, {"position", position}}, "detect", proposal, {}}, {});
  });
}

Result<Json> FeedMaker::replay(const std::string& finding) const {
  const std::unique_lock one(replaying_, std::try_to_lock);
  if (!one.owns_lock()) return fail(Code::kBusy, "another finding is being replayed: ask again in a moment");
  const std::uint64_t index = finding.starts_with("find-") ? index_of(finding) : 0;
  FIREBREAK_ASSIGN(const auto entries, context_.journal.entries(index, 1));
  if (index == 0 || entries.empty() || entries.front().kind != "finding_opened")
    return fail(Code::kNotFound, fmt::format("there is no finding '{}'", finding), "/id");
  const Entry& opened = entries.front();
  if (!opened.source.producer.starts_with(kDetect))
    return fail(Code::kInvalid, fmt::format("'{}' was not found in a stream, so nothing can be replayed", finding), "/id");
  const std::string name = opened.source.producer.substr(kDetect.size());
  record::Stream* const stream = context_.streams.get(name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("'{}' has no stream now", name));
  if (!ready_of(name)) {  // a stream of no endpoint: rules alone judge it
    Endpoint source;
    source.name = name;
    FeedMind mind(source, nullptr, 0, context_.logger, rules_.book(name));
    return replay_finding(*stream, source.features, mind, opened);
  }
  FIREBREAK_ASSIGN(const Judge judge, judge_of(name));
  FeedMind mind(judge.endpoint, std::make_unique<detect::StreamDetector>(judge.config, judge.profile), 0, context_.logger, rules_.book(name));
  return replay_finding(*stream, judge.endpoint.features, mind, opened);
}

Result<FeedMaker::Judge> FeedMaker::judge_of(const std::string& name) const {
  const auto ready = ready_of(name);
  const auto known = ready ? known_profile(*ready) : std::nullopt;
  if (context_.streams.get(name) == nullptr || !known) return fail(Code::kNotFound, fmt::format("'{}' has no detectors now", name));
  FIREBREAK_ASSIGN(detect::DetectorConfig config, config_of(*ready));
  FIREBREAK_ASSIGN(detect::ReferenceProfile profile, read_profile(*known));
  return Judge{ready->endpoint, std::move(config), std::move(profile)};
}

std::vector<std::string> FeedMaker::worth_trying() {
  std::vector<std::string> names;
  for (const std::string& name : endpoints()) {
    const record::Stream* stream = context_.streams.get(name);
    const StreamFeed* const feed = context_.feeds.find(name);
    if (stream == nullptr || (feed != nullptr && (feed->detects() || feed->renewing() != 0))) continue;
    const std::lock_guard lock(mutex_);
    if (stream->size() > tried_[name]) names.push_back(name);
  }
  return names;
}

std::optional<FeedMaker::Profile> FeedMaker::known_profile(const Ready& ready) const {
  const std::lock_guard lock(mutex_);
  const auto found = profiles_.find({ready.endpoint.name, ready.release_name()});
  return found == profiles_.end() ? std::nullopt : std::optional(found->second);
}

Result<detect::ReferenceProfile> FeedMaker::profile_of(const Ready& ready, record::Stream& stream) {
  const auto known = known_profile(ready);
  if (!known) return ready.release ? build(ready) : build_baseline(ready, stream);
  if (known->of_records) {
    FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(known->digest));
    // A person's values are in it, be it as bounds alone. What expired stays: a baseline is not to follow the traffic.
    const auto gone = stream.gone();
    for (std::size_t i = known->gone; i < gone.size(); ++i) {
      if (gone[i]->order == 0 || !gone[i]->touches(0, known->last + 1)) continue;
      FIREBREAK_TRY(context_.blobs.forget(digest));
      break;
    }
    if (!context_.blobs.has(digest)) return build_baseline(ready, stream);
  }
  return read_profile(*known);
}

Result<detect::ReferenceProfile> FeedMaker::read_profile(const Profile& known) const {
  FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(known.digest));
  FIREBREAK_ASSIGN(const Bytes text, context_.blobs.get(digest));
  FIREBREAK_ASSIGN(const Json document, parse_json(text));
  return detect::profile_from_json(document);
}

Result<void> FeedMaker::keep(const Ready& ready, const detect::ReferenceProfile& profile, JsonObject body) {
  FIREBREAK_ASSIGN(const Digest digest, context_.blobs.put(canonical_json(detect::to_json(profile))));
  body["endpoint"] = ready.endpoint.name;
  body["release"] = ready.release_name();
  body["digest"] = digest.hex();
  body["rows"] = profile.rows;
  FIREBREAK_TRY(context_.journal.submit_wait(Draft{"profile_built", std::move(body), "firebreak", {}, {}}));
  return {};
}

// The endpoint's own first records: what came later is held against them. Nobody knows whether they were honest; the entry
// says which they were.
Result<detect::ReferenceProfile> FeedMaker::build_baseline(const Ready& ready, record::Stream& stream) {
  const FeatureSchema& schema = ready.endpoint.features;
  if (schema.numeric.empty() && schema.categorical.empty())
    return fail(Code::kBusy, "its features are not known yet: the first 'firebreak ingest' names them");
  record::ObservationReader reader(schema);
  std::vector<FeatureRow> rows;
  std::uint64_t last = 0;
  const std::size_t gone = stream.gone().size();  // before the first row
  // Once records are gone its rows lie further on.
  // Labels may come before the answers: what is looked at are inferences, four times as many as are wanted.
  const std::uint64_t end = gone == 0 ? std::min<std::uint64_t>(stream.size(), kLookedAt) : stream.size();
  std::size_t inferences = 0;
  for (std::uint64_t at = 0; at < end && rows.size() < kBaselineRecords && (gone != 0 || inferences < 4 * kBaselineRecords);) {
    FIREBREAK_ASSIGN(at, stream.read_from(at, kBaselineRecords, [&](const record::Record& record) {
      if (record.kind != record::Kind::kInference || rows.size() >= kBaselineRecords) return;
      ++inferences;
      const auto observation = reader.read(record);
      if (!observation || !observation->schema_violation.empty()) return;
      const auto& numbers = observation->features.numeric;
      if (std::any_of(numbers.begin(), numbers.end(), [](double value) { return std::isnan(value); })) return;
      rows.push_back(observation->features);
      last = record.index;
    }));
  }
  if (rows.size() < kBaselineRecords)
    return fail(Code::kBusy, fmt::format("{} of {} whole records for its baseline", rows.size(), kBaselineRecords));
  FIREBREAK_ASSIGN(detect::ReferenceProfile profile, detect::build_profile(schema, rows, 0.01, true));
  FIREBREAK_TRY(keep(ready, profile, {{"basis", "the endpoint's first records"}, {"first", 0}, {"last", last}, {"gone", gone}}));
  return profile;
}

Result<detect::ReferenceProfile> FeedMaker::build(const Ready& ready) {
  FIREBREAK_ASSIGN(const Digest dataset_digest, Digest::from_hex(ready.release->dataset));
  FIREBREAK_ASSIGN(const Bytes training, context_.blobs.get(dataset_digest));
  FIREBREAK_ASSIGN(const replay::Dataset data, replay::parse_dataset(training, ready.endpoint.features));
  FIREBREAK_ASSIGN(detect::ReferenceProfile profile, detect::build_profile(ready.endpoint.features, data.rows));
  // What labels may be expected to say: the release's own answers on its holdout.
  FIREBREAK_ASSIGN(const Digest holdout_digest, Digest::from_hex(ready.release->holdout));
  FIREBREAK_ASSIGN(const Bytes holdout_text, context_.blobs.get(holdout_digest));
  FIREBREAK_ASSIGN(const replay::Dataset holdout, replay::parse_dataset(holdout_text, ready.endpoint.features));
  replay::Scorer scorer(ready.endpoint, ready.release->upstream);
  const auto scored = scorer.score(holdout.rows);
  // Without its answers the labels cannot be judged; the rest can. Not kept: the next start asks the release again.
  if (!scored && scored.error().code == Code::kUnavailable) return profile;
  if (!scored) return fail(Error(scored.error()));
  const std::vector<replay::Answer>& answers = *scored;
  detect::PerformanceBaseline baseline;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const bool flagged = answers[i].label == ready.endpoint.positive_label;
    baseline.flagged += flagged;
    baseline.positives += holdout.positive[i];
    baseline.true_positives += flagged && holdout.positive[i];
  }
  profile.performance = baseline;
  FIREBREAK_TRY(keep(ready, profile, {{"precision", baseline.precision()}, {"recall", baseline.recall()}}));
  return profile;
}

// ---- for people

JsonArray FeedMaker::detectors_of(const std::string& name, const Ready& ready) const {
  std::string waits;
  bool by_labels = false;
  std::uint64_t rows = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = waits_.find(name); found != waits_.end()) waits = found->second;
    by_labels = judged_by_labels_.contains(name);
    if (const auto at = profiles_.find({name, ready.release_name()}); at != profiles_.end()) rows = at->second.rows;
  }
  const StreamFeed* const feed = context_.feeds.find(name);
  const bool running = feed != nullptr && feed->detects();
  if (!running && waits.empty())
    waits = ready.endpoint.mode == EndpointMode::kTap ? "records for its baseline" : "a registered release to compare with";
  JsonArray detectors;
  const auto add = [&](std::string_view detector, bool runs, std::string reason) {
    detectors.push_back(JsonObject{{"name", detector}, {"state", runs ? "running" : "waiting"}, {"reason", std::move(reason)}});
  };
  const std::size_t numeric = ready.endpoint.features.numeric.size();
  const auto needing = [&](std::string_view detector, bool can, std::string_view reason) {
    add(detector, running && can, running ? std::string(can ? "" : reason) : waits);
  };
  add("input checks", running, waits);
  add("feature watches", running, waits);
  needing("features together", numeric >= 2 && rows >= kTogetherRows, "two numeric features and a reference of 1,024 whole rows");
  add("stream watch", running, waits);
  add("outlier share", running, waits);
  needing("query chains", numeric >= detect::kChainFeatures || detectors_.contains(name), "fewer than six numeric features: likeness says too little");
  std::string basis;
  if (running) {
    const Json report = feed->performance();
    if (const Json* measures = find(report, "measures"); measures != nullptr && measures->is_array() && !measures->get_array().empty())
      basis = string_or(measures->get_array().front(), "basis");
  }
  const bool judged = by_labels || !basis.empty();
  needing("performance", judged, "a registered release that answers for its labelled holdout, or its first labels");
  if (running && judged) detectors.back().as_object()["judges_by"] = basis.empty() ? "release" : basis;
  if (const auto book = rules_.book(name); feed != nullptr && book && book->size() > 0) add("rules", true, "");
  return detectors;
}

Json FeedMaker::status() const {
  JsonArray items;
  for (const std::string& name : endpoints()) {
    const auto ready = ready_of(name);
    if (!ready) continue;
    record::Stream* stream = context_.streams.get(name);
    const std::uint64_t records = stream == nullptr ? 0 : stream->size();
    JsonObject item{{"name", name},
                    {"mode", ready->endpoint.mode == EndpointMode::kTap ? "tap" : "inline"},
                    {"state", ready->endpoint.state == EndpointState::kObserve ? "observe" : "enforce"},
                    {"records", records},
                    {"last_time", nullptr},
                    {"detectors", detectors_of(name, *ready)}};
    if (records > 0)
      if (const auto last = stream->read(records - 1)) item["last_time"] = string_or(last->fields(), "time");
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace firebreak::app
