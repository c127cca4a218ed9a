#include "run/drill/cast.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "run/drill/score_facts.h"

namespace firebreak::drill {
namespace {

constexpr std::uint64_t kSpread = 3;  // minutes that a seed may add

}  // namespace

Cast::Cast(const Drill& drill, std::uint64_t seed) : drill_(drill), ready_(drill.moves.size()), made_(drill.moves.size()) {
  for (std::size_t i = 0; i < drill.moves.size(); ++i) {
    const Digest drawn = sha256(fmt::format("{} {} {}", seed, i, drill.moves[i].command));
    const std::uint64_t minutes = seed == 0 ? 0 : static_cast<std::uint64_t>(static_cast<unsigned char>(drawn.hex()[0])) % kSpread;
    delays_.push_back(drill.moves[i].delay_us + static_cast<std::int64_t>(minutes) * kMinute);
    if (drill.moves[i].after.entry.empty()) ready_[i] = drill.start;
  }
}

void Cast::name(const std::string& key, std::string value) {
  for (auto& [known, meaning] : names_)
    if (known == key) {
      meaning = std::move(value);
      return;
    }
  names_.emplace_back(key, std::move(value));
}

void Cast::see(const Entry& entry) {
  if (entry.kind == "incident_opened" && drill_.truth.attacks(string_or(entry.body, "endpoint"))) name("$incident", entry.id("inc"));
  if (entry.kind == "action_proposed" && drill_.truth.attacks(string_or(entry.body, "endpoint"))) {
    const bool card = std::any_of(drill_.injects.begin(), drill_.injects.end(), [&](const Inject& inject) { return inject.has_card && inject.card.by == actor_name(entry); });
    name(card ? "$card" : "$action", entry.id("act"));
    name(card ? "$card_digest" : "$digest", string_or(entry.body, "digest"));
  }
  for (std::size_t i = 0; i < drill_.moves.size(); ++i)
    if (!ready_[i] && drill_.moves[i].after.fits(entry)) ready_[i] = entry.time;
}

std::optional<Json> Cast::filled(const Json& value) const {
  if (value.is_string() && value.get_string().starts_with("$")) {
    for (const auto& [key, meaning] : names_)
      if (key == value.get_string()) return Json(meaning);
    return std::nullopt;
  }
  if (value.is_object()) {
    JsonObject out;
    for (const auto& member : value.get_object()) {
      auto inner = filled(member.value());
      if (!inner) return std::nullopt;
      out[member.key()] = std::move(*inner);
    }
    return Json(std::move(out));
  }
  return value;
}

std::vector<Due> Cast::due(Time now) {
  std::vector<Due> out;
  for (std::size_t i = 0; i < drill_.moves.size(); ++i) {
    if (made_[i] || !ready_[i] || now < *ready_[i] + delays_[i]) continue;
    const Move& move = drill_.moves[i];
    auto args = filled(move.args);
    if (!args) continue;
    made_[i] = true;
    out.push_back({i, move.role, move.command, std::move(*args)});
  }
  return out;
}

}  // namespace firebreak::drill
