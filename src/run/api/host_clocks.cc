#include "run/api/host_clocks.h"

#include <algorithm>
#include <cstdlib>

namespace firebreak::api {

HostClock HostClocks::estimate(const std::string& host, const Seen& seen) {
  std::vector<std::int64_t> leads(seen.leads.begin(), seen.leads.end());
  std::sort(leads.begin(), leads.end());
  const std::size_t size = leads.size(), quarter = (size + 3) / 4;
  return {host, leads[size - 1 - (quarter - 1) / 2], leads[size - 1 - size / 4] - leads[size / 4], size, seen.newest};
}

std::optional<HostClock> HostClocks::note(const std::string& host, Time sent, Time received) {
  const std::lock_guard lock(mutex_);
  if (!hosts_.contains(host) && hosts_.size() >= kHosts) return std::nullopt;
  Seen& seen = hosts_[host];
  seen.leads.push_back(sent - received);
  if (seen.leads.size() > kKept) seen.leads.pop_front();
  seen.newest = received;
  if (seen.leads.size() < kFew) return std::nullopt;
  const HostClock now = estimate(host, seen);
  const std::int64_t said = std::abs(now.ahead_us) < kWrong ? 0 : now.ahead_us;
  if (std::abs(said - seen.told_us) < std::max(kWrong, std::abs(seen.told_us) / 10)) return std::nullopt;
  seen.told_us = said;
  return now;
}

std::vector<HostClock> HostClocks::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<HostClock> out;
  for (const auto& [host, seen] : hosts_) out.push_back(estimate(host, seen));
  return out;
}

}  // namespace firebreak::api
