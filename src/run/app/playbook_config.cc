#include "run/app/playbook_config.h"

#include <fmt/core.h>

#include <algorithm>

#include "cacao/signature.h"
#include "cacao/value.h"
#include "run/app/content.h"

namespace firebreak::app {
namespace {

std::string resolved(const std::string& folder, const std::string& name) { return name.starts_with('/') ? name : folder + "/" + name; }

tl::unexpected<Error> bad(const std::string& key, const std::string& why) { return fail(Code::kInvalid, fmt::format("playbooks: {} {}", key, why), "/playbooks/" + key); }

// Each member of the map `key`, as `read` takes it.
template <class Read>
Result<void> each(const Json& section, std::string_view key, Read read) {
  const Json* const map = find(section, key);
  if (map == nullptr) return {};
  if (!map->is_object()) return bad(std::string(key), "is a map");
  for (const auto& member : map->get_object()) FIREBREAK_TRY(read(std::string(member.key()), member.value()));
  return {};
}

Result<std::vector<Json>> documents(Files& files, const Json& section, std::string_view key, const std::string& folder) {
  std::vector<Json> out;
  if (!section.is_array() && find(section, key) == nullptr) return out;
  const Json wrapped = section.is_array() ? Json(JsonObject{{key, section}}) : section;
  FIREBREAK_ASSIGN(const auto names, get_strings(wrapped, key));
  for (const std::string& name : names) {
    FIREBREAK_ASSIGN(Json document, load_document(files, resolved(folder, name)));
    out.push_back(std::move(document));
  }
  return out;
}

bool is_host(const std::string& text) {
  return !text.empty() && text.find_first_of("/@?# ") == std::string::npos && text.front() != ':';
}

Result<void> read_reach(Files& files, const Json& section, const std::string& folder, PlaybookConfig& config) {
  if (find(section, "hosts") != nullptr) {
    FIREBREAK_ASSIGN(config.hosts, get_strings(section, "hosts"));
    for (const std::string& host : config.hosts)
      if (!is_host(host)) return bad("hosts", fmt::format("has '{}': write host or host:port", host));
  }
  FIREBREAK_TRY(each(section, "secrets", [&](const std::string& name, const Json& file) -> Result<void> {
    if (!file.is_string()) return bad("secrets/" + name, "names a file");
    auto secret = read_secret(files, resolved(folder, std::string(file.get_string())));
    if (!secret) return fail(std::move(secret.error()).with("playbooks: secrets/" + name));
    config.secrets[name] = std::move(*secret);
    return {};
  }));
  return each(section, "channels", [&](const std::string& name, const Json& channel) -> Result<void> {
    if (auto ok = only_keys(channel, {"url", "secret"}); !ok) return bad("channels/" + name, ok.error().message);
    const std::string url = string_or(channel, "url"), secret = string_or(channel, "secret");
    if (!cacao::is_url(url)) return bad("channels/" + name, "has a url: http://… or https://…");
    if (!secret.empty() && !config.secrets.contains(secret)) return bad("channels/" + name, fmt::format("names the secret '{}', which is not among secrets", secret));
    config.channels[name] = {url, secret};
    return {};
  });
}

Result<void> read_trust(Files& files, const Json& section, const std::string& folder, PlaybookConfig& config) {
  if (find(section, "trusted_keys") != nullptr) {
    FIREBREAK_ASSIGN(const auto names, get_strings(section, "trusted_keys"));
    for (const std::string& name : names) {
      FIREBREAK_ASSIGN(std::string pem, read_all(files, resolved(folder, name)));
      config.trusted_keys.push_back(std::move(pem));
    }
    if (auto known = cacao::verify_signatures(JsonObject{}, config.trusted_keys, Time{}); !known) return bad("trusted_keys", known.error().message);
  }
  if (find(section, "signed_for") == nullptr) return {};
  FIREBREAK_ASSIGN(config.signed_for, get_strings(section, "signed_for"));
  for (const std::string& severity : config.signed_for)
    if (severity.size() != 5 || !severity.starts_with("SEV-") || severity[4] < '1' || severity[4] > '4') return bad("signed_for", fmt::format("has '{}': SEV-1, SEV-2, SEV-3 or SEV-4", severity));
  if (!config.signed_for.empty() && config.trusted_keys.empty()) return bad("signed_for", "needs trusted_keys: without one no playbook could start");
  return {};
}

}  // namespace

Result<PlaybookConfig> playbooks_of(Files& files, const Json& config, const std::string& folder) {
  PlaybookConfig out;
  const Json* const section = find(config, "playbooks");
  if (section == nullptr) return out;
  FIREBREAK_ASSIGN(out.documents, documents(files, *section, "files", folder));
  if (section->is_array()) return out;
  if (auto ok = only_keys(*section, {"files", "variables", "channels", "hosts", "secrets", "trusted_keys", "signed_for", "ca_file"}); !ok) return fail(std::move(ok.error()).with("playbooks"));
  FIREBREAK_TRY(each(*section, "variables", [&](const std::string& name, const Json& value) -> Result<void> {
    if (!cacao::is_variable_name(name)) return bad("variables/" + name, "is no name of a variable: __name__");
    out.variables[name] = value.is_string() ? std::string(value.get_string()) : canonical_json(value);
    return {};
  }));
  FIREBREAK_TRY(read_reach(files, *section, folder, out));
  FIREBREAK_TRY(read_trust(files, *section, folder, out));
  if (const std::string ca = string_or(*section, "ca_file"); !ca.empty()) out.ca_file = resolved(folder, ca);
  return out;
}

Json to_json(const PlaybookConfig& config) {
  JsonObject variables, channels;
  JsonArray secrets;
  for (const auto& [name, value] : config.variables) variables[name] = value;
  for (const auto& [name, channel] : config.channels) channels[name] = JsonObject{{"url", channel.url}, {"secret", channel.secret}};
  for (const auto& [name, secret] : config.secrets) secrets.emplace_back(name);
  return JsonObject{{"variables", std::move(variables)},
                    {"channels", std::move(channels)},
                    {"secrets", std::move(secrets)},
                    {"hosts", JsonArray(config.hosts.begin(), config.hosts.end())},
                    {"trusted_keys", JsonArray(config.trusted_keys.begin(), config.trusted_keys.end())},
                    {"signed_for", JsonArray(config.signed_for.begin(), config.signed_for.end())}};
}

}  // namespace firebreak::app
