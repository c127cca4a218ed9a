// The store off the machine that the configuration names: does it answer, do the credentials hold, is there a copy? It only reads;
// whether the lock holds is tried by the server.
#include <fmt/core.h>

#include <atomic>

#include "run/offsite/bucket_layout.h"
#include "run/offsite/key_backup.h"
#include "run/app/content.h"
#include "run/main/doctor.h"

namespace firebreak::cli {

// A key that no backup holds takes its records with it when the machine is lost, also those that are in the bucket.
void examine_key_backup(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  PosixFiles files;
  const auto state = offsite::key_state(files, options.data);
  const std::string command = fmt::format("firebreak backup --data {} --out FOLDER   (apart from the data folder and from any bucket)", options.data);
  if (!state) {
    out.push_back({Health::kWarn, "key backup: " + state.error().message, command});
  } else if (state->keys > 0 && !state->missing.empty()) {
    out.push_back({Health::kWarn,
                   fmt::format("key backup: {} of {} keys are in none{}", state->missing.size(), state->keys, state->since ? ", the oldest of " + format_time(*state->since) : ""),
                   command});
  } else if (state->outdated) {
    out.push_back({Health::kWarn, fmt::format("key backup: {} holds keys that are gone since (erasure, retention, rotation)", state->where), command + ", then remove the older one"});
  } else if (state->keys > 0) {
    out.push_back({Health::kOk, fmt::format("key backup: all {} keys are in {}, of {}", state->keys, state->where, format_time(state->backed_up.value_or(Time{}))), ""});
  }
}

void examine_store(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  if (options.config.empty()) return;
  PosixFiles files;
  const auto configuration = app::load_configuration(files, options.config);
  if (!configuration || !configuration->store) return;  // examine_configuration has said why
  const std::atomic<bool> never{false};
  store::ObjectStore store(configuration->store->place, never);
  const store::Place& place = store.place();
  const std::string where = fmt::format("store {}/{}/{}", place.url, place.bucket, place.prefix);
  const auto head = store.head(offsite::kLayoutKey);
  if (head) {
    const bool locked = head->lock.has_value();
    out.push_back({locked ? Health::kOk : Health::kRed, where + (locked ? ": answers, holds a locked copy" : ": answers, its objects are not locked"),
                   locked ? "" : "use a bucket that was made with Object Lock; firebreak status says what gave way"});
  } else if (head.error().code == Code::kNotFound) {
    out.push_back({Health::kWarn, where + ": answers, holds no copy yet", "firebreak status   (says what hinders it; the server must run)"});
  } else {
    const bool refused = head.error().code != Code::kUnavailable && head.error().code != Code::kTimeout;
    out.push_back({refused ? Health::kRed : Health::kWarn, fmt::format("{}: {}", where, head.error().message),
                   refused ? "compare url, access_key_id and secret_file with the bucket's rights" : "look at the network and at the store; nothing is lost meanwhile"});
  }
}

}  // namespace firebreak::cli
