// Evidence goes from hand to hand: who has it offers it, naming its digest, and who gets it signs for the same digest. Each side is an entry,
// and a line in the custody of each item that goes.
//
// A bundle is offered with the digest of its MANIFEST.sha256: the server does not know that file, and both sides state what they have before them.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/casefile/parts.h"

namespace firebreak::casefile {
namespace {

std::string user_of(const std::string& actor) { return actor.starts_with("user:") ? actor.substr(5) : actor; }

struct Answered {
  std::string id;
  const CustodyOffer* offer = nullptr;
};
Answered answered(const Asked& asked) {
  const std::string id = asked.text("offer");
  const auto at = asked.state.offers.find(id);
  return {id, at == asked.state.offers.end() ? nullptr : &at->second};
}

Drafts ended(const Asked& asked, const Answered& one, std::string_view outcome, JsonObject more) {
  JsonObject body{{"incident", one.offer->incident}, {"offer", one.id}, {"outcome", outcome}, {"digest", one.offer->digest}, {"from", one.offer->from}, {"to", one.offer->to}, {"by", asked.entry.actor}};
  for (auto& member : more) body[member.key()] = std::move(member.value());
  return {draft("custody_ended", std::move(body))};
}

}  // namespace

Drafts offer_custody(const Asked& asked) {
  const std::string what = asked.text("evidence"), to = asked.text("to"), digest = asked.text("digest"), giver = user_of(asked.entry.actor);
  if (!asked.entry.actor.starts_with("user:")) return asked.refused(Code::kForbidden, "only people hand evidence over");
  if (!is_name(to)) return asked.refused(Code::kInvalid, "'to' is no user name", "/to");
  if (to == giver) return asked.refused(Code::kInvalid, "a hand-over is between two people", "/to");
  if (!Digest::from_hex(digest)) return asked.refused(Code::kInvalid, "'digest' is a SHA-256 in 64 hex digits: of the item, or of a bundle's MANIFEST.sha256", "/digest");
  const auto reason = text_of(asked.args, "reason");
  if (!reason) return asked.refused(reason.error());
  JsonObject body = asked.body();
  if (auto ok = copy_time(asked, "at", body); !ok) return asked.refused(ok.error());
  JsonArray items;
  for (const auto& [id, item] : asked.file->items) {
    if (what != "bundle" && what != id) continue;
    if (what != "bundle" && digest != item.digest) return asked.refused(Code::kConflict, fmt::format("{} has the digest {}: compare what you give with it", id, item.digest), "/digest");
    if (!item.holder.empty() && item.holder != giver) return asked.refused(Code::kForbidden, fmt::format("{} is in the hands of {}, who alone can give it", id, item.holder), "/evidence");
    if (!item.offer.empty()) return asked.refused(Code::kConflict, fmt::format("{} is offered already ({}): it must be taken, refused or withdrawn first", id, item.offer), "/evidence");
    items.emplace_back(id);
  }
  if (items.empty())
    return asked.refused(Code::kNotFound, what == "bundle" ? fmt::format("nothing was captured for {}", asked.incident) : fmt::format("{} has no item of evidence '{}'", asked.incident, what), "/evidence");
  if (items.size() > kHandedItems) return asked.refused(Code::kTooLarge, fmt::format("more than {} items go at once: hand them over one by one", kHandedItems), "/evidence");
  body["evidence"] = what;
  body["items"] = std::move(items);
  body["digest"] = digest;
  body["from"] = giver;
  body["to"] = to;
  body["reason"] = *reason;
  return {draft("custody_offered", std::move(body))};
}

Drafts take_custody(const Asked& asked) {
  const Answered one = answered(asked);
  if (one.offer == nullptr) return asked.refused(Code::kNotFound, fmt::format("no offer '{}' waits", one.id), "/offer");
  if (asked.entry.actor != "user:" + one.offer->to) return asked.refused(Code::kForbidden, fmt::format("{} is offered to {}", one.id, one.offer->to), "/offer");
  if (asked.text("digest") != one.offer->digest)
    return asked.refused(Code::kConflict, fmt::format("what was offered has the digest {}: compare it with what you got, and refuse it if they differ", one.offer->digest), "/digest");
  JsonObject more;
  if (auto ok = copy_time(asked, "at", more); !ok) return asked.refused(ok.error());
  return ended(asked, one, "taken", std::move(more));
}

Drafts refuse_custody(const Asked& asked) {
  const bool withdraws = asked.name == "evidence.withdraw";
  const Answered one = answered(asked);
  if (one.offer == nullptr) return asked.refused(Code::kNotFound, fmt::format("no offer '{}' waits", one.id), "/offer");
  const std::string& whose = withdraws ? one.offer->from : one.offer->to;
  if (asked.entry.actor != "user:" + whose) return asked.refused(Code::kForbidden, fmt::format("{} alone can {} {}", whose, withdraws ? "withdraw" : "refuse", one.id), "/offer");
  const auto reason = text_of(asked.args, "reason");
  if (!reason) return asked.refused(reason.error());
  return ended(asked, one, withdraws ? "withdrawn" : "refused", {{"reason", *reason}});
}

// A line in the custody of each item: what both sides did, with the digest that both named.
Drafts custody_lines(const CasefileState& state, const Entry& entry) {
  const bool offered = entry.kind == "custody_offered";
  const std::string id = offered ? entry.id("cust") : string_or(entry.body, "offer"), outcome = string_or(entry.body, "outcome");
  const std::string incident = string_or(entry.body, "incident");
  const auto file = state.files.find(incident);
  if (file == state.files.end()) return {};
  Drafts drafts;
  for (const auto& [evidence, item] : file->second.items) {
    if ((offered ? item.offer : item.last_offer) != id) continue;
    JsonObject body{{"evidence", evidence}, {"incident", incident}, {"offer", id}, {"action", offered ? "offer" : outcome == "taken" ? "transfer" : outcome == "refused" ? "refuse" : "withdraw"}};
    for (const char* key : {"from", "to", "digest", "at", "said", "by"})
      if (const Json* value = find(entry.body, key)) body[key] = *value;
    body["reason"] = string_or(entry.body, "reason", outcome == "taken" ? "signed for the digest that was offered" : "");
    drafts.push_back(draft("evidence_custody", std::move(body)));
  }
  return drafts;
}

void apply_item(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry)) file->items[entry.id("ev")] = {string_or(entry.body, "digest"), "", "", ""};
}

void apply_custody(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  if (entry.kind == "custody_offered") {
    const std::string id = entry.id("cust");
    state.offers[id] = {string_or(entry.body, "incident"), string_or(entry.body, "from"), string_or(entry.body, "to"), string_or(entry.body, "digest")};
    for (const std::string& item : strings_or_empty(entry.body, "items"))
      if (const auto at = file->items.find(item); at != file->items.end()) at->second.offer = at->second.last_offer = id;
    return;
  }
  const auto offer = state.offers.find(string_or(entry.body, "offer"));
  if (offer == state.offers.end()) return;
  for (auto& [id, item] : file->items) {
    if (item.offer != offer->first) continue;
    item.offer.clear();
    if (string_or(entry.body, "outcome") == "taken") item.holder = offer->second.to;
  }
  state.offers.erase(offer);
}

}  // namespace firebreak::casefile
