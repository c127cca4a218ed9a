#include "read/views/metrics.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

constexpr std::int64_t kYear = 365 * kDay;
constexpr int kPage = 500;

// What is measured, in the order in which it happens.
struct Measured {
  const char *name, *what;
};
constexpr Measured kTimes[] = {
    {"to_detect", "first evidence to its first finding"},
    {"to_acknowledge", "opened to somebody having it"},
    {"to_contain", "opened to the first green effect check of a measure"},
    {"to_recover", "opened to the end of the recovery"},
    {"to_close", "opened to closed"},
};

using Durations = std::map<std::string, std::vector<std::int64_t>, std::less<>>;

std::optional<Time> time_in(const Json* of, std::string_view key) {
  if (of == nullptr || !of->is_object()) return std::nullopt;
  const auto time = get_time(*of, key);
  return time ? std::optional(*time) : std::nullopt;
}

Json seconds(std::int64_t us) { return static_cast<double>(us) / static_cast<double>(kSecond); }

// One incident: its times, and what it is known by.
struct Seen {
  JsonObject row;
  std::map<std::string, std::int64_t> took, in_phase;
  std::set<std::string> kinds;
  std::string endpoint;
  Time opened;

  void took_from(const char* name, std::optional<Time> from, std::optional<Time> to) {
    if (!from || !to) return;
    took[name] = std::max<std::int64_t>(0, to->us - from->us);
  }
};

std::optional<Time> first_green(Store& store, const std::string& incident) {
  std::optional<Time> first;
  for (const JsonObject& action : store.list({.kind = "action", .incident = incident, .endpoint = {}, .state = {}})) {
    const Json* const checks = find(action, "checks");
    const auto green = time_in(checks == nullptr ? nullptr : find(*checks, "first_green"), "time");
    if (green && (!first || *green < *first)) first = green;
  }
  return first;
}

void phases_of(Seen& seen, const JsonObject& incident) {
  const Json* const phases = find(incident, "phases");
  if (phases == nullptr || !phases->is_array()) return;
  std::optional<Time> since;
  std::string in;
  for (const Json& phase : phases->get_array()) {
    const auto time = time_in(&phase, "time");
    if (since && time) seen.in_phase[in] += std::max<std::int64_t>(0, time->us - since->us);
    if (in == "recovery" && string_or(phase, "phase") == "post_incident") seen.took_from("to_recover", seen.opened, time);
    since = time;
    in = string_or(phase, "phase");
  }
}

Seen look(Store& store, const JsonObject& incident, Time opened) {
  Seen seen;
  const std::string id = string_or(incident, "id");
  seen.opened = opened;
  seen.endpoint = string_or(incident, "endpoint");
  std::optional<Time> evidence, found;
  std::int64_t before = 0;
  for (const std::string& name : strings_or_empty(incident, "findings")) {
    const std::optional<JsonObject> finding = store.get("finding", name);
    if (!finding) continue;
    seen.kinds.insert(string_or(*finding, "kind"));
    const Json document = *finding;
    const auto at = time_in(&document, "time"), from = time_in(&document, "first_time");
    if (from && (!evidence || *from < *evidence)) evidence = from;
    if (!at || (found && *found <= *at)) continue;
    found = at;
    before = int_or(*finding, "opened_with");
  }
  seen.took_from("to_detect", evidence, found);
  seen.took_from("to_acknowledge", opened, time_in(find(incident, "acknowledged"), "time"));
  seen.took_from("to_contain", opened, first_green(store, id));
  seen.took_from("to_close", opened, time_in(find(incident, "closed"), "time"));
  phases_of(seen, incident);
  copy_members(seen.row, incident, {"id", "title", "severity", "endpoint", "opened", "phase", "state"});
  seen.row["records_before_detection"] = found ? Json(before) : Json(nullptr);
  for (const Measured& one : kTimes) seen.row[std::string(one.name) + "_s"] = seen.took.contains(one.name) ? seconds(seen.took[one.name]) : Json(nullptr);
  return seen;
}

