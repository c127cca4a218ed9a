#include "run/app/attestations.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <tuple>

#include "log/ledger/cosigned.h"
#include "log/ledger/log.h"
#include "world/effects/timestamp_authority.h"
#include "world/effects/witness.h"

namespace firebreak::app {
namespace {

constexpr std::int64_t kTellAgainUs = 3'600'000'000;
constexpr auto kNap = std::chrono::milliseconds(250);
constexpr std::string_view kContradicted = "log_contradicted";

// "witness_missing/w1/1772856000000000": kind, who, and what makes it unique for ever.
std::string episode_of(const std::string& kind, const std::string& by, Time now) { return fmt::format("{}/{}/{}", kind, by, now.us); }

// The attester's name out of an episode of ours; empty when it is none.
std::string attester_in(const FindingUpdate& update) {
  if (update.kind != kContradicted && !update.kind.ends_with("_missing") && !update.kind.ends_with("_refused")) return {};
  const std::size_t first = update.episode.find('/'), second = update.episode.find('/', first + 1);
  if (second == std::string::npos) return {};
  return update.episode.substr(first + 1, second - first - 1);
}

}  // namespace

Result<void> Attestations::configure(const std::vector<effects::AttesterConfig>& configs) {
  for (const effects::AttesterConfig& config : configs) {
    if (config.kind == "witness") {
      FIREBREAK_ASSIGN(auto witness, effects::Witness::make(context_.files, config, stopping_));
      attesters_.push_back(std::move(witness));
      witnesses_.push_back(config);
      required_ = required_ || config.required;
    } else {
      FIREBREAK_ASSIGN(auto authority, effects::TimestampAuthority::make(context_.files, random_, config, stopping_));
      attesters_.push_back(std::move(authority));
    }
  }
  return {};
}

void Attestations::apply(const Entry& entry) {
  if (!entry.kind.starts_with("finding_")) return;
  const auto update = finding_from_json(entry.kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kOpened, entry.body);
  const std::string by = update ? attester_in(*update) : std::string();
  if (by.empty()) return;
  if (update->phase == FindingPhase::kClosed) open_before_.erase({update->stream, by});
  else open_before_[{update->stream, by}] = *update;
}

void Attestations::start() {
  if (!attesters_.empty()) thread_ = std::thread([this] { run(); });
}

void Attestations::stop() {
  {
    const std::lock_guard lock(sleep_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Attestations::run() {
  while (!stopping_) {
    pass();
    std::unique_lock lock(sleep_mutex_);
    wake_.wait_for(lock, kNap, [this] { return stopping_.load(); });
  }
}

std::vector<effects::AttestedLog> Attestations::logs() const {
  std::vector<effects::AttestedLog> all{{"journal", ledger::log_dir_of(data_dir_, "journal"), context_.journal.log()}};
  for (const std::string& name : context_.streams.list())
    if (record::Stream* stream = context_.streams.get(name)) all.push_back({name, ledger::log_dir_of(data_dir_, name), stream->log()});
  return all;
}

void Attestations::pass() {
  std::set<effects::Attester*> away;  // one that is away is asked once a round, not once a log
  for (const effects::AttestedLog& log : logs()) {
    if (stopping_) return;
    if (log.log.size() > 0) attend(log, away);
  }
}

Attestations::Slot& Attestations::slot_of(const effects::AttestedLog& log, effects::Attester& attester) {
  const std::pair<std::string, std::string> place{log.name, attester.config().name};
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = slots_.find(place); found != slots_.end()) return found->second;
  }
  Slot fresh;
  if (const auto known = attester.last(log); known && *known) {
    fresh.size = (*known)->size;
    fresh.seconds = (*known)->seconds;
  }
  if (const auto open = open_before_.find(place); open != open_before_.end()) fresh.open = open->second;
  std::unique_lock lock(mutex_);
  Slot& slot = slots_.emplace(place, std::move(fresh)).first->second;
  lock.unlock();  // the registry asks under its own lock
  const Registry::Labels labels{{"by", place.second}, {"log", place.first}};
  context_.metrics.gauge_function("firebreak_attested_entries", "Entries of a log that a witness or time-stamping authority vouches for",
                                  [this, &slot] {
                                    const std::lock_guard held(mutex_);
                                    return static_cast<double>(slot.size);
                                  },
                                  labels);
  context_.metrics.gauge_function("firebreak_attestation_failing_seconds", "Seconds since a witness or authority stopped vouching; 0 = it does",
                                  [this, &slot] {
                                    const std::lock_guard held(mutex_);
                                    return slot.failing_since == 0 ? 0.0 : static_cast<double>(context_.clock.steady_us() - slot.failing_since) / 1e6;
                                  },
                                  labels);
  return slot;
}

// Witnesses are asked about the same checkpoint, so that it can bear the cosignatures of all.
bool Attestations::due(const std::string& log, const effects::Attester& attester, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto ready = [&](const std::string& name) { return slots_[{log, name}].next <= now; };
  if (ready(attester.config().name)) return true;
  if (attester.config().kind != "witness" || slots_[{log, attester.config().name}].failures > 0) return false;
  return std::any_of(witnesses_.begin(), witnesses_.end(), [&](const effects::AttesterConfig& other) { return ready(other.name); });
}

void Attestations::attend(const effects::AttestedLog& log, std::set<effects::Attester*>& away) {
  std::optional<ledger::Checkpoint> checkpoint;
  std::vector<std::pair<effects::Attester*, Slot*>> asked;
  const std::int64_t now = context_.clock.steady_us();
  for (const auto& attester : attesters_) (void)slot_of(log, *attester);
  for (const auto& attester : attesters_)
    if (due(log.name, *attester, now)) asked.emplace_back(attester.get(), &slot_of(log, *attester));
  bool cosigned = false;
  std::vector<std::tuple<effects::Attester*, Slot*, effects::Attestation>> answers;
  for (const auto& [attester, slot] : asked) {
    if (stopping_) break;
    const bool said = slot->asked || attester->config().kind == "timestamp";
    if (slot->size == log.log.size() && slot->failures == 0 && said) {  // nothing new; what was said of it stands
      const std::lock_guard lock(mutex_);
      slot->next = now + attester->config().interval_us;
      slot->state = "ok";
      continue;
    }
    if (!checkpoint) checkpoint = log.log.checkpoint();
    const effects::Attestation answer =
        away.contains(attester) ? effects::Attestation{effects::Verdict::kAway, slot->what, 0, 0} : attester->attest(log, *checkpoint);
    if (stopping_ && answer.verdict == effects::Verdict::kAway) break;  // broken off by stop()
    if (answer.verdict == effects::Verdict::kAway) away.insert(attester);
    cosigned = cosigned || (answer.verdict == effects::Verdict::kAttested && attester->config().kind == "witness");
    answers.emplace_back(attester, slot, answer);
  }
  // Published first: who reads "ok" finds the checkpoint that bears it.
  if (cosigned) {
    if (auto published = effects::publish_cosigned(context_.files, log.dir, *checkpoint, witnesses_); !published)
      context_.logger.error("a cosigned checkpoint could not be kept", published.error());
  }
  for (const auto& [attester, slot, answer] : answers) take(log, *attester, *slot, answer);
}

void Attestations::take(const effects::AttestedLog& log, const effects::Attester& attester, Slot& slot, const effects::Attestation& answer) {
  using effects::Verdict;
  const effects::AttesterConfig& config = attester.config();
  const std::int64_t now = context_.clock.steady_us();
  const bool good = answer.verdict == Verdict::kAttested;
  constexpr const char* kStates[] = {"ok", "away", "refused", "contradicted"};
  const char* const state = kStates[static_cast<int>(answer.verdict)];
  context_.metrics.counter("firebreak_attestations_total", "Answers of witnesses and time-stamping authorities", {{"by", config.name}, {"answer", state}}).add();
  {
    const std::lock_guard lock(mutex_);
    slot.asked = true;
    slot.state = state;
    slot.what = answer.what;
    slot.failures = good ? 0 : slot.failures + 1;
    slot.next = now + (good ? config.interval_us : effects::wait_after_us(slot.failures, config.interval_us));
    if (good) {
      slot.size = answer.size;
      slot.seconds = answer.seconds;
      slot.failing_since = 0;
    } else if (slot.failing_since == 0) {
      slot.failing_since = now;
    }
  }
  if (good) return close(slot);
  if (answer.verdict == Verdict::kContradicted) return tell(log, attester, slot, std::string(kContradicted), Severity::kCritical, answer);
  if (answer.verdict == Verdict::kRefused) return tell(log, attester, slot, config.kind + "_refused", Severity::kHigh, answer);
  if (now - slot.failing_since >= config.missing_us) tell(log, attester, slot, config.kind + "_missing", Severity::kMedium, answer);
}

void Attestations::tell(const effects::AttestedLog& log, const effects::Attester& attester, Slot& slot, const std::string& kind, Severity severity,
                        const effects::Attestation& answer) {
  const std::int64_t steady = context_.clock.steady_us();
  const Time now = context_.clock.now();
  if (slot.open && slot.open->kind != kind) close(slot);
  if (slot.open && slot.told_at != 0 && steady - slot.told_at < kTellAgainUs) return;
  FindingUpdate update;
  if (slot.open) update = *slot.open;
  update.phase = slot.open ? FindingPhase::kUpdated : FindingPhase::kOpened;
  if (!slot.open) {
    update.episode = episode_of(kind, attester.config().name, now);
    update.kind = kind;
    update.severity = severity;
    update.endpoint = update.stream = log.name;
    update.first_time = now;
  }
  update.first_index = slot.size;
  update.last_index = log.log.size() - 1;
  update.last_time = now;
  ++update.count;
  update.numbers = {{"log_size", static_cast<double>(log.log.size())}, {"attested_size", static_cast<double>(slot.size)}};
  if (kind == kContradicted) update.numbers["seen_size"] = static_cast<double>(answer.size);
  update.summary = answer.what;
  if (kind.ends_with("_missing"))
    update.summary = fmt::format("log {} has not been vouched for by {} for {} s: {}", log.name, attester.config().name,
                                 (steady - slot.failing_since) / 1'000'000, answer.what);
  if (kind == kContradicted)
    update.summary += "; keep this folder as it is, find out who restored or changed it, and bring back a copy that the witness confirms";
  slot.told_at = steady;
  slot.open = update;
  submit(update);
}

void Attestations::close(Slot& slot) {
  if (!slot.open) return;
  FindingUpdate update = *slot.open;
  slot.open.reset();
  update.phase = FindingPhase::kClosed;
  update.last_time = context_.clock.now();
  submit(update);
}

void Attestations::submit(const FindingUpdate& update) {
  Draft draft{std::string(finding_entry_kind(update.phase)), to_json(update), "attest", {}, {}};
  if (auto group = context_.journal.submit_wait(std::move(draft)); !group)
    context_.logger.error("a finding about a log was not taken by the journal", group.error());
}

Json Attestations::status() const {
  JsonArray list;
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> entries;
  for (const effects::AttestedLog& log : logs()) entries[log.name] = log.log.size();
  for (const auto& [place, slot] : slots_) {
    const auto attester = std::find_if(attesters_.begin(), attesters_.end(), [&](const auto& one) { return one->config().name == place.second; });
    list.push_back(JsonObject{{"by", place.second},
                              {"kind", (*attester)->config().kind},
                              {"log", place.first},
                              {"state", slot.state},
                              {"size", slot.size},
                              {"entries", entries[place.first]},
                              {"time", slot.seconds == 0 ? Json(nullptr) : Json(format_time(Time{static_cast<std::int64_t>(slot.seconds) * kSecond}))},
                              {"what", slot.what}});
  }
  return list;
}

Result<std::optional<ledger::Checkpoint>> Attestations::cosigned(const std::string& name) const {
  return ledger::read_cosigned(context_.files, ledger::log_dir_of(data_dir_, name) + "/" + std::string(ledger::kCosignedFile));
}

Result<ledger::Checkpoint> Attestations::published(const std::string& name, const ledger::Log& log) const {
  if (witnesses_.empty()) return log.checkpoint();
  FIREBREAK_ASSIGN(const auto cosigned, this->cosigned(name));
  if (required_ && !cosigned)
    return fail(Code::kUnavailable, fmt::format("log '{}' has not been cosigned by every required witness yet; 'firebreak status' says what they answer", name));
  if (required_) return *cosigned;
  ledger::Checkpoint newest = log.checkpoint();
  const bool same = cosigned && cosigned->size == newest.size && cosigned->root == newest.root;
  return same ? *cosigned : newest;
}

}  // namespace firebreak::app
