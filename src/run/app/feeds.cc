#include "run/app/context.h"

namespace firebreak::app {

void Feeds::add(const std::string& endpoint, std::unique_ptr<StreamFeed> feed) {
  const std::lock_guard lock(mutex_);
  feeds_[endpoint] = std::move(feed);
}

StreamFeed* Feeds::find(const std::string& endpoint) const {
  const std::lock_guard lock(mutex_);
  const auto found = feeds_.find(endpoint);
  return found == feeds_.end() ? nullptr : found->second.get();
}

std::vector<StreamFeed*> Feeds::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<StreamFeed*> out;
  for (const auto& [name, feed] : feeds_) out.push_back(feed.get());
  return out;
}

void Feeds::clear() {
  std::map<std::string, std::unique_ptr<StreamFeed>> gone;
  {
    const std::lock_guard lock(mutex_);
    gone.swap(feeds_);
  }
}

}  // namespace firebreak::app
