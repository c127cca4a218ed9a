#include "world/connect/mlflow_registry.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::connect {
namespace {

constexpr std::size_t kFolders = 64;  // looked into for a version's single file
constexpr std::string_view kProxied = "mlflow-artifacts:";

bool unknown_outcome(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

// A version, or null where the verb has a use for it.
Result<Json> version_in(const Json& request, const std::string& key, bool may_be_null) {
  const Json* const given = find(request, key);
  if (given != nullptr && given->is_null() && may_be_null) return Json(nullptr);
  std::string text;
  if (given != nullptr && given->is_string()) text = std::string(given->get_string());
  if (given != nullptr && given->is_int64()) text = std::to_string(given->get_int64());
  const bool digits = !text.empty() && text.size() <= 18 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return fail(Code::kInvalid, fmt::format("'{}' is a version: 3, or \"3\"", key), "/" + key);
  return Json(text);
}

std::string shown(const Json& version) { return version.is_string() ? fmt::format("version {}", version.get_string().c_str()) : std::string("no version"); }

Json tags_in(const Json& model_version) {
  JsonObject tags;
  if (const Json* list = find(model_version, "tags"); list != nullptr && list->is_array())
    for (const Json& one : list->get_array()) tags[string_or(one, "key")] = string_or(one, "value");
  return tags;
}

}  // namespace

Result<JsonObject> MlflowRegistry::call(const Json& request, const std::string& key) {
  FIREBREAK_ASSIGN(const std::string verb, get_string(request, "do"));
  if (verb == "alias") return alias(request, key);
  if (verb == "tag") return tag(request, key);
  if (verb == "read") return read(request);
  return fail(Code::kInvalid, fmt::format("a registry does alias, tag and read, not '{}'", verb), "/do");
}

Result<Json> MlflowRegistry::version_of(const std::string& model, const std::string& version) {
  FIREBREAK_ASSIGN(const Json answer, api_.get("mlflow/model-versions/get", {{"name", model}, {"version", version}}));
  const Json* const found = find(answer, "model_version");
  if (found == nullptr || string_or(*found, "version") != version) return fail(Code::kInvalid, fmt::format("the answer about version {} of model '{}' is of no version", version, model));
  return Json(*found);
}

Result<Json> MlflowRegistry::pointed_at(const std::string& model, const std::string& alias) {
  auto answer = api_.get("mlflow/registered-models/alias", {{"name", model}, {"alias", alias}});
  if (!answer && answer.error().code == Code::kNotFound && answer.error().pointer == "/alias") return Json(nullptr);
  if (!answer) return fail(std::move(answer.error()));
  const Json* const found = find(*answer, "model_version");
  std::string version = found == nullptr ? "" : string_or(*found, "version");
  if (version.empty()) return fail(Code::kInvalid, fmt::format("the answer about alias '{}' of model '{}' names no version", alias, model));
  return Json(version);
}

Result<Json> MlflowRegistry::tag_of(const std::string& model, const std::string& version, const std::string& key) {
  FIREBREAK_ASSIGN(const Json found, version_of(model, version));
  const Json tags = tags_in(found);
  const Json* const value = find(tags, key);
  return value == nullptr ? Json(nullptr) : Json(*value);
}

// The single file below a version's artifacts, by its path there.
Result<std::string> MlflowRegistry::only_file(const std::string& model, const std::string& version) {
  FIREBREAK_ASSIGN(const Json answer, api_.get("mlflow/model-versions/get-download-uri", {{"name", model}, {"version", version}}));
  const std::string uri = string_or(answer, "artifact_uri");
  if (!uri.starts_with(kProxied) || uri.substr(kProxied.size()).starts_with("//"))
    return fail(Code::kInvalid, fmt::format("version {} of model '{}' lies at {}, where the registry lists nothing: name its `file`", version, model, uri), "/file");
  const std::string root = uri.substr(uri.find_first_not_of('/', kProxied.size()));
  std::vector<std::string> folders{""}, files;
  for (std::size_t at = 0; at < folders.size() && files.size() < 2; ++at) {
    if (at == kFolders) return fail(Code::kInvalid, fmt::format("version {} of model '{}' holds more than {} folders: name its `file`", version, model, kFolders), "/file");
    const std::string folder = folders[at];
    FIREBREAK_ASSIGN(const Json list, api_.get("mlflow-artifacts/artifacts", {{"path", root + (folder.empty() ? "" : "/") + folder}}));
    const Json* const entries = find(list, "files");
    if (entries == nullptr || !entries->is_array()) continue;  // a folder without files has no such member
    for (const Json& entry : entries->get_array())
      (bool_or(entry, "is_dir") ? folders : files).push_back((folder.empty() ? "" : folder + "/") + string_or(entry, "path"));
  }
  if (files.empty()) return fail(Code::kNotFound, fmt::format("version {} of model '{}' holds no file", version, model));
  if (files.size() > 1)
    return fail(Code::kInvalid, fmt::format("version {} of model '{}' holds several files ({}, {}, …): name one in `file`", version, model, files[0], files[1]), "/file");
  return files.front();
}

Result<std::string> MlflowRegistry::digest_of(const std::string& model, const std::string& version, const std::string& file) {
  std::string name = file;
  if (name.empty()) {
    FIREBREAK_ASSIGN(name, only_file(model, version));
  }
  FIREBREAK_ASSIGN(const Digest digest, api_.digest_of_file(model, version, name));
  return digest.hex();
}

Result<JsonObject> MlflowRegistry::alias(const Json& request, const std::string& key) {
  FIREBREAK_TRY(only_keys(request, {"do", "model", "alias", "to", "digest", "file", "expect"}));
  FIREBREAK_ASSIGN(const std::string model, get_string(request, "model"));
  FIREBREAK_ASSIGN(const std::string alias, get_string(request, "alias"));
  FIREBREAK_ASSIGN(const Json to, version_in(request, "to", true));
  const std::string wanted = string_or(request, "digest"), file = string_or(request, "file");
  if (!wanted.empty() && !Digest::from_hex(wanted)) return fail(Code::kInvalid, "'digest' is a SHA-256, 64 hex digits", "/digest");
  if (!wanted.empty() && to.is_null()) return fail(Code::kInvalid, "'digest' is of a version, and `to` names none", "/digest");
  FIREBREAK_ASSIGN(const Json found, pointed_at(model, alias));
  Json digest = nullptr;
  if (to.is_string()) {
    const std::string version(to.get_string());
    FIREBREAK_ASSIGN(const Json there, version_of(model, version));
    if (const std::string status = string_or(there, "status", "READY"); status != "READY")
      return fail(Code::kConflict, fmt::format("version {} of model '{}' is {}, not READY", version, model, status), "/to");
    if (!wanted.empty()) {
      FIREBREAK_ASSIGN(const std::string got, digest_of(model, version, file));
      if (got != Digest::from_hex(wanted)->hex())
        return fail(Code::kConflict, fmt::format("version {} of model '{}' has SHA-256 {}, not {}: it is not what was released; the alias stays at {}", version, model, got, wanted, shown(found)),
                    "/digest");
      digest = got;
    }
  }
  if (find(request, "expect") != nullptr && found != to) {
    FIREBREAK_ASSIGN(const Json expected, version_in(request, "expect", true));
    if (found != expected)
      return fail(Code::kConflict, fmt::format("alias '{}' of model '{}' points at {}, not at {}: somebody else moved it", alias, model, shown(found), shown(expected)), "/expect");
  }
  Result<Json> written = Json(nullptr);
  if (found != to) {
    JsonObject body{{"name", model}, {"alias", alias}};
    if (to.is_string()) body["version"] = to;
    written = api_.change(to.is_string() ? "POST" : "DELETE", "mlflow/registered-models/alias", body);
  }
  if (!written && !unknown_outcome(written.error())) return fail(std::move(written.error()));
  const Json before = befores_.first(key, found);
  // Whether a write without an answer happened, a look shows; not that it will not happen yet.
  if (!written && pointed_at(model, alias).value_or(found) != to) return fail(std::move(written.error()));
  FIREBREAK_ASSIGN(const Json after, pointed_at(model, alias));
  if (after != to) return fail(Code::kConflict, fmt::format("alias '{}' of model '{}' was set to {} and points at {}: somebody else moves it", alias, model, shown(to), shown(after)));
  return JsonObject{{"before", before}, {"after", after}, {"changed", before != after}, {"digest", digest}};
}

Result<JsonObject> MlflowRegistry::tag(const Json& request, const std::string& key) {
  FIREBREAK_TRY(only_keys(request, {"do", "model", "version", "key", "value"}));
  FIREBREAK_ASSIGN(const std::string model, get_string(request, "model"));
  FIREBREAK_ASSIGN(const Json version, version_in(request, "version", false));
  FIREBREAK_ASSIGN(const std::string name, get_string(request, "key"));
  const Json* const value = find(request, "value");
  if (name.empty() || value == nullptr || !(value->is_string() || value->is_null())) return fail(Code::kInvalid, "a tag has a 'key' and a 'value', a string or null", "/value");
  const std::string number(version.get_string());
  FIREBREAK_ASSIGN(const Json found, tag_of(model, number, name));
  Result<Json> written = Json(nullptr);
  if (found != *value) {
    JsonObject body{{"name", model}, {"version", number}, {"key", name}};
    if (value->is_string()) body["value"] = *value;
    written = value->is_string() ? api_.change("POST", "mlflow/model-versions/set-tag", body) : api_.change("DELETE", "mlflow/model-versions/delete-tag", body);
  }
  if (!written && !unknown_outcome(written.error())) return fail(std::move(written.error()));
  const Json before = befores_.first(key, found);
  if (!written && tag_of(model, number, name).value_or(found) != *value) return fail(std::move(written.error()));
  FIREBREAK_ASSIGN(const Json after, tag_of(model, number, name));
  if (after != *value) return fail(Code::kConflict, fmt::format("tag '{}' of version {} of model '{}' was set and is another now: somebody else sets it", name, number, model));
  return JsonObject{{"before", before}, {"after", after}, {"changed", before != after}};
}

Result<JsonObject> MlflowRegistry::read(const Json& request) {
  FIREBREAK_TRY(only_keys(request, {"do", "model", "alias", "version", "file"}));
  FIREBREAK_ASSIGN(const std::string model, get_string(request, "model"));
  const bool by_alias = find(request, "alias") != nullptr;
  if (by_alias == (find(request, "version") != nullptr)) return fail(Code::kInvalid, "read wants an 'alias' or a 'version'");
  Json version;
  if (by_alias) {
    FIREBREAK_ASSIGN(const std::string alias, get_string(request, "alias"));
    FIREBREAK_ASSIGN(version, pointed_at(model, alias));
    if (version.is_null()) return fail(Code::kNotFound, fmt::format("model '{}' has no alias '{}'", model, alias), "/alias");
  } else {
    FIREBREAK_ASSIGN(version, version_in(request, "version", false));
  }
  const std::string number(version.get_string()), file = string_or(request, "file");
  FIREBREAK_ASSIGN(const Json found, version_of(model, number));
  JsonArray aliases;
  for (const std::string& one : strings_or_empty(found, "aliases")) aliases.emplace_back(one);
  const auto digest = digest_of(model, number, file);
  // Several files, or none, are no failure of a read without `file`; all else is.
  const bool undetermined = !digest && file.empty() && (digest.error().pointer == "/file" || digest.error().code == Code::kNotFound);
  if (!digest && !undetermined) return fail(Error(digest.error()));
  return JsonObject{{"version", version},
                    {"digest", digest ? Json(*digest) : Json(nullptr)},
                    {"status", string_or(found, "status")},
                    {"source", string_or(found, "source")},
                    {"tags", tags_in(found)},
                    {"aliases", aliases}};
}

}  // namespace firebreak::connect
