// The ports: who answers on them, the server or a gateway or a stranger, and what the configuration says of
// them.
#include <fmt/core.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "run/app/content.h"
#include "run/main/doctor.h"
#include "world/net/http_client.h"
#include "world/net/http_server.h"

namespace firebreak::cli {
namespace {

constexpr std::int64_t kPatience = 3 * kSecond;
constexpr std::uint16_t kCallersPort = 8441;  // where a gateway answers callers unless told otherwise

// The inode of the socket that listens on `port` of this machine; empty when nobody does. The kernel gives the table piece by
// piece: while other connections come and go a row may be passed over, so what is not seen is looked for again.
std::string listening_inode(std::uint16_t port) {
  for (int look = 0; look < 3; ++look) {
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
      std::ifstream file(table);
      for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string number, local, remote, state, skipped, inode;
        words >> number >> local >> remote >> state;
        for (int i = 0; i < 5; ++i) words >> skipped;  // queues, timer, retransmits, user, timeout
        words >> inode;
        if (state == "0A" && local.ends_with(fmt::format(":{:04X}", port))) return inode;
      }
    }
  }
  return {};
}

// "python3 (process 12)"; "another user's program" when it may not be seen from here.
std::string program_of(const std::string& inode) {
  const std::string wanted = "socket:[" + inode + "]";
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const std::string id = process.path().filename();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code hidden;
    for (const auto& file : std::filesystem::directory_iterator(process.path() / "fd", hidden)) {
      std::error_code gone;
      if (std::filesystem::read_symlink(file.path(), gone) != wanted) continue;
      std::ifstream name(process.path() / "comm");
      std::string program;
      std::getline(name, program);
      return fmt::format("{} (process {})", program, id);
    }
  }
  return "another user's program";
}

// What answers there is Firebreak's: the object of its /healthz, or the problem that keeps it from being
// well.
struct Answer {
  bool reached = false;
  bool ours = false;
  bool well = false;
  std::string detail;  // of the problem
  std::string name;    // of a gateway
};
Answer ask_health(net::HttpClient& http, const std::string& url) {
  Answer answer;
  const auto response = http.get(url + "/healthz", kPatience);
  answer.reached = response.has_value();
  if (!response) return answer;
  const auto body = parse_json(response->body);
  if (!body || !body->is_object()) return answer;
  answer.well = response->status == 200 && string_or(*body, "status") == "ok";
  answer.detail = string_or(*body, "detail");
  answer.name = string_or(*body, "name");
  answer.ours = answer.well || (response->status >= 500 && !answer.detail.empty());
  return answer;
}

std::uint16_t port_of(const std::string& url) {
  const auto parsed = net::parse_url(url);
  return parsed ? parsed->port : 0;
}

// Somebody who is not Firebreak has the port; empty when nobody has it.
std::string stranger_at(std::uint16_t port) {
  const std::string inode = listening_inode(port);
  return inode.empty() ? "" : program_of(inode);
}

Diagnosis of_gateway(const DoctorOptions& options, const std::string& name, const Json& settings) {
  PosixFiles files;
  const std::string control = string_or(settings, "control");
  std::string path = string_or(settings, "token_file");
  if (!path.starts_with('/')) path = options.data + "/" + path;
  net::HttpClient http;
  const Answer answer = ask_health(http, control);
  if (!answer.ours) {
    const std::string stranger = stranger_at(port_of(control));
    if (stranger.empty())
      return {Health::kRed, fmt::format("gateway {}: nobody answers at {}", name, control),
              "systemctl start firebreak-gateway   (or: firebreak gateway --control …)"};
    return {Health::kRed,
            fmt::format("gateway {}: the port of {} is taken by {}, which is no gateway", name, control,
                        stranger),
            "stop that program, or give the gateway another --control and firebreak.yaml the same"};
  }
  if (answer.name != name)
    return {Health::kRed, fmt::format("gateway {}: the one at {} is called '{}'", name, control, answer.name),
            fmt::format("firebreak gateway --name {} …   (or correct the name in {})", name, options.config)};
  auto token = read_all(files, path);
  if (!token)
    return {Health::kRed,
            fmt::format("gateway {}: its token cannot be read: {}", name, token.error().message),
            fmt::format("install -m 0600 CONTROL_TOKEN {}   (a copy of the gateway's --control-token-file)",
                        path)};
  while (!token->empty() && token->back() == '\n') token->pop_back();
  http.set_token(*token);
  const auto admitted = http.get(control + "/control/policies/doctor", kPatience);
  if (!admitted || admitted->status == 401 || admitted->status == 403)
    return {Health::kRed, fmt::format("gateway {}: {} refuses the token of {}", name, control, path),
            fmt::format("give both the same token: its --control-token-file and {}", path)};
  return {Health::kOk, fmt::format("gateway {}: answers at {}", name, control), ""};
}

}  // namespace

void examine_server(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  net::HttpClient http;
  const Answer answer = ask_health(http, options.url);
  const bool gateway = !answer.name.empty();
  if (answer.well && !gateway) {
    out.push_back({Health::kOk, "server: answers at " + options.url, ""});
    return;
  }
  if (answer.ours && !gateway) {
    out.push_back({Health::kRed,
                   fmt::format("server: {} says that it is not well: {}", options.url, answer.detail),
                   "journalctl -u firebreak   (why), then systemctl restart firebreak"});
    return;
  }
  const std::string stranger = stranger_at(port_of(options.url));
  if (stranger.empty() && !answer.reached) {
    out.push_back({Health::kWarn, fmt::format("server: nobody answers at {}; the port is free", options.url),
                   fmt::format("firebreak serve --data {}", options.data)});
  } else {
    out.push_back({Health::kRed,
                   fmt::format("server: the port of {} is taken by {}, which is no Firebreak server",
                               options.url, stranger.empty() ? "a program elsewhere" : stranger),
                   "stop that program, or choose another port: firebreak serve --listen 127.0.0.1:PORT"});
  }
}

void examine_configuration(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  if (options.config.empty()) return;
  PosixFiles files;
  const auto configuration = app::load_configuration(files, options.config);
  if (!configuration) {
    const Error& error = configuration.error();
    out.push_back({Health::kRed,
                   fmt::format("configuration: {}{}", error.message,
                               error.pointer.empty() ? "" : " (at " + error.pointer + ")"),
                   "correct the file; docs/formats says what each takes"});
    return;
  }
  out.push_back({Health::kOk,
                 fmt::format("configuration: {} with {} endpoints, {} playbooks, {} detectors",
                             options.config, configuration->endpoints.size(), configuration->playbooks.documents.size(),
                             configuration->detectors.size()),
                 ""});
  for (Diagnosis& one : judge_plan(configuration->notify.document)) out.push_back(std::move(one));
  bool all_answer = true;
  for (const auto& [name, settings] : configuration->gateways) {
    out.push_back(of_gateway(options, name, settings));
    all_answer = all_answer && out.back().health == Health::kOk;
  }
  if (all_answer) return;
  if (const std::string taken = stranger_at(kCallersPort); !taken.empty())
    out.push_back(
        {Health::kWarn,
         fmt::format("port {}: {} has it; a gateway answers its callers there unless told otherwise",
                     kCallersPort, taken),
         "firebreak gateway --listen 127.0.0.1:PORT   (for the unit: systemctl edit firebreak-gateway)"});
}

}  // namespace firebreak::cli
