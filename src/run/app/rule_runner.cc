#include "run/app/rule_runner.h"

#include <algorithm>

namespace firebreak::app {
namespace {

std::string_view category_of(record::Kind kind) {
  switch (kind) {
    case record::Kind::kInference: return "inference";
    case record::Kind::kLabel: return "label";
    case record::Kind::kPipeline: return "pipeline";
    case record::Kind::kAccess: return "data_access";
    case record::Kind::kRegistry: return "registry";
    case record::Kind::kSignal: return "host_signal";
    case record::Kind::kControl: break;
  }
  return "";
}

}  // namespace

void RuleBook::ask(std::string digest, std::shared_ptr<const rules::RuleSet> set) {
  const std::lock_guard lock(mutex_);
  const std::string_view now = taken_.empty() ? std::string_view() : std::string_view(taken_.back().digest);
  asked_.reset();
  if (digest != now) asked_ = Taken{0, std::move(digest), std::move(set)};
}

std::optional<RuleBook::Taken> RuleBook::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void RuleBook::take(Taken taken) {
  const std::lock_guard lock(mutex_);
  if (asked_ && asked_->digest == taken.digest) asked_.reset();
  taken_.push_back(std::move(taken));
  size_.store(taken_.size(), std::memory_order_release);
}

void RuleBook::give_up(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  if (asked_ && asked_->digest == digest) asked_.reset();
}

RuleBook::Taken RuleBook::at(std::size_t i) const {
  const std::lock_guard lock(mutex_);
  return taken_[i];
}

std::vector<RuleBook::Taken> RuleBook::all() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

std::vector<FindingUpdate> RuleRunner::turn(std::uint64_t index) {
  std::vector<FindingUpdate> out;
  if (book_ == nullptr || turned_ == book_->size()) return out;
  while (turned_ < book_->size()) {
    const RuleBook::Taken next = book_->at(turned_);
    if (next.from > index) break;
    ++turned_;
    if (engine_ != nullptr) out = engine_->finish("other rules were applied");
    engine_.reset();
    if (next.set == nullptr || next.set->rules().empty()) continue;
    engine_ = std::make_unique<rules::RuleEngine>(next.set, rules::EngineOptions{endpoint_.name, endpoint_.name});
    inference_ = rules::ObservationFields(next.set->matcher().fields(), next.set->needs("inference"), endpoint_.features);
    label_ = rules::ObservationFields(next.set->matcher().fields(), next.set->needs("label"), {});
  }
  return out;
}

std::vector<FindingUpdate> RuleRunner::observe(const record::Record& record, const Observation& seen) {
  if (engine_ == nullptr) return {};
  if (!inference_.whole() || engine_->set().matcher().words()) return observe(record);
  inference_.fill(engine_->event(), seen, endpoint_.name);
  return tested(record);
}

// A time from the future would make every event behind it too late: it counts from when it came.
std::vector<FindingUpdate> RuleRunner::tested(const record::Record& record) {
  if (record.time_outside) engine_->event().time = std::min(engine_->event().time, record.admitted);
  return engine_->observe(engine_->event());
}

// A label's line may hold more than a LabelObservation: its source, at least.
std::vector<FindingUpdate> RuleRunner::observe(const record::Record& record, const LabelObservation& label) {
  if (engine_ == nullptr) return {};
  if (!label_.whole() || engine_->set().matcher().words()) return observe(record);
  label_.fill(engine_->event(), label, endpoint_.name);
  return tested(record);
}

std::vector<FindingUpdate> RuleRunner::observe(const record::Record& record) {
  const std::string_view category = category_of(record.kind);
  if (engine_ == nullptr || category.empty() || record.erased) return {};
  Json line = record.fields();
  if (!line.is_object()) return {};
  JsonObject& object = line.get_object();
  object["index"] = record.index;
  if (!object.contains("endpoint")) object["endpoint"] = endpoint_.name;
  if (Json* model = object.if_contains("model"); model != nullptr && model->is_object()) model->get_object()["known"] = record.model_known;
  const rules::Matcher& matcher = engine_->set().matcher();
  rules::fill(engine_->event(), matcher.fields(), matcher.fields().size(), line, {"firebreak", std::string(category), ""}, record.admitted,
              matcher.words());
  engine_->event().index = record.index;
  return tested(record);
}

std::vector<FindingUpdate> RuleRunner::observe(const std::vector<FindingUpdate>& findings, std::uint64_t index) {
  std::vector<FindingUpdate> out;
  if (engine_ == nullptr) return out;
  for (const FindingUpdate& finding : findings)
    for (FindingUpdate& update : engine_->observe(finding, index)) out.push_back(std::move(update));
  return out;
}

std::vector<FindingUpdate> RuleRunner::advance(Time now) { return engine_ == nullptr ? std::vector<FindingUpdate>{} : engine_->advance(now); }

}  // namespace firebreak::app
