#include "fold/contain/picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace firebreak::contain {
namespace {

bool is_let_through(const Endpoint& endpoint, const Observation& row) {
  return !row.label.empty() && row.label != endpoint.positive_label;
}

std::set<std::string> callers_of(const std::vector<Observation>& rows) {
  std::set<std::string> names;
  for (const Observation& row : rows) names.insert(row.caller);
  return names;
}

Json number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }
double rounded(double value) { return std::round(value * 100) / 100; }

std::size_t moved(const FeatureRow& a, const FeatureRow& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(a.numeric.size(), b.numeric.size()); ++i) count += a.numeric[i] != b.numeric[i];
  for (std::size_t i = 0; i < std::min(a.categories.size(), b.categories.size()); ++i)
    count += a.categories[i] != b.categories[i];
  return count;
}

// What differs from the nearest of the queries shortly before; nothing for a first query or an exact copy.
JsonArray step_of(const PictureInput& in, std::size_t at) {
  const FeatureRow& now = in.members[at].features;
  const FeatureRow* nearest = nullptr;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (std::size_t i = at; i-- > (at > kStepWindow ? at - kStepWindow : 0);)
    if (const std::size_t distance = moved(in.members[i].features, now); distance < least) {
      least = distance;
      nearest = &in.members[i].features;
    }
  JsonArray step;
  if (nearest == nullptr) return step;
  const FeatureSchema& schema = in.endpoint.features;
  for (std::size_t i = 0; i < std::min(schema.numeric.size(), now.numeric.size()); ++i)
    if (nearest->numeric[i] != now.numeric[i])
      step.push_back(JsonObject{{"feature", schema.numeric[i]}, {"from", number(nearest->numeric[i])}, {"to", number(now.numeric[i])}});
  for (std::size_t i = 0; i < std::min(schema.categorical.size(), now.categories.size()); ++i)
    if (nearest->categories[i] != now.categories[i])
      step.push_back(JsonObject{{"feature", schema.categorical[i]}, {"from", nearest->categories[i]}, {"to", now.categories[i]}});
  return step;
}

// `most` of `all`, evenly spread.
std::vector<std::size_t> spread(const std::vector<std::size_t>& all, std::size_t most) {
  if (all.size() <= most) return all;
  std::vector<std::size_t> some;
  for (std::size_t k = 0; k < most; ++k) some.push_back(all[k * all.size() / most]);
  return some;
}

// Evenly spread, but what tells the story stays: the ends, and where the answer turns into the one that was wanted.
std::vector<std::size_t> chosen(const PictureInput& in) {
  std::vector<std::size_t> all(in.members.size()), switches;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  for (std::size_t i = 1; i < all.size(); ++i)
    if (is_let_through(in.endpoint, in.members[i]) && !is_let_through(in.endpoint, in.members[i - 1])) switches.push_back(i);
  std::set<std::size_t> kept;
  if (!all.empty()) kept = {0, all.back()};
  for (const std::size_t i : spread(switches, kPicturePoints / 4)) kept.insert(i);
  for (const std::size_t i : spread(all, kPicturePoints - kept.size())) kept.insert(i);
  return {kept.begin(), kept.end()};
}

double hours_active(const std::vector<Observation>& members) {
  if (members.empty()) return 1;
  return std::max(1.0, static_cast<double>(members.back().time - members.front().time) / static_cast<double>(kHour));
}

// The endpoint's amount of one row; 0 when it has none.
double amount_of(const Endpoint& endpoint, const Observation& row) {
  const auto& names = endpoint.features.numeric;
  const auto at = std::find(names.begin(), names.end(), endpoint.amount_field);
  if (at == names.end()) return 0;
  const auto i = static_cast<std::size_t>(at - names.begin());
  return i < row.features.numeric.size() && !std::isnan(row.features.numeric[i]) ? row.features.numeric[i] : 0;
}

}  // namespace

