// Indicators, and the assets of the installation with what depends on what: a graph in which damage spreads from what is needed to what needs it.
#include <fmt/core.h>

#include <deque>

#include "fold/casefile/parts.h"
#include "types/casefile.h"

namespace firebreak::casefile {
namespace {

// "model:fraud@1.2.0", "s3.training-data": words of an inventory, and of an address.
bool is_asset_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("._-:@").find(c) != std::string_view::npos)) return false;
  return true;
}

Result<std::string> known_asset(const Asked& asked, std::string_view key) {
  std::string name = asked.text(key);
  if (asked.state.asset_types.contains(name)) return name;
  return fail(Code::kNotFound, fmt::format("there is no asset '{}'; 'firebreak asset put {} --type TYPE' enters it", name, name), fmt::format("/{}", key));
}

// Breadth first: the shortest way is told, and of equal ones the first by name.
std::map<std::string, Reached> reached(const std::map<std::string, std::set<std::string>>& next, const std::string& from) {
  std::map<std::string, Reached> out;
  std::deque<std::string> waiting{from};
  while (!waiting.empty()) {
    const std::string at = std::move(waiting.front());
    waiting.pop_front();
    const auto edges = next.find(at);
    if (edges == next.end()) continue;
    const std::size_t distance = at == from ? 1 : out.at(at).distance + 1;
    for (const std::string& to : edges->second)
      if (to != from && out.emplace(to, Reached{distance, at}).second) waiting.push_back(to);
  }
  return out;
}

std::size_t links(const CasefileState& state) {
  std::size_t count = 0;
  for (const auto& [asset, needed] : state.needs) count += needed.size();
  return count;
}

}  // namespace

std::map<std::string, Reached> upstream(const CasefileState& state, const std::string& asset) { return reached(state.needs, asset); }

std::map<std::string, Reached> downstream(const CasefileState& state, const std::string& asset) {
  std::map<std::string, std::set<std::string>> needed_by;
  for (const auto& [who, needed] : state.needs)
    for (const std::string& what : needed) needed_by[what].insert(who);
  return reached(needed_by, asset);
}

Drafts add_indicator(const Asked& asked) {
  const auto type = choice_of(asked.args, "type", words::kIndicatorTypes), value = text_of(asked.args, "value"), tlp = choice_of(asked.args, "tlp", words::kTlp);
  for (const auto* one : {&type, &value, &tlp})
    if (!*one) return asked.refused(one->error());
  if (asked.file->indicators.size() >= kIndicators) return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} indicators", kIndicators));
  JsonObject body = asked.body();
  body["sign"] = "indicator";
  if (find(asked.args, "sign") != nullptr) {
    const auto sign = choice_of(asked.args, "sign", words::kSigns);
    if (!sign) return asked.refused(sign.error());
    body["sign"] = *sign;
  }
  body["type"] = *type;
  body["value"] = *value;
  body["tlp"] = *tlp;
  copy_texts(asked.args, body, {"note"});
  return {draft("casefile_indicator", std::move(body))};
}

Drafts withdraw_indicator(const Asked& asked) {
  const std::string id = asked.text("indicator");
  if (!asked.file->indicators.contains(number_of(id, "ind-")))
    return asked.refused(Code::kNotFound, fmt::format("{} has no indicator '{}' that stands", asked.incident, id), "/indicator");
  const auto reason = text_of(asked.args, "reason");
  if (!reason) return asked.refused(reason.error());
  JsonObject body = asked.body();
  body["indicator"] = id;
  body["reason"] = *reason;
  return {draft("casefile_indicator_withdrawn", std::move(body))};
}

void apply_indicator(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  if (entry.kind == "casefile_indicator") {
    file->indicators.insert(entry.index);
  } else {
    file->indicators.erase(number_of(string_or(entry.body, "indicator"), "ind-"));
  }
}

