// tickets: {trackers: {NAME: {shape: jira, url, project, token_file, secret_file, …}}}
#include "run/app/ticket_config.h"

#include <fmt/core.h>

#include "run/app/content.h"

namespace firebreak::app {
namespace {

tl::unexpected<Error> bad(const std::string& place, const std::string& why) { return fail(Code::kInvalid, fmt::format("tickets: {} {}", place, why), "/tickets/" + place); }

std::string resolved(const std::string& folder, const std::string& name) { return name.empty() || name.starts_with('/') ? name : folder + "/" + name; }

Result<connect::TrackerConfig> tracker_of(Files& files, const std::string& name, const Json& item, const std::string& folder) {
  const std::string place = "trackers/" + name;
  connect::TrackerConfig out;
  out.name = name;
  out.shape = string_or(item, "shape");
  const bool jira = out.shape == "jira";
  if (!jira && out.shape != "servicenow") return bad(place + "/shape", "is jira or servicenow");
  for (const char* const secret : {"secret", "token", "password"})
    if (find(item, secret) != nullptr) return bad(place + "/" + secret, "does not stand in this file; put it into a file of its own, mode 0600, and name that: token_file, secret_file");
  if (auto ok = jira ? only_keys(item, {"shape", "url", "project", "type", "close_transition", "closed", "account", "user", "token_file", "secret_file", "tls_ca_file", "timeout_s"})
                     : only_keys(item, {"shape", "url", "table", "close_state", "close_code", "closed", "account", "user", "token_file", "secret_file", "tls_ca_file", "timeout_s"});
      !ok)
    return bad(place, ok.error().message);
  for (const auto& [key, into] : {std::pair("url", &out.url), {"project", &out.project}, {"type", &out.type}, {"table", &out.table}, {"close_transition", &out.close_transition},
                                  {"close_state", &out.close_state}, {"close_code", &out.close_code}, {"account", &out.account}, {"user", &out.user}})
    *into = string_or(item, key, *into);
  while (out.url.ends_with('/')) out.url.pop_back();
  if (!(out.url.starts_with("http://") || out.url.starts_with("https://")) || out.url.find_first_of("@ \r\n") != std::string::npos) return bad(place + "/url", "starts with http:// or https:// and bears no user");
  if (jira && out.project.empty()) return bad(place + "/project", "is the key of the project that tickets are opened in");
  if (out.account.empty()) return bad(place + "/account", "is the account there that the token belongs to: what it does is our own echo");
  out.closed = strings_or_empty(item, "closed");
  if (out.closed.empty()) out.closed = jira ? std::vector<std::string>{"Done", "Closed", "Resolved"} : std::vector<std::string>{"6", "7", "8", "Resolved", "Closed", "Canceled"};
  for (const auto& [key, into] : {std::pair("token_file", &out.token), {"secret_file", &out.secret}}) {
    if (find(item, key) == nullptr) return bad(place + "/" + key, "is missing");
    auto text = read_secret(files, resolved(folder, string_or(item, key)));
    if (!text) return bad(place + "/" + key, text.error().message);
    *into = std::move(*text);
  }
  out.tls_ca_file = resolved(folder, string_or(item, "tls_ca_file"));
  if (find(item, "timeout_s") != nullptr) {
    const auto given = get_int(item, "timeout_s");
    if (!given || *given < 1 || *given > 300) return bad(place + "/timeout_s", "is a whole number from 1 to 300");
    out.timeout_us = *given * kSecond;
  }
  return out;
}

}  // namespace

Result<TicketConfig> tickets_of(Files& files, const Json& config, const std::string& folder) {
  TicketConfig out;
  const Json* const section = find(config, "tickets");
  if (section == nullptr || section->is_null()) return out;
  if (!section->is_object()) return bad("", "is an object");
  if (auto ok = only_keys(*section, {"trackers"}); !ok) return bad("", ok.error().message);
  const Json* const trackers = find(*section, "trackers");
  if (trackers == nullptr || !trackers->is_object() || trackers->get_object().empty()) return bad("trackers", "names trackers");
  JsonObject told;
  for (const auto& member : trackers->get_object()) {
    const std::string name(member.key());
    if (name.empty() || name.size() > 40 || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos) return bad("trackers/" + name, "is no name of small letters, digits and -");
    FIREBREAK_ASSIGN(out.trackers[name], tracker_of(files, name, member.value(), folder));
    told[name] = JsonObject{{"shape", out.trackers[name].shape}};
  }
  out.document = JsonObject{{"trackers", std::move(told)}};
  return out;
}

}  // namespace firebreak::app
