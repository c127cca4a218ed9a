// Changes to an endpoint's detectors, with four eyes: one person proposes a configuration with the list of what it would change, another
// approves exactly that. What a configuration means is no business of this room.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/incident/parts.h"
#include "types/command.h"

namespace firebreak::incident {
namespace {

constexpr std::size_t kProposals = 50, kDocumentBytes = 20'000;

Drafts propose(const IncidentState& state, const Entry& entry, const Json& args) {
  const std::string endpoint = string_or(args, "endpoint");
  if (!state.endpoints.contains(endpoint)) return refuse(entry, Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint), "/endpoint");
  if (state.proposals.size() >= kProposals) return refuse(entry, Code::kBusy, fmt::format("{} proposals are open; decide on some", kProposals));
  const std::string document = canonical_json(args.at("document"));
  if (document.size() > kDocumentBytes) return refuse(entry, Code::kTooLarge, fmt::format("'document' has at most {} octets", kDocumentBytes), "/document");
  const auto reason = text_of(args, "reason");
  if (!reason) return refuse(entry, reason.error().code, reason.error().message, reason.error().pointer);
  return {make_draft("detectors_proposed", "",
               {{"endpoint", endpoint}, {"document", args.at("document")}, {"digest", sha256(document).hex()}, {"backtest", args.at("backtest")},
                {"reason", *reason}, {"by", who(entry)}})};
}

Drafts decide_on(const IncidentState& state, const Entry& entry, const Json& args, bool approve) {
  const std::string id = string_or(args, "proposal");
  const auto found = state.proposals.find(id);
  if (found == state.proposals.end()) return refuse(entry, Code::kNotFound, fmt::format("no proposal '{}' is open", id), "/proposal");
  const Proposal& proposal = found->second;
  JsonObject body{{"proposal", id}, {"endpoint", proposal.endpoint}, {"by", who(entry)}};
  if (!approve) {
    const auto reason = text_of(args, "reason");
    if (!reason) return refuse(entry, reason.error().code, reason.error().message, reason.error().pointer);
    body["reason"] = *reason;
    return {make_draft("detectors_rejected", id, std::move(body))};
  }
  if (who(entry) == proposal.by) return refuse(entry, Code::kForbidden, "who proposes a change does not approve it: another person does", "/proposal");
  if (string_or(args, "digest") != proposal.digest)
    return refuse(entry, Code::kConflict, fmt::format("you approve digest {}, the proposal has {}: look at it again", string_or(args, "digest"), proposal.digest), "/digest");
  body["digest"] = proposal.digest;
  body["document"] = proposal.document;
  return {make_draft("detectors_approved", id, std::move(body))};
}

}  // namespace

Drafts decide_tuning(const IncidentState& state, const Entry& entry, const std::string& name, const Json& args) {
  if (name == "detectors.propose") return propose(state, entry, args);
  return decide_on(state, entry, args, name == "detectors.approve");
}

void apply_tuning(IncidentState& state, const Entry& entry) {
  if (entry.kind != "detectors_proposed") {
    state.proposals.erase(string_or(entry.body, "proposal"));
    return;
  }
  const Json* document = find(entry.body, "document");
  state.proposals[entry.id("tune")] = {string_or(entry.body, "endpoint"), string_or(entry.body, "digest"), string_or(entry.body, "by"),
                                       document != nullptr ? *document : Json(JsonObject{})};
}

}  // namespace firebreak::incident
