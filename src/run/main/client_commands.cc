// Commands that ask or tell a server.
#include <fmt/core.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/random.h"
#include "run/app/content.h"
#include "run/main/commands.h"
#include "run/main/print.h"
#include "run/main/screens.h"

namespace firebreak::cli {
namespace {

const std::map<std::string, std::vector<Column>>& list_columns() {
  static const std::map<std::string, std::vector<Column>> columns = {
      {"incidents",
       {{"INCIDENT", "/id", 16}, {"SEVERITY", "/severity", 8}, {"PHASE", "/phase", 20}, {"ENDPOINT", "/endpoint", 24},
        {"OPENED", "/opened", 26}, {"TITLE", "/title", 70}}},
      {"findings",
       {{"FINDING", "/id", 16}, {"KIND", "/kind", 20}, {"SEVERITY", "/severity", 13}, {"STATE", "/state", 8},
        {"VERDICT", "/verdict", 9}, {"MUTED", "/muted/mute", 12}, {"ENDPOINT", "/endpoint", 24}, {"SINCE", "/first_time", 26}, {"SUMMARY", "/summary", 90}}},
      {"actions",
       {{"ACTION", "/id", 16}, {"STATE", "/state", 12}, {"ENDPOINT", "/endpoint", 24}, {"WHAT", "/what", 60},
        {"BY", "/requested_by", 20}, {"APPROVED", "/approvers", 20}, {"UNTIL", "/until", 26}}},
      {"evidence",
       {{"EVIDENCE", "/id", 16}, {"INCIDENT", "/incident", 16}, {"ITEM", "/item", 12}, {"OCTETS", "/octets", 12},
        {"DIGEST", "/digest", 16}, {"NAME", "/name", 50}}},
      {"models",
       {{"ENDPOINT", "/endpoint", 24}, {"RELEASE", "/release", 24}, {"STATE", "/state", 16},
        {"DIGEST", "/model/digest", 16}, {"TRAINING CUT", "/training_cut", 26}, {"BY", "/by", 20}}},
  };
  return columns;
}

void print_json(const Json& value) { std::fputs(pretty_json(value).c_str(), stdout); }

// For people: an incident has thousands of lines; the newest of each kind tell where it stands.
Json newest(const Json& document) {
  constexpr std::size_t kShown = 12;
  if (!document.is_object()) return document;
  JsonObject out;
  for (const auto& member : document.get_object()) {
    const Json& value = member.value();
    if (!value.is_array() || value.get_array().size() <= kShown) {
      out[member.key()] = value;
      continue;
    }
    const JsonArray& all = value.get_array();
    JsonArray last;
    last.push_back(Json(fmt::format("({} earlier ones: --json shows all)", all.size() - kShown)));
    for (std::size_t i = all.size() - kShown; i < all.size(); ++i) {
      const std::string text = string_or(all[i], "text", string_or(all[i], "summary"));
      last.push_back(text.empty() ? all[i]
                                  : Json(fmt::format("{} {} {}", string_or(all[i], "time"),
                                                     string_or(all[i], "id", std::to_string(int_or(all[i], "index"))), text)));
    }
    out[member.key()] = std::move(last);
  }
  return out;
}

// One thing, whole: as JSON, or as "key: value" lines.
int print_whole(const Client& client, const Result<Json>& answer) {
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    print_json(*answer);
  } else {
    std::fputs(details(newest(*answer)).c_str(), stdout);
  }
  return kDone;
}

Result<std::string> slurp(const std::string& path) {
  PosixFiles files;
  return read_all(files, path);
}

// Uploads a file as a blob and gives its digest.
Result<std::string> upload(Client& client, const std::string& path) {
  FIREBREAK_ASSIGN(std::string content, slurp(path));
  FIREBREAK_ASSIGN(const Json answer,
                   client.post_bytes("/api/v1/blobs", std::move(content), "application/octet-stream"));
  return get_string(answer, "digest");
}

Result<Json> release_arguments(Client& client, const ReleaseFiles& release) {
  PosixFiles files;
  FIREBREAK_ASSIGN(const Json manifest, app::load_document(files, release.manifest));
  JsonObject args{{"endpoint", release.endpoint}, {"release", release.release}, {"upstream", release.upstream}};
  FIREBREAK_ASSIGN(const std::string model, upload(client, release.model));
  FIREBREAK_ASSIGN(const std::string dataset, upload(client, release.dataset));
  FIREBREAK_ASSIGN(const std::string holdout, upload(client, release.holdout));
  FIREBREAK_ASSIGN(const std::string manifest_digest, upload(client, release.manifest));
  const Json* stated = find_pointer(manifest, "/model/digest");
  if (stated != nullptr && stated->is_string() && stated->get_string() != model)
    return fail(Code::kConflict,
                fmt::format("the manifest names model digest {} but {} has {}", std::string(stated->get_string()),
                            release.model, model));
  args["model"] = JsonObject{{"name", string_or(manifest, "name", "model")},
                             {"version", string_or(manifest, "version", release.release)},
                             {"digest", model}};
  args["manifest"] = manifest_digest;
  args["dataset"] = dataset;
  args["holdout"] = holdout;
  FIREBREAK_ASSIGN(args["training_cut"], get_string(manifest, "training_cut"));
  const Json* sources = find(manifest, "sources");
  if (sources == nullptr) return fail(Code::kInvalid, "the manifest names no training sources", "/sources");
  args["sources"] = *sources;
  if (!release.incident.empty()) args["incident"] = release.incident;
  if (!release.trained_by.empty()) args["trained_by"] = release.trained_by;
  return Json(args);
}

}  // namespace