std::optional<double> threshold_of(const Endpoint& endpoint, const std::vector<Observation>& members) {
  const auto counts = [](const Observation& row) {
    return is_model_decision(row.disposition) && !row.label.empty() && !std::isnan(row.score);
  };
  std::map<std::string, std::size_t> answers;
  for (const Observation& row : members) answers[row.release] += counts(row);
  const auto most = std::max_element(answers.begin(), answers.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  double highest_through = -std::numeric_limits<double>::infinity(), lowest_stopped = -highest_through;
  for (const Observation& row : members) {
    if (!counts(row) || row.release != most->first) continue;
    if (is_let_through(endpoint, row)) highest_through = std::max(highest_through, row.score);
    else lowest_stopped = std::min(lowest_stopped, row.score);
  }
  if (std::isinf(highest_through) || std::isinf(lowest_stopped) || highest_through > lowest_stopped) return std::nullopt;
  return std::round((highest_through + lowest_stopped) / 2 * 1e4) / 1e4;
}

std::string chain_sentence(const PictureInput& in) {
  if (in.members.empty()) return "no chain of queries belongs to this incident";
  std::set<Digest> queries;
  std::uint64_t approved = 0;
  for (const Observation& row : in.members) {
    queries.insert(row.feature_digest);
    approved += is_let_through(in.endpoint, row);
  }
  const std::size_t keys = callers_of(in.members).size();
  return fmt::format("{} near-identical queries, {} key{}, {}: {} of {} requests got the answer they were after", queries.size(),
                     keys, keys == 1 ? "" : "s",
                     in.chains == 1 ? "one attacker" : fmt::format("{} chains of likeness", in.chains), approved,
                     in.members.size());
}

Json chain_drawing(const PictureInput& in) {
  const std::vector<std::size_t> shown = chosen(in);
  JsonArray points;
  for (const std::size_t i : shown) {
    const Observation& row = in.members[i];
    points.push_back(JsonObject{{"n", i},
                                {"index", row.index},
                                {"id", row.id},
                                {"time", format_time(row.time)},
                                {"caller", row.caller},
                                {"score", number(row.score)},
                                {"label", row.label},
                                {"disposition", disposition_name(row.disposition)},
                                {"release", row.release},
                                {"step", step_of(in, i)}});
  }
  std::uint64_t approved = 0;
  for (const Observation& row : in.members) approved += is_let_through(in.endpoint, row);
  JsonObject drawing{{"queries", in.members.size()},  {"callers", callers_of(in.members).size()}, {"approved", approved},
                     {"thinned", shown.size() < in.members.size()}, {"points", std::move(points)}};
  drawing["first_time"] = in.members.empty() ? Json(nullptr) : Json(format_time(in.members.front().time));
  drawing["last_time"] = in.members.empty() ? Json(nullptr) : Json(format_time(in.members.back().time));
  return drawing;
}

Json chain_borrowed(const PictureInput& in) {
  std::uint64_t queries = 0, by_rules = 0;
  std::set<std::string> keys;
  for (const Observation& row : in.members) {
    if (in.callers.contains(row.caller)) continue;
    ++queries;
    by_rules += row.disposition == Disposition::kFallback;
    keys.insert(row.caller);
  }
  Served rest;
  for (const std::string& key : keys)
    if (const auto found = in.others.find(key); found != in.others.end()) {
      rest.requests += found->second.requests;
      rest.by_model += found->second.by_model;
    }
  return JsonObject{{"queries", queries}, {"by_rules", by_rules}, {"keys", keys.size()},
                    {"other_requests", rest.requests}, {"other_by_model", rest.by_model}};
}

Json chain_cost(const PictureInput& in) {
  const double hours = hours_active(in.members);
  double amount = 0;
  for (const Observation& row : in.members)
    if (is_model_decision(row.disposition) && is_let_through(in.endpoint, row)) amount += amount_of(in.endpoint, row);
  const std::string& field = in.endpoint.amount_field;
  JsonObject cost{{"hours", rounded(hours)},
                  {"requests_per_hour", rounded(static_cast<double>(in.members.size()) / hours)},
                  {"customers", in.others.size()},
                  {"customers_per_hour", rounded(static_cast<double>(in.others.size()) / hours)},
                  {"money_per_hour", field.empty() ? Json(nullptr) : Json(std::round(amount / hours))},
                  {"money_unit", in.endpoint.amount_unit}};
  cost["method"] = fmt::format(
      "Requests: all requests of the chains, by the hours from their first to their last ({:.1f}, at least one). Customers: "
      "callers in no chain that asked this endpoint meanwhile. Money: {}.",
      hours,
      field.empty() ? std::string("not stated, the endpoint names no amount_field")
                    : fmt::format("the sum of '{}' over the chains' requests that the model let through, an upper bound of "
                                  "what is at risk",
                                  field));
  JsonArray entries;
  if (!in.members.empty()) {
    std::uint64_t first = in.members.front().index, last = first;
    for (const Observation& row : in.members) {
      first = std::min(first, row.index);
      last = std::max(last, row.index);
    }
    entries.push_back(JsonObject{{"log", in.endpoint.name}, {"first", first}, {"last", last}});
  }
  cost["entries"] = std::move(entries);
  return cost;
}

}  // namespace firebreak::contain
