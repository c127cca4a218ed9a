#include "world/connect/scripted_mlflow.h"

#include <fmt/core.h>

#include <set>

#include "base/encoding.h"

namespace firebreak::connect {
namespace {

constexpr std::string_view kApi = "/api/2.0/mlflow/";

net::Response refusal(int status, const char* code, const std::string& message) {
  return net::json_response(JsonObject{{"error_code", code}, {"message", message}, {"sqlstate", "KAM00"}, {"error_class", code}}, status);
}

net::Response page(int status, const char* text) {
  net::Response response = net::text_response(fmt::format("<!doctype html>\n<title>{}</title>\n", text), "text/html; charset=utf-8");
  response.status = status;
  return response;
}

}  // namespace

void ScriptedMlflow::have_version(const std::string& model, const std::string& version, std::map<std::string, std::string> files, std::string status) {
  const std::lock_guard lock(mutex_);
  models_[model].versions[version] = {std::move(files), {}, std::move(status)};
}

void ScriptedMlflow::script_writes(std::vector<Next> next) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(next);
  at_ = 0;
}

void ScriptedMlflow::want_password(std::string user, std::string password) {
  const std::lock_guard lock(mutex_);
  credentials_ = "Basic " + to_base64(user + ":" + password);
}

std::string ScriptedMlflow::alias(const std::string& model, const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = models_.find(model);
  if (found == models_.end() || !found->second.aliases.contains(name)) return {};
  return found->second.aliases.at(name);
}

int ScriptedMlflow::writes() const {
  const std::lock_guard lock(mutex_);
  return writes_;
}

net::Response ScriptedMlflow::answer(const net::Request& request) {
  const std::lock_guard lock(mutex_);
  if (!credentials_.empty() && request.header("authorization") != credentials_) return page(401, "You are not authenticated");
  if (request.method == "GET") return read(request);
  ++writes_;
  const Next next = at_ < next_.size() ? next_[at_++] : Next::kAnswer;
  if (next == Next::kLoseRequest) return page(500, "Internal Server Error");
  if (next == Next::kPage) return page(200, "Sign in");
  net::Response done = write(request);
  if (next == Next::kLoseAnswer) return page(502, "Bad Gateway");
  if (next == Next::kMoveAlias)
    for (auto& [name, model] : models_)
      for (auto& [alias, version] : model.aliases) version = "1";
  return done;
}

net::Response ScriptedMlflow::version_answer(const std::string& model, const std::string& version) const {
  const auto found = models_.find(model);
  if (found == models_.end() || !found->second.versions.contains(version))
    return refusal(404, "RESOURCE_DOES_NOT_EXIST", fmt::format("Model Version (name={}, version={}) not found", model, version));
  const Version& there = found->second.versions.at(version);
  JsonObject out{{"name", model}, {"version", version}, {"status", there.status}, {"source", fmt::format("mlflow-artifacts:/{}/{}", model, version)}};
  JsonArray tags, aliases;
  for (const auto& [key, value] : there.tags) tags.push_back(JsonObject{{"key", key}, {"value", value}});
  for (const auto& [alias, points] : found->second.aliases)
    if (points == version) aliases.emplace_back(alias);
  if (!tags.empty()) out["tags"] = tags;  // empty members are left out, as MLflow does
  if (!aliases.empty()) out["aliases"] = aliases;
  return net::json_response(JsonObject{{"model_version", out}});
}

// `path` is MODEL/VERSION[/FOLDER]: one level of it.
net::Response ScriptedMlflow::files_answer(const std::string& path) const {
  JsonArray files;
  std::set<std::string> folders;
  for (const auto& [name, model] : models_)
    for (const auto& [version, there] : model.versions)
      for (const auto& [file, content] : there.files) {
        const std::string whole = fmt::format("{}/{}/{}", name, version, file);
        if (!whole.starts_with(path + "/")) continue;
        const std::string rest = whole.substr(path.size() + 1);
        const std::size_t slash = rest.find('/');
        if (slash == std::string::npos) files.push_back(JsonObject{{"path", rest}, {"is_dir", false}, {"file_size", static_cast<std::int64_t>(content.size())}});
        else if (folders.insert(rest.substr(0, slash)).second) files.push_back(JsonObject{{"path", rest.substr(0, slash)}, {"is_dir", true}});
      }
  return net::json_response(files.empty() ? JsonObject{} : JsonObject{{"files", files}});
}

net::Response ScriptedMlflow::read(const net::Request& request) {
  const std::string model = request.query_or("name"), version = request.query_or("version");
  if (request.path == "/api/2.0/mlflow-artifacts/artifacts") return files_answer(request.query_or("path"));
  if (request.path == "/model-versions/get-artifact") {
    const auto found = models_.find(model);
    if (found == models_.end() || !found->second.versions.contains(version)) return version_answer(model, version);
    const auto& files = found->second.versions.at(version).files;
    const auto file = files.find(request.query_or("path"));
    if (file == files.end()) return refusal(404, "RESOURCE_DOES_NOT_EXIST", "No such artifact");
    return net::text_response(file->second, "application/octet-stream");
  }
  if (!request.path.starts_with(kApi)) return page(404, "404 Not Found");
  const std::string what = request.path.substr(kApi.size());
  if (what == "model-versions/get") return version_answer(model, version);
  if (what == "model-versions/get-download-uri") return net::json_response(JsonObject{{"artifact_uri", fmt::format("mlflow-artifacts:/{}/{}", model, version)}});
  if (what != "registered-models/alias") return page(404, "404 Not Found");
  const auto found = models_.find(model);
  if (found == models_.end()) return refusal(404, "RESOURCE_DOES_NOT_EXIST", fmt::format("Registered Model with name={} not found", model));
  const auto alias = found->second.aliases.find(request.query_or("alias"));
  if (alias == found->second.aliases.end())
    return refusal(400, "INVALID_PARAMETER_VALUE", fmt::format("Registered model alias {} not found.", request.query_or("alias")));
  return version_answer(model, alias->second);
}

net::Response ScriptedMlflow::write(const net::Request& request) {
  if (!request.path.starts_with(kApi)) return page(404, "404 Not Found");
  if (request.header("content-type") != "application/json") return refusal(400, "INVALID_PARAMETER_VALUE", "Bad Request. Content-Type header is missing.");
  const auto body = parse_json(request.body);
  if (!body) return refusal(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'.");
  const std::string what = request.path.substr(kApi.size());
  const std::string name = string_or(*body, "name"), version = string_or(*body, "version"), alias = string_or(*body, "alias");
  const auto model = models_.find(name);
  const bool known = model != models_.end() && model->second.versions.contains(version);
  if (what == "registered-models/alias" && request.method == "DELETE") {
    if (model != models_.end()) model->second.aliases.erase(alias);
    return net::json_response(JsonObject{});
  }
  if (!known) return refusal(404, "RESOURCE_DOES_NOT_EXIST", fmt::format("Model Version (name={}, version={}) not found", name, version));
  auto& tags = model->second.versions.at(version).tags;
  if (what == "registered-models/alias") model->second.aliases[alias] = version;
  else if (what == "model-versions/set-tag") tags[string_or(*body, "key")] = string_or(*body, "value");
  else if (what == "model-versions/delete-tag") tags.erase(string_or(*body, "key"));
  else return page(404, "404 Not Found");
  return net::json_response(JsonObject{});
}

}  // namespace firebreak::connect
