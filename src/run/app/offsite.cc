#include "run/app/offsite.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "log/ledger/log.h"
#include "log/ledger/verify.h"
#include "world/effects/attester.h"

namespace firebreak::app {
namespace {

constexpr const char* kNotImmutable = "store_not_immutable";
constexpr const char* kAway = "store_away";
constexpr const char* kContradicted = "log_contradicted";
constexpr const char* kForeign = "store_foreign";
constexpr const char* kKeys = "keys_not_backed_up";
constexpr const char* kProducer = "offsite";
constexpr std::int64_t kTellAgainUs = 3'600'000'000;
constexpr auto kNap = std::chrono::milliseconds(250);

bool is_away(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

std::string joined(const std::vector<std::string>& all) {
  std::string out;
  for (const std::string& one : all) out += (out.empty() ? "" : "; ") + one;
  return out;
}

}  // namespace

void Offsite::configure(const std::optional<store::StoreConfig>& config) {
  config_ = config;
  if (!config_) return;
  store_ = std::make_unique<store::ObjectStore>(config_->place, stopping_);
  shipper_ = std::make_unique<offsite::Shipper>(context_.files, real_, *store_, config_->retention_us);
}

void Offsite::apply(const Entry& entry) {
  if (!config_) return;
  const std::lock_guard lock(mutex_);
  if (entry.kind == "evidence_captured") {
    evidence_[entry.id("ev")] = string_or(entry.body, "digest");
    hurry_ = true;
    wake_.notify_all();
  } else if (entry.kind == "evidence_custody" && entry.actor == kProducer) {
    evidence_.erase(string_or(entry.body, "evidence"));
  } else if (entry.kind.starts_with("finding_") && entry.actor == kProducer) {
    const auto update = finding_from_json(entry.kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kOpened, entry.body);
    if (!update) return;
    if (update->phase == FindingPhase::kClosed) open_.erase({update->kind, update->stream});
    else open_[{update->kind, update->stream}] = *update;
  }
}

void Offsite::start() {
  if (!config_) return;
  context_.metrics.gauge_function("firebreak_offsite_lag_octets", "Durable octets of logs and blobs that are not yet off the machine",
                                  [this] { return static_cast<double>(shipper_->lag()); });
  context_.metrics.gauge_function("firebreak_offsite_failing_seconds", "Seconds since the store stopped taking objects; 0 = it takes them", [this] {
    const std::lock_guard lock(mutex_);
    return failing_since_ == 0 ? 0.0 : static_cast<double>(context_.clock.steady_us() - failing_since_) / 1e6;
  });
  context_.metrics.gauge_function("firebreak_offsite_immutable", "1: the store's lock held when it was last tried; 0: it gave way; -1: not tried yet", [this] {
    const std::lock_guard lock(mutex_);
    return !verdict_ ? -1.0 : verdict_->immutable() ? 1.0 : 0.0;
  });
  context_.metrics.gauge_function("firebreak_offsite_keys_missing", "Keys that are in no key backup", [this] {
    const std::lock_guard lock(mutex_);
    return static_cast<double>(keys_.missing.size());
  });
  context_.metrics.gauge_function("firebreak_offsite_keys_missing_seconds", "Seconds since the oldest key was made that is in no key backup; 0 = all are in one", [this] {
    const std::lock_guard lock(mutex_);
    return keys_.since ? static_cast<double>(std::max<std::int64_t>(real_.now() - *keys_.since, 0)) / 1e6 : 0.0;
  });
  thread_ = std::thread([this] { run(); });
}

void Offsite::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Offsite::run() {
  while (!stopping_) {
    bool hurried = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kNap, [this] { return stopping_.load() || (hurry_ && failures_ == 0); });
      if (failures_ == 0) hurried = std::exchange(hurry_, false);
    }
    if (stopping_) return;
    if (!hurried && context_.clock.steady_us() < next_) continue;
    look_at_keys();
    const auto done = pass();
    if (!stopping_) take(done);
  }
}

// The journal is the last.
std::vector<Offsite::Log> Offsite::logs() const {
  std::vector<Log> all;
  for (const std::string& name : context_.streams.list())
    if (record::Stream* stream = context_.streams.get(name)) all.emplace_back(name, &stream->log());
  all.emplace_back("journal", &context_.journal.log());
  return all;
}