int list(Client& client, const std::string& noun, int limit) {
  const auto answer = client.get(fmt::format("/api/v1/{}?limit={}", noun, limit));
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    print_json(*answer);
    return kDone;
  }
  const Json* items = find(*answer, "items");
  if (items == nullptr || !items->is_array() || items->get_array().empty()) {
    fmt::print("no {}\n", noun);
    return kDone;
  }
  std::fputs(table(items->get_array(), list_columns().at(noun)).c_str(), stdout);
  return kDone;
}

int replay_finding(Client& client, const std::string& id) {
  const auto answer = client.get("/api/v1/findings/" + id + "/replay");
  if (!answer) return report_error(answer.error(), client.connection().json);
  const std::string outcome = string_or(*answer, "outcome"), stream = string_or(*answer, "stream");
  if (client.connection().json) {
    print_json(*answer);
  } else if (outcome == "reproduced") {
    fmt::print("{} is reproduced: '{}' leads to it at record {}\n", id, stream, int_or(*answer, "position"));
  } else if (outcome == "erased") {
    fmt::print("{}: erased at index {} of '{}' ({}); what is left does not lead to it\n", id, int_or(*answer, "erased_at"), stream,
               string_or(*answer, "by"));
  } else {
    fmt::print("{} differs: the detectors as they are now do not open it at record {} of '{}'\n", id, int_or(*answer, "position"), stream);
  }
  return outcome == "differs" ? kNegative : kDone;
}

int show(Client& client, const std::string& noun, const std::string& id, bool all) {
  const std::string path = "/api/v1/" + noun + "/" + net::percent_encode(id);
  const auto answer = client.get(path);
  if (noun != "incidents" || all || !answer || client.connection().json) return print_whole(client, answer);
  const auto picture = client.get(path + "/picture");
  std::fputs(incident_text(*answer, picture ? *picture : Json(nullptr)).c_str(), stdout);
  return kDone;
}

int give_command(Client& client, const std::string& name, const Json& args) {
  const auto answer = client.command(name, args);
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    print_json(*answer);
    return kDone;
  }
  const Json* entries = find(*answer, "entries");
  if (entries == nullptr || !entries->is_array()) return kDone;
  for (const Json& entry : entries->get_array()) {
    const std::string kind = string_or(entry, "kind");
    if (kind == "command" || kind == "command_accepted") continue;
    fmt::print("journal {}: {}\n", int_or(entry, "index"), kind);
  }
  const Json* const created = find(*answer, "id");
  if (created != nullptr) fmt::print("{}\n", cell(created));
  for (const Json& entry : entries->get_array())
    if (string_or(entry, "kind") == "command_requested" && created != nullptr)
      fmt::print(stderr, "firebreak: nothing has changed yet: {} waits for a second person (firebreak request approve {} --digest {})\n", name, cell(created), string_or(entry.at("body"), "digest"));
  return kDone;
}

int status(Client& client) {
  const auto answer = client.get("/api/v1/status");
  if (!answer || client.connection().json) return print_whole(client, answer);
  std::fputs(status_text(*answer).c_str(), stdout);
  return kDone;
}

int add_token(Client& client, const std::string& user, const std::string& out) {
  const bool json = client.connection().json;
  SystemRandom random;
  const std::string token = to_hex(random.bytes(32));
  if (const auto added = client.command("token.add", JsonObject{{"user", user}, {"token_hash", sha256(token).hex()}}); !added)
    return report_error(added.error(), json);
  if (!out.empty()) {
    PosixFiles files;
    if (auto written = write_atomic(files, out, token + "\n"); !written) return report_error(written.error(), json);
    fmt::print("{}\n", out);
    return kDone;
  }
  fmt::print("{}\n", json ? canonical_json(JsonObject{{"user", user}, {"token", token}}) : token);
  return kDone;
}