// The newest earlier incident of the endpoint within a year that has a kind of finding in common.
void recurrences(const std::vector<Seen>& oldest_first, JsonArray& out) {
  std::map<std::string, std::vector<const Seen*>> by_endpoint;
  for (const Seen& seen : oldest_first) {
    auto& earlier = by_endpoint[seen.endpoint];
    for (auto before = earlier.rbegin(); before != earlier.rend() && seen.opened.us - (*before)->opened.us <= kYear; ++before) {
      std::vector<std::string> same;
      std::set_intersection(seen.kinds.begin(), seen.kinds.end(), (*before)->kinds.begin(), (*before)->kinds.end(), std::back_inserter(same));
      if (same.empty()) continue;
      out.push_back(JsonObject{{"incident", string_or(seen.row, "id")}, {"of", string_or((*before)->row, "id")}, {"kinds", JsonArray(same.begin(), same.end())}});
      break;
    }
    earlier.push_back(&seen);
  }
}

JsonArray overdue(Store& store, Time now) {
  JsonArray out;
  for (JsonObject& task : store.list({.kind = "task", .incident = {}, .endpoint = {}, .state = "open"})) {
    const Json document = task;
    const auto due = time_in(&document, "due");
    if (!due || now < *due) continue;
    JsonObject late;
    copy_members(late, document, {"id", "incident", "owner", "text", "due"});
    late["late_s"] = seconds(now.us - due->us);
    out.push_back(std::move(late));
  }
  return out;
}

JsonObject told(const std::string& name, const std::string& what, const std::vector<std::int64_t>& durations, std::size_t of) {
  JsonObject out = distribution(durations);
  out["name"] = name;
  out["what"] = what;
  out["missing"] = of - durations.size();
  return out;
}

std::vector<Seen> all_seen(Store& store, const MetricsFilter& filter) {
  std::vector<Seen> all;
  Query query{.kind = "incident", .incident = {}, .endpoint = filter.endpoint, .state = {}, .limit = kPage};
  for (;;) {
    const std::vector<JsonObject> page = store.list(query);
    for (const JsonObject& incident : page) {
      const Json document = incident;
      const auto opened = time_in(&document, "opened");
      if (const Json* const closed = find(document, "closed"); closed != nullptr && closed->is_object() && !string_or(*closed, "into").empty()) continue;  // it goes on as another
      if (!opened || *opened < filter.since || (!filter.severity.empty() && string_or(incident, "severity") != filter.severity)) continue;
      all.push_back(look(store, incident, *opened));
    }
    if (page.size() < kPage) break;
    query.below = int_or(page.back(), "index");
  }
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace

JsonObject distribution(std::vector<std::int64_t> durations_us) {
  std::sort(durations_us.begin(), durations_us.end());
  const std::size_t n = durations_us.size();
  JsonObject out{{"n", n}, {"median_s", nullptr}, {"p90_s", nullptr}, {"shortest_s", nullptr}, {"longest_s", nullptr}};
  if (n == 0) return out;
  const std::int64_t low = durations_us[(n - 1) / 2], high = durations_us[n / 2];
  out["median_s"] = seconds(low + (high - low) / 2);
  out["p90_s"] = seconds(durations_us[(n * 9 + 9) / 10 - 1]);  // nearest rank: the ceiling of 0.9 n
  out["shortest_s"] = seconds(durations_us.front());
  out["longest_s"] = seconds(durations_us.back());
  return out;
}

JsonObject metrics_screen(Store& store, const MetricsFilter& filter, Time now) {
  const std::vector<Seen> all = all_seen(store, filter);
  Durations times, phases;
  JsonArray each, again;
  std::size_t open = 0;
  for (const Seen& seen : all) {
    for (const auto& [name, us] : seen.took) times[name].push_back(us);
    for (const auto& [name, us] : seen.in_phase) phases[name].push_back(us);
    open += string_or(seen.row, "state") == "open" ? 1 : 0;
    each.push_back(seen.row);
  }
  JsonArray timed, in_phase;
  for (const Measured& one : kTimes) timed.push_back(told(one.name, one.what, times[one.name], all.size()));
  for (const auto& [name, durations] : phases) in_phase.push_back(told(name, "in the phase " + words(name), durations, all.size()));
  recurrences(all, again);
  return JsonObject{{"incidents", all.size()}, {"open", open},          {"times", std::move(timed)}, {"phases", std::move(in_phase)},
                    {"each", std::move(each)}, {"recurrences", std::move(again)}, {"overdue", overdue(store, now)}};
}

}  // namespace firebreak::views