Drafts rate_asset(const Asked& asked) {
  const auto asset = known_asset(asked, "asset"), rated = choice_of(asked.args, "state", words::kCompromise);
  for (const auto* one : {&asset, &rated})
    if (!*one) return asked.refused(one->error());
  const auto before = asked.file->assets.find(*asset);
  JsonObject body = asked.body();
  body["asset"] = *asset;
  body["state"] = *rated;
  if (before != asked.file->assets.end()) body["was"] = before->second;
  copy_texts(asked.args, body, {"note"});
  return {draft("casefile_asset", std::move(body))};
}

void apply_rated(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry)) file->assets[string_or(entry.body, "asset")] = string_or(entry.body, "state");
}

Drafts put_asset(const Asked& asked) {
  const std::string name = asked.text("asset");
  if (!is_asset_name(name)) return asked.refused(Code::kInvalid, "an asset's name is 1 to 128 of letters, digits and ._-:@", "/asset");
  const auto type = choice_of(asked.args, "type", words::kAssetTypes);
  if (!type) return asked.refused(type.error());
  if (!asked.state.asset_types.contains(name) && asked.state.asset_types.size() >= kAssets)
    return asked.refused(Code::kTooLarge, fmt::format("the inventory has at most {} assets", kAssets));
  JsonObject body{{"asset", name}, {"type", *type}, {"by", asked.entry.actor}};
  if (!asked.text("criticality").empty()) {
    const auto criticality = choice_of(asked.args, "criticality", words::kCriticality);
    if (!criticality) return asked.refused(criticality.error());
  }
  if (!asked.text("tested").empty()) {
    const auto tested = get_time(asked.args, "tested");
    if (!tested) return asked.refused(Code::kInvalid, "'tested' is a time with its zone: when the kill switch was tested last", "/tested");
  }
  for (const std::string_view key : {"owner", "criticality", "data_class", "regulatory_role", "version", "digest", "last_known_good", "fallback", "kill_switch", "tested"}) {
    const std::string text = asked.text(key);
    if (text.size() > 500) return asked.refused(Code::kTooLarge, fmt::format("'{}' has at most 500 octets", key), fmt::format("/{}", key));
    if (!text.empty()) body[key] = text;
  }
  return {draft("asset_put", std::move(body))};
}

Drafts link_asset(const Asked& asked) {
  const auto asset = known_asset(asked, "asset"), needs = known_asset(asked, "needs");
  for (const auto* one : {&asset, &needs})
    if (!*one) return asked.refused(one->error());
  const auto at = asked.state.needs.find(*asset);
  const bool known = at != asked.state.needs.end() && at->second.contains(*needs), linking = asked.name == "asset.link";
  JsonObject body{{"asset", *asset}, {"needs", *needs}, {"by", asked.entry.actor}};
  if (!linking) {
    if (!known) return asked.refused(Code::kNotFound, fmt::format("{} does not depend on {}", *asset, *needs), "/needs");
    const auto reason = text_of(asked.args, "reason");
    if (!reason) return asked.refused(reason.error());
    body["reason"] = *reason;
    return {draft("asset_unlinked", std::move(body))};
  }
  if (known) return asked.refused(Code::kConflict, fmt::format("{} depends on {} already", *asset, *needs), "/needs");
  if (*asset == *needs) return asked.refused(Code::kInvalid, "an asset does not depend on itself", "/needs");
  if (links(asked.state) >= kLinks) return asked.refused(Code::kTooLarge, fmt::format("the inventory has at most {} dependencies", kLinks));
  return {draft("asset_linked", std::move(body))};
}

void apply_asset(CasefileState& state, const Entry& entry) {
  const std::string asset = string_or(entry.body, "asset"), needs = string_or(entry.body, "needs");
  if (entry.kind == "asset_put") {
    state.asset_types[asset] = string_or(entry.body, "type");
  } else if (entry.kind == "asset_linked") {
    state.needs[asset].insert(needs);
  } else if (const auto at = state.needs.find(asset); at != state.needs.end()) {
    at->second.erase(needs);
    if (at->second.empty()) state.needs.erase(at);
  }
}

}  // namespace firebreak::casefile