// The journal's end is fixed before that of the others, and sent after them and after the blobs: so whatever the copy's journal speaks
// of (how long a log was, which blob it means) is in the copy.
Result<void> Offsite::pass() {
  const std::vector<Log> all = logs();
  trouble_ = {};
  for (auto log = all.rbegin(); log != all.rend(); ++log) {  // also while nothing can be sent: the lag is told
    if (log->second->size() == 0) continue;
    auto surveyed = shipper_->survey(log->first, ledger::log_dir_of(data_dir_, log->first), log->second->checkpoint());
    if (!surveyed && trouble_) trouble_ = std::move(surveyed);  // the others go on
  }
  const std::int64_t now = context_.clock.steady_us();
  if (!tested_at_ || now - *tested_at_ >= config_->test_interval_us) FIREBREAK_TRY(test());
  if (!learnt_) FIREBREAK_TRY(shipper_->learn());
  learnt_ = true;
  FIREBREAK_TRY(send_evidence());
  for (const auto& [name, log] : all) {
    if (name == "journal") FIREBREAK_TRY(send_blobs());
    if (!stopping_) FIREBREAK_TRY(send_log(name));
  }
  judge();
  return trouble_;
}

Result<void> Offsite::test() {
  auto verdict = store::probe_lock(*store_, real_, random_);
  if (!verdict) return fail(std::move(verdict.error()).with("whether the lock holds could not be tried"));
  tested_at_ = context_.clock.steady_us();
  JsonArray gave_way;
  for (const std::string& one : verdict->gave_way) gave_way.emplace_back(one);
  submit(Draft{"store_tested",
               JsonObject{{"store", place()},
                          {"immutable", verdict->immutable()},
                          {"gave_way", std::move(gave_way)},
                          {"default_retention", verdict->default_retention}},
               kProducer, {}, {}});
  {
    const std::lock_guard lock(mutex_);
    verdict_ = std::move(*verdict);
    tested_ = real_.now();
  }
  judge();
  return {};
}

void Offsite::judge() {
  std::vector<std::string> gave_way = verdict_ ? verdict_->gave_way : std::vector<std::string>();
  if (const auto& unlocked = shipper_->unlocked(); !unlocked.empty())
    gave_way.push_back(fmt::format("{} objects or more are not locked as was asked, the first is {}", unlocked.size(), unlocked.front()));
  const auto& foreign = shipper_->foreign();
  const std::string others = foreign.empty() ? "" : fmt::format("{} objects or more bear names of this copy and somebody else wrote them, the first is {}", foreign.size(), *foreign.begin());
  {
    const std::lock_guard lock(mutex_);
    foreign_ = others;
  }
  if (others.empty() && learnt_) close(kForeign, "journal");
  if (!others.empty())
    tell(kForeign, "journal", Severity::kHigh,
         fmt::format("{}: {}. They are passed over, here and by 'firebreak restore'; find out who has credentials to write there, and change them", place(), others));
  if (gave_way.empty()) {
    if (verdict_) close(kNotImmutable, "journal");
    return;
  }
  tell(kNotImmutable, "journal", Severity::kHigh,
       fmt::format("{} is not immutable: {}. Whoever has its credentials can do away with what is stored there; use a store whose Object Lock holds", place(),
                   joined(gave_way)));
}

void Offsite::look_at_keys() {
  auto state = offsite::key_state(context_.files, data_dir_);
  std::string what = state ? "" : state.error().message;
  const std::string& kept = config_->key_backup;
  if (state && !kept.empty() && (state->outdated || !state->missing.empty() || !exists(context_.files, state->where + "/MANIFEST.sha256"))) {
    if (const auto made = offsite::renew_key_backup(context_.files, data_dir_, kept, real_.now()); !made) what = made.error().message;
    if (auto again = offsite::key_state(context_.files, data_dir_)) state = std::move(again);
  }
  bool overdue = false;
  std::string summary;
  {
    const std::lock_guard lock(mutex_);
    if (state) keys_ = std::move(*state);
    keys_what_ = what;
    overdue = !keys_.missing.empty() && keys_.since && real_.now() - *keys_.since > config_->keys_missing_us;
    if (overdue)
      summary = fmt::format("{} of {} keys are in no key backup, the first is {}, the oldest of {}: records under them are lost with this machine, whatever the bucket holds. "
                            "Run: firebreak backup --data {} --out FOLDER, apart from the data and from the bucket{}",
                            keys_.missing.size(), keys_.keys, keys_.missing.front(), format_time(*keys_.since), data_dir_, what.empty() ? "" : "; " + what);
  }
  if (overdue) tell(kKeys, "journal", Severity::kHigh, summary);
  else if (what.empty()) close(kKeys, "journal");
}

