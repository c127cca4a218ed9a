// Configuration and content files: YAML (or JSON, a subset of it) to JSON documents.
//
// Limits: 1 MiB a file, depth limits::kDocumentDepth, no anchors or aliases (a small file must stay a small
// document), no duplicate keys. Scalars become null, true/false, whole numbers or doubles when they look like one and
// are not quoted; everything else is a string. Errors name the file and, where YAML gives it, line and column.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "fold/incident/incident.h"
#include "run/app/deadlines.h"
#include "run/app/notify_config.h"
#include "run/app/playbook_config.h"
#include "run/app/ticket_config.h"
#include "world/connect/caller_config.h"
#include "world/effects/attester_config.h"
#include "world/store/store_config.h"

namespace firebreak::app {

Result<Json> yaml_to_json(std::string_view text, const std::string& name);
Result<Json> load_document(Files& files, const std::string& path);
std::string_view default_detectors();  // content/detectors/default.yaml, embedded

// Every document of a text, with the line of each place (JSON Pointer without its escapes). A document that is not allowed
// has an error instead; behind one that cannot be parsed nothing is read.
struct YamlDocument {
  Json value;
  std::map<std::string, std::uint32_t> lines;
  std::string error;
  std::uint32_t error_line = 0;  // from 1; 0: unknown
};
std::vector<YamlDocument> yaml_documents(std::string_view text);

// What `firebreak serve` is told: the configuration file with every file it names read in and inlined, so that the
// whole stands in one `config_applied` entry (by digest when it is larger than an entry).
struct Configuration {
  std::vector<Json> endpoints;                 // documents of types/endpoint.h
  PlaybookConfig playbooks;
  std::vector<std::pair<std::string, Json>> detectors;  // endpoint -> detector configuration
  std::vector<std::pair<std::string, Json>> profiles;   // endpoint -> reference profile settings
  Json rules = JsonObject{};                   // correlation, recovery ladder, gates
  std::vector<std::pair<std::string, Json>> gateways;   // name -> {control_url, token_file}
  std::vector<effects::AttesterConfig> attesters;       // witnesses and time-stamping authorities
  std::optional<store::StoreConfig> store;              // off the machine
  std::vector<connect::CallerConfig> callers;           // outside systems that playbooks call, by name
  std::vector<RegimeConfig> regimes;                    // of reporting deadlines, each with its calendar
  Json organisation = JsonObject{};                     // texts for drafts of reports: name, lei, contact, …
  std::vector<std::string> frameworks;                  // files of public frameworks
  TicketConfig tickets;                                 // trackers of tickets
  NotifyConfig notify;                                  // alerts and messages
  incident::Templates templates;                        // of incidents that people declare
  Json document = JsonObject{};                // normalised, for config_applied
};

// `path` empty: defaults only (the shipped regimes and templates of incidents among them). Relative names inside the file are relative to its folder.
Result<Configuration> load_configuration(Files& files, const std::string& path);

// `witness: [{name, url, vkey, …}]` and `timestamps: [{name, url, ca_file, …}]` of a configuration file in `folder`.
Result<std::vector<effects::AttesterConfig>> attesters_of(const Json& config, const std::string& folder);
Json to_json(const std::vector<effects::AttesterConfig>& attesters);
// `store: {url, bucket, …}`; reads its secret. Nothing when there is no such part.
Result<std::optional<store::StoreConfig>> store_of(Files& files, const Json& config, const std::string& folder);
Json to_json(const store::StoreConfig& config);  // without the secret
// `callers: {NAME: {kind, url, …}}`; reads their secrets.
Result<std::vector<connect::CallerConfig>> callers_of(Files& files, const Json& config, const std::string& folder);
Json to_json(const std::vector<connect::CallerConfig>& callers);  // without secrets
// A secret's file: its text without the last line's end. Refused when others than its owner may read it, or when it is empty (kInvalid).
Result<std::string> read_secret(Files& files, const std::string& path);

}  // namespace firebreak::app
