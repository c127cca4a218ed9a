#include "run/app/remedies.h"

#include <chrono>

#include "fold/remedy/remedy.h"
#include "run/app/holdout_watch.h"
#include "run/app/remedy_build.h"
#include "run/app/taint_job.h"

namespace firebreak::app {

void Remedies::take(const Entry& entry) {
  const std::uint64_t index = entry.index;
  if (entry.kind == "remedy_requested") thread_.post([this, index] { build_remedy(context_, index, [this](std::int64_t us) { return pause(us); }); });
  if (entry.kind == "taint_requested") thread_.post([this, index] { build_taint(context_, index, key_); });
  if (entry.kind == "release_registered") thread_.post([this, index] { check_training(context_, index); });
  if (entry.kind == "holdout_breached") thread_.post([this, index] { tell_breach(context_, index); });
  if (entry.kind == "taint_built" && find(entry.body, "blob") != nullptr) {
    const std::uint64_t list = index_of(string_or(entry.body, "list"));
    thread_.post([this, index, list] {
      secure_taint(context_, list);
      check_training(context_, index);
    });
  }
}

void Remedies::resume() {
  std::vector<std::uint64_t> builds, made, asked;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<remedy::RemedyState>(remedy::kFoldName);
    for (const auto& [incident, list] : state.lists)
      if (list.building) builds.push_back(list.building->index);
    for (const auto& [index, taint] : state.taints) (taint.blob.empty() ? asked : made).push_back(index);
  });
  for (const std::uint64_t list : made) thread_.post([this, list] { secure_taint(context_, list); });
  thread_.post([this] {
    for (const std::uint64_t trigger : unchecked_training(context_)) check_training(context_, trigger);
  });
  thread_.post([this] { tell_untold_breaches(context_); });
  for (const std::uint64_t list : asked) thread_.post([this, list] { build_taint(context_, list, key_); });
  for (const std::uint64_t build : builds) thread_.post([this, build] { build_remedy(context_, build, [this](std::int64_t us) { return pause(us); }); });
}

bool Remedies::pause(std::int64_t us) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::microseconds(us), [this] { return stopping_; });
}

void Remedies::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.stop();
}

Result<Json> Remedies::taint(const std::string& incident) const { return taint_document(context_, incident); }

}  // namespace firebreak::app