Json Offsite::keys_json() const {
  const bool overdue = !keys_.missing.empty() && keys_.since && real_.now() - *keys_.since > config_->keys_missing_us;
  const auto time = [](const std::optional<Time>& one) { return one ? Json(format_time(*one)) : Json(nullptr); };
  return JsonObject{{"backed_up", time(keys_.backed_up)},
                    {"where", keys_.where},
                    {"count", keys_.keys},
                    {"missing", keys_.missing.size()},
                    {"since", time(keys_.since)},
                    {"overdue", overdue},
                    {"outdated", keys_.outdated},
                    {"what", keys_what_},
                    {"command", keys_.missing.empty() && !keys_.outdated ? "" : fmt::format("firebreak backup --data {} --out FOLDER", data_dir_)}};
}

// False: it cannot be read here; the others go on.
Result<bool> Offsite::send_blob(const std::string& hex) {
  if (shipper_->has_blob(hex)) return true;
  const auto digest = Digest::from_hex(hex);
  const auto content = digest ? context_.blobs.get(*digest) : Result<Bytes>(fail(Error(digest.error())));
  if (!content) {
    if (trouble_) trouble_ = fail(Error(content.error()));
    return false;
  }
  FIREBREAK_TRY(shipper_->ship_blob(hex, *content));
  return true;
}

Result<void> Offsite::send_evidence() {
  std::map<std::string, std::string> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = evidence_;
  }
  for (const auto& [id, hex] : waiting) {
    if (stopping_) return {};
    FIREBREAK_ASSIGN(const bool there, send_blob(hex));
    if (!there) continue;
    submit(Draft{"evidence_custody",
                 JsonObject{{"evidence", id},
                            {"action", "store"},
                            {"by", "firebreak"},
                            {"reason", fmt::format("copied to {} with its SHA-256, locked for {} days", place(), config_->retention_us / kDay)}},
                 kProducer, id, {}});
    const std::lock_guard lock(mutex_);
    evidence_.erase(id);
  }
  return {};
}

Result<void> Offsite::send_log(const std::string& name) {
  if (!shipper_->surveyed(name) || contradicted_.contains(name)) return {};
  auto shipped = shipper_->ship(name);
  if (shipped) {
    close(kContradicted, name);
    return {};
  }
  if (shipped.error().code != Code::kCorrupt) return shipped;
  contradicted_[name] = shipped.error().message;  // the others go on
  tell(kContradicted, name, Severity::kCritical,
       shipped.error().message + "; keep this folder as it is, find out who restored or changed it, and compare it with what 'firebreak restore' brings back. " +
           "If this folder proves to be the true one ('firebreak ledger verify' with a witness or a kept receipt), name another 'prefix' in 'store' and start "
           "anew: a whole copy is made there, and what is here stays as evidence");
  return {};
}

Result<void> Offsite::send_blobs() {
  const std::string folder = data_dir_ + "/blobs";
  const auto parts = context_.files.list(folder);
  if (!parts) return parts.error().code == Code::kNotFound ? Result<void>() : fail(Error(parts.error()));
  std::vector<std::pair<std::string, std::uint64_t>> waiting;  // digest, octets
  std::uint64_t octets = 0;
  for (const std::string& part : *parts) {
    if (!part.ends_with('/')) continue;
    FIREBREAK_ASSIGN(const auto names, context_.files.list(folder + "/" + part));
    for (const std::string& name : names) {
      const auto digest = Digest::from_hex(name);
      if (!digest || shipper_->has_blob(name)) continue;  // else a file that is being written
      FIREBREAK_ASSIGN(const std::uint64_t size, context_.blobs.size(*digest));
      waiting.emplace_back(name, size);
      octets += size;
    }
  }
  shipper_->set_waiting_blobs(octets);
  for (const auto& [hex, size] : waiting) {
    if (stopping_) return {};
    FIREBREAK_ASSIGN(const bool there, send_blob(hex));
    if (there) shipper_->set_waiting_blobs(octets -= size);
  }
  return {};
}

