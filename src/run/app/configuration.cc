#include <fmt/core.h>

#include "run/app/content.h"

namespace firebreak::app {

std::string_view incident_templates();  // content/incidents/templates.yaml, embedded

namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string(".") : path.substr(0, slash);
}

std::string resolve(const std::string& folder, const std::string& name) {
  return name.starts_with('/') ? name : folder + "/" + name;
}

Result<std::vector<Json>> load_list(Files& files, const std::string& folder, const Json& config,
                                    std::string_view key) {
  std::vector<Json> documents;
  if (find(config, key) == nullptr) return documents;
  FIREBREAK_ASSIGN(const std::vector<std::string> names, get_strings(config, key));
  for (const std::string& name : names) {
    FIREBREAK_ASSIGN(Json document, load_document(files, resolve(folder, name)));
    documents.push_back(std::move(document));
  }
  return documents;
}

// {name: file, …} -> [(name, document), …]
Result<std::vector<std::pair<std::string, Json>>> load_map(Files& files, const std::string& folder,
                                                            const Json& config, std::string_view key) {
  std::vector<std::pair<std::string, Json>> documents;
  const Json* map = find(config, key);
  if (map == nullptr) return documents;
  if (!map->is_object()) return fail(Code::kInvalid, fmt::format("'{}' must be a map of name to file", key));
  for (const auto& member : map->get_object()) {
    if (!member.value().is_string()) return fail(Code::kInvalid, fmt::format("'{}' must map names to files", key));
    FIREBREAK_ASSIGN(Json document, load_document(files, resolve(folder, std::string(member.value().get_string()))));
    documents.emplace_back(std::string(member.key()), std::move(document));
  }
  return documents;
}

// `incidents: FILE` or the document itself; else what is shipped.
Result<incident::Templates> templates_of(Files& files, const Json& config, const std::string& folder) {
  const Json* const own = find(config, "incidents");
  Json document;
  if (own == nullptr) {
    FIREBREAK_ASSIGN(document, yaml_to_json(incident_templates(), "content/incidents/templates.yaml"));
  } else if (own->is_string()) {
    FIREBREAK_ASSIGN(document, load_document(files, resolve(folder, std::string(own->get_string()))));
  } else {
    document = *own;
  }
  auto templates = incident::templates_from_json(document);
  if (!templates) return fail(std::move(templates.error()).at("/incidents"));
  return templates;
}

}  // namespace

Result<Json> load_document(Files& files, const std::string& path) {
  auto text = read_all(files, path);
  if (!text) return fail(std::move(text.error()).with("read " + path));
  if (path.ends_with(".json")) {
    auto document = parse_json(*text);
    if (!document) return fail(std::move(document.error()).with(path));
    return document;
  }
  return yaml_to_json(*text, path);
}

Result<Configuration> load_configuration(Files& files, const std::string& path) {
  Configuration configuration;
  if (path.empty()) {
    FIREBREAK_ASSIGN(configuration.regimes, regimes_of(files, JsonObject{}, "."));
    FIREBREAK_ASSIGN(configuration.templates, templates_of(files, JsonObject{}, "."));
    return configuration;
  }
  FIREBREAK_ASSIGN(const Json config, load_document(files, path));
  if (auto ok = only_keys(config, {"endpoints", "playbooks", "detectors", "rules", "gateways", "witness", "timestamps", "store", "callers", "deadlines", "notify", "incidents", "tickets", "frameworks"}); !ok)
    return fail(std::move(ok.error()).with(path));
  const std::string folder = folder_of(path);
  FIREBREAK_ASSIGN(configuration.endpoints, load_list(files, folder, config, "endpoints"));
  auto playbooks = playbooks_of(files, config, folder);
  if (!playbooks) return fail(std::move(playbooks.error()).with(path));
  configuration.playbooks = std::move(*playbooks);
  FIREBREAK_ASSIGN(configuration.detectors, load_map(files, folder, config, "detectors"));
  JsonObject rules;
  FIREBREAK_ASSIGN(const auto sections, load_map(files, folder, config, "rules"));
  for (const auto& [name, document] : sections) rules[name] = document;
  configuration.rules = rules;
  if (const Json* gateways = find(config, "gateways"); gateways != nullptr && gateways->is_object()) {
    for (const auto& member : gateways->get_object()) {
      JsonObject gateway;
      FIREBREAK_ASSIGN(const std::string url, get_string(member.value(), "control"));
      FIREBREAK_ASSIGN(const std::string token_file, get_string(member.value(), "token_file"));
      gateway["control"] = url;
      gateway["token_file"] = token_file;  // relative to the data folder: made at the first start
      configuration.gateways.emplace_back(std::string(member.key()), gateway);
    }
  }
  JsonObject detectors;
  for (const auto& [name, document] : configuration.detectors) detectors[name] = document;
  configuration.document = JsonObject{{"rules", configuration.rules}, {"detectors", detectors}};
  if (const Json* const section = find(config, "playbooks"); section != nullptr && section->is_object()) configuration.document.as_object()["playbooks"] = to_json(configuration.playbooks);
  auto regimes = regimes_of(files, config, folder);
  if (!regimes) return fail(std::move(regimes.error()).with(path));
  configuration.regimes = std::move(*regimes);
  auto organisation = organisation_of(config);
  if (!organisation) return fail(std::move(organisation.error()).with(path));
  configuration.organisation = std::move(*organisation);
  auto attesters = attesters_of(config, folder);
  if (!attesters) return fail(std::move(attesters.error()).with(path));
  configuration.attesters = std::move(*attesters);
  if (!configuration.attesters.empty()) configuration.document.as_object()["attesters"] = to_json(configuration.attesters);
  auto store = store_of(files, config, folder);
  if (!store) return fail(std::move(store.error()).with(path));
  configuration.store = std::move(*store);
  if (configuration.store) configuration.document.as_object()["store"] = to_json(*configuration.store);
  auto callers = callers_of(files, config, folder);
  if (!callers) return fail(std::move(callers.error()).with(path));
  configuration.callers = std::move(*callers);
  if (!configuration.callers.empty()) configuration.document.as_object()["callers"] = to_json(configuration.callers);
  auto templates = templates_of(files, config, folder);
  if (!templates) return fail(std::move(templates.error()).with(path));
  configuration.templates = std::move(*templates);
  auto notify = notify_of(files, config, folder);
  if (!notify) return fail(std::move(notify.error()).with(path));
  configuration.notify = std::move(*notify);
  if (const Json* const section = find(config, "frameworks"); section != nullptr && !section->is_null()) {
    auto named = get_strings(config, "frameworks");
    if (!named) return fail(std::move(named.error()).with(path));
    for (const std::string& name : *named) configuration.frameworks.push_back(name.starts_with('/') ? name : folder + "/" + name);
  }
  auto tickets = tickets_of(files, config, folder);
  if (!tickets) return fail(std::move(tickets.error()).with(path));
  configuration.tickets = std::move(*tickets);
  return configuration;
}

}  // namespace firebreak::app
