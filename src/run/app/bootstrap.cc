#include "run/app/bootstrap.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "fold/access/access.h"
#include "fold/incident/incident.h"
#include "fold/notify/notify.h"
#include "fold/playbook/playbook.h"
#include "fold/provenance/provenance.h"
#include "fold/ticket/ticket.h"

namespace firebreak::app {
namespace {

Result<void> command(journal::Journal& journal, const std::string& name, const Json& args) {
  auto group = journal::give_command(journal, name, args, "firebreak");
  if (!group) return fail(std::move(group.error()).with("configuration: " + name));
  return {};
}

// Entries of their own: these texts are long. Nothing when nothing has changed.
Result<void> apply_templates(journal::Journal& journal, const incident::Templates& templates) {
  bool known = false;
  journal.with_state([&](const journal::View& view) { known = view.state<incident::IncidentState>(incident::kFoldName).templates == templates; });
  if (known) return {};
  FIREBREAK_TRY(journal.submit_wait(Draft{"templates_applied", JsonObject{{"document", to_json(templates)}}, "firebreak", {}, {}}));
  return {};
}

Result<void> apply_notify(journal::Journal& journal, const Json& document) {
  const std::string digest = document.get_object().empty() ? "" : sha256(canonical_json(document)).hex();
  std::string last;
  journal.with_state([&](const journal::View& view) { last = view.state<notify::NotifyState>(notify::kFoldName).digest; });
  if (digest == last) return {};
  FIREBREAK_TRY(journal.submit_wait(Draft{"notify_applied", JsonObject{{"digest", digest}, {"document", document}}, "firebreak", {}, {}}));
  return {};
}

Result<void> apply_tickets(journal::Journal& journal, const Json& document) {
  const std::string digest = document.get_object().empty() ? "" : sha256(canonical_json(document)).hex();
  std::string last;
  journal.with_state([&](const journal::View& view) { last = view.state<ticket::TicketState>(ticket::kFoldName).digest; });
  if (digest == last) return {};
  FIREBREAK_TRY(journal.submit_wait(Draft{"tickets_applied", JsonObject{{"digest", digest}, {"document", document}}, "firebreak", {}, {}}));
  return {};
}

}  // namespace

Result<std::string> token_file(Files& files, Random& random, const std::string& path) {
  if (exists(files, path)) {
    FIREBREAK_ASSIGN(std::string text, read_all(files, path));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.size() < 16) return fail(Code::kInvalid, fmt::format("{}: a token has at least 16 characters", path));
    return text;
  }
  const std::string token = to_hex(random.bytes(32));
  FIREBREAK_TRY(write_atomic(files, path, token + "\n"));
  return token;
}

Result<void> bootstrap_admin(journal::Journal& journal, Files& files, Random& random, const std::string& data_dir,
                             const std::string& preset) {
  const Preset* const chosen = find_preset(preset.empty() ? kDefaultPreset : std::string_view(preset));
  if (chosen == nullptr) return fail(Code::kInvalid, fmt::format("preset '{}' is none of solo, pair, team, enterprise", preset));
  FIREBREAK_ASSIGN(const std::string token, token_file(files, random, data_dir + "/admin.token"));
  const Digest hash = sha256(token);
  bool user = false, known = false;
  std::string in_force;
  journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<access::AccessState>(access::kFoldName);
    user = state.users.contains("admin");
    known = state.tokens.contains(hash);
    in_force = state.preset;
  });
  if (user && !preset.empty() && preset != in_force)
    return fail(Code::kConflict, fmt::format("the preset in force is '{}'; an admin changes it: firebreak access preset {} --reason TEXT", in_force, preset));
  if (!user) {
    if (chosen->name != in_force) {
      FIREBREAK_TRY(command(journal, "access.preset", JsonObject{{"preset", chosen->name}, {"reason", "the first start"}}));
    }
    FIREBREAK_TRY(command(journal, "user.add", JsonObject{{"user", "admin"}, {"role", chosen->first_roles}}));
  }
  if (!known) {
    FIREBREAK_TRY(command(journal, "token.add", JsonObject{{"user", "admin"}, {"token_hash", hash.hex()}}));
  }
  return {};
}

Result<void> apply_configuration(journal::Journal& journal, const Configuration& configuration,
                                 const std::string& last) {
  const std::string digest = sha256(canonical_json(configuration.document)).hex();
  if (digest != last) {
    Draft draft{"config_applied", JsonObject{{"digest", digest}, {"document", configuration.document}}, "firebreak",
                {}, {}};
    FIREBREAK_TRY(journal.submit_wait(std::move(draft)));
  }
  FIREBREAK_TRY(apply_notify(journal, configuration.notify.document));
  FIREBREAK_TRY(apply_templates(journal, configuration.templates));
  FIREBREAK_TRY(apply_tickets(journal, configuration.tickets.document));
  for (const Json& document : configuration.playbooks.documents) {
    const std::string id = string_or(document, "id"), modified = string_or(document, "modified");
    bool installed = false;
    journal.with_state([&](const journal::View& view) {
      const auto& state = view.state<playbook::PlaybookState>(playbook::kFoldName);
      const auto found = state.installed.find(id);
      const auto version = parse_time(modified);
      if (found == state.installed.end() || found->second.empty() || !version) return;
      const auto& [newest, one] = *found->second.rbegin();
      installed = newest > *version || (newest == *version && !playbook::differ_in_signatures(one.document, document));
    });
    if (!installed) {
      FIREBREAK_TRY(command(journal, "playbook.install", JsonObject{{"document", document}}));
    }
  }
  for (const Json& document : configuration.endpoints) {
    FIREBREAK_ASSIGN(const Endpoint endpoint, endpoint_from_json(document));
    bool known = false;
    journal.with_state([&](const journal::View& view) {
      known = provenance::find_endpoint(view.state<provenance::ProvenanceState>(provenance::kFoldName),
                                        endpoint.name) != nullptr;
    });
    if (!known) {
      FIREBREAK_TRY(command(journal, "endpoint.put", JsonObject{{"endpoint", to_json(endpoint)}}));
    }
  }
  return {};
}

}  // namespace firebreak::app