int sign_in(Client& client, const std::string& user, std::int64_t minutes) {
  const bool json = client.connection().json;
  auto answer = client.post("/api/v1/sign-in-links", JsonObject{{"user", user}, {"minutes", minutes}});
  if (!answer) return report_error(answer.error(), json);
  const std::string link = fmt::format("{}/#link={}", client.connection().url, string_or(*answer, "code"));
  if (json) {
    answer->as_object()["link"] = link;
    return print_whole(client, answer);
  }
  fmt::print("{}\n", link);
  const std::string expires = string_or(*answer, "expires");
  fmt::print(stderr, "firebreak: signs {} in once{}\n", user, expires.empty() ? "" : ", until " + expires);
  return kDone;
}

int set_clock_rate(Client& client, const std::string& rate, const std::string& reason) {
  if (rate.empty()) return print_whole(client, client.get("/api/v1/clock"));
  Json value(nullptr);
  if (rate != "fast") {
    auto number = parse_json(rate);
    if (!number || !number->is_number())
      return report_error({Code::kInvalid, fmt::format("rate '{}' is neither a number nor 'fast'", rate), {}, 0},
                          client.connection().json);
    value = *number;
  }
  return print_whole(client, client.post("/api/v1/clock", JsonObject{{"rate", value}, {"reason", reason}}));
}

int trace(Client& client, const std::string& id, const std::string& stream) {
  std::string path = "/api/v1/trace/" + net::percent_encode(id);
  if (!stream.empty()) path += "?stream=" + net::percent_encode(stream);
  const auto answer = client.get(path);
  if (!answer || client.connection().json) return print_whole(client, answer);
  std::fputs(trace_text(*answer).c_str(), stdout);
  return kDone;
}

int performance(Client& client, const std::string& endpoint, const std::string& part) {
  const auto answer = client.get("/api/v1/endpoints/" + net::percent_encode(endpoint) + "/performance");
  if (!answer || client.connection().json) return print_whole(client, answer);
  std::fputs(performance_text(*answer, part).c_str(), stdout);
  return kDone;
}

int report(Client& client, const std::string& incident, const std::string& out, const std::string& player_file) {
  const bool json = client.connection().json;
  JsonObject request{{"incident", incident}};
  if (!player_file.empty()) {
    const auto text = slurp(player_file);
    if (!text) return report_error(text.error(), json);
    auto player = parse_json(*text);
    if (!player) return report_error(std::move(player.error()).with(player_file), json);
    request["player"] = *player;
  }
  const auto answer = client.post("/api/v1/reports", request);
  if (!answer) return report_error(answer.error(), json);
  const Json* document = find(*answer, "report");
  const std::string html = string_or(*answer, "html");
  if (document == nullptr) return report_error(Error{Code::kInternal, "the server sent no report", {}, 0}, json);
  if (out.empty()) {
    print_json(*document);
    return kDone;
  }
  PosixFiles files;
  for (const auto& [name, content] : {std::pair<std::string, std::string>{"report.json", pretty_json(*document)},
                                      std::pair<std::string, std::string>{"report.html", html},
                                      std::pair<std::string, std::string>{"postmortem.md", string_or(*answer, "postmortem")}}) {
    if (auto ok = files.make_dir(out); !ok) return report_error(ok.error(), json);
    if (auto ok = write_plain(files, out + "/" + name, content); !ok) return report_error(ok.error(), json);
  }
  if (json) {
    print_json(JsonObject{{"report", out + "/report.json"}, {"html", out + "/report.html"}, {"postmortem", out + "/postmortem.md"}});
  } else {
    fmt::print("{}/report.html\n{}/report.json\n{}/postmortem.md\n", out, out, out);
  }
  return kDone;
}

int register_release(Client& client, const ReleaseFiles& release) {
  const auto args = release_arguments(client, release);
  if (!args) return report_error(args.error(), client.connection().json);
  return give_command(client, "release.register", *args);
}

int seal_holdout(Client& client, const std::string& endpoint, const std::string& file) {
  PosixFiles files;
  const auto rows = read_all(files, file);
  if (!rows) return report_error(rows.error(), client.connection().json);
  return give_command(client, "holdout.seal", JsonObject{{"endpoint", endpoint}, {"digest", sha256(*rows).hex()}});
}

int put_endpoint(Client& client, const std::string& name, const std::string& file) {
  const bool json = client.connection().json;
  PosixFiles files;
  const auto document = app::load_document(files, file);
  if (!document) return report_error(document.error(), json);
  const auto answer = client.put("/api/v1/endpoints/" + name, *document);
  if (!answer) return report_error(answer.error(), json);
  if (json) {
    print_json(*answer);
  } else {
    fmt::print("endpoint {} registered\n", name);
  }
  return kDone;
}

}  // namespace firebreak::cli