void Offsite::take(const Result<void>& done) {
  const std::int64_t now = context_.clock.steady_us();
  failures_ = done ? 0 : failures_ + 1;
  next_ = now + (done ? config_->interval_us : effects::wait_after_us(failures_, config_->interval_us));
  learnt_ = learnt_ && done;  // an answer that was lost may have been a yes
  if (!done && failures_ == 1) context_.logger.warn("the copy off the machine is behind", {{"why", Json(done.error().message)}});
  std::int64_t since = 0;
  {
    const std::lock_guard lock(mutex_);
    state_ = done ? contradicted_.empty() ? "ok" : "refused" : is_away(done.error()) ? "away" : "refused";
    what_ = done ? contradicted_.empty() ? "" : contradicted_.begin()->second : done.error().message;
    if (done) last_ = real_.now();
    if (done) failing_since_ = 0;
    else if (failing_since_ == 0) failing_since_ = now;
    since = failing_since_;
  }
  if (done) return close(kAway, "journal");
  if (!is_away(done.error()))
    return tell(kAway, "journal", Severity::kHigh, fmt::format("{} does not take what it is sent: {}", place(), done.error().message));
  if (now - since < config_->missing_us) return;
  tell(kAway, "journal", Severity::kMedium,
       fmt::format("{} has taken nothing for {} s, {} octets wait: {}", place(), (now - since) / kSecond, shipper_->lag(), done.error().message));
}

void Offsite::tell(const std::string& kind, const std::string& log, Severity severity, const std::string& summary) {
  const std::int64_t steady = context_.clock.steady_us();
  const Time now = context_.clock.now();
  FindingUpdate update;
  {
    const std::lock_guard lock(mutex_);
    const auto open = open_.find({kind, log});
    std::int64_t& told = told_at_[kind + "/" + log];
    if (open != open_.end() && told != 0 && steady - told < kTellAgainUs) return;
    told = steady;
    if (open != open_.end()) update = open->second;
    update.phase = open != open_.end() ? FindingPhase::kUpdated : FindingPhase::kOpened;
    if (open == open_.end()) {
      update.episode = fmt::format("{}/bucket/{}", kind, now.us);
      update.kind = kind;
      update.severity = severity;
      update.endpoint = update.stream = log;
      update.first_time = now;
    }
    update.last_time = now;
    ++update.count;
    update.numbers = {{"lag_octets", static_cast<double>(shipper_->lag())}};
    update.summary = summary;
    open_[{kind, log}] = update;
  }
  submit(Draft{std::string(finding_entry_kind(update.phase)), to_json(update), kProducer, {}, {}});
}

void Offsite::close(const std::string& kind, const std::string& log) {
  FindingUpdate update;
  {
    const std::lock_guard lock(mutex_);
    const auto open = open_.find({kind, log});
    if (open == open_.end()) return;
    update = open->second;
    open_.erase(open);
  }
  update.phase = FindingPhase::kClosed;
  update.last_time = context_.clock.now();
  submit(Draft{std::string(finding_entry_kind(update.phase)), to_json(update), kProducer, {}, {}});
}

void Offsite::submit(Draft draft) {
  if (auto group = context_.journal.submit_wait(std::move(draft)); !group)
    context_.logger.error("what happened to the copy off the machine was not taken by the journal", group.error());
}

std::string Offsite::place() const { return fmt::format("{}/{}/{}", config_->place.url, config_->place.bucket, config_->place.prefix); }

Json Offsite::status() const {
  if (!config_) return nullptr;
  const std::lock_guard lock(mutex_);
  JsonArray gave_way;
  if (verdict_)
    for (const std::string& one : verdict_->gave_way) gave_way.emplace_back(one);
  if (const auto open = open_.find({kNotImmutable, "journal"}); gave_way.empty() && open != open_.end()) gave_way.emplace_back(open->second.summary);
  const bool tried = verdict_ || !gave_way.empty();
  return JsonObject{{"place", place()},
                    {"state", state_},
                    {"what", what_},
                    {"immutable", tried ? Json(gave_way.empty()) : Json(nullptr)},
                    {"gave_way", std::move(gave_way)},
                    {"default_retention", verdict_ ? verdict_->default_retention : ""},
                    {"tested", verdict_ ? Json(format_time(tested_)) : Json(nullptr)},
                    {"lag_octets", shipper_->lag()},
                    {"written", shipper_->written()},
                    {"failing_s", failing_since_ == 0 ? 0 : (context_.clock.steady_us() - failing_since_) / kSecond},
                    {"last", last_.us == 0 ? Json(nullptr) : Json(format_time(last_))},
                    {"foreign", foreign_},
                    {"keys", keys_json()}};
}

}  // namespace firebreak::app
