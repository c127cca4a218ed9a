#include "run/app/frameworks.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/limits.h"
#include "base/near.h"
#include "types/casefile.h"

namespace firebreak::app {

std::vector<std::pair<std::string_view, std::string_view>> shipped_frameworks();  // content/frameworks, embedded

namespace {

constexpr std::size_t kMostNodes = 2'000'000;
constexpr std::string_view kKinds[] = {"tactic", "technique", "sub_technique", "mitigation", "case_study", "risk"};

std::string_view kind_of(const std::string& id) {
  if (id.starts_with("AML.TA")) return "tactic";
  if (id.starts_with("AML.T")) return id.size() > 9 ? "sub_technique" : "technique";
  if (id.starts_with("AML.M")) return "mitigation";
  return id.starts_with("AML.CS") ? "case_study" : "risk";
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string text_of(const YAML::Node& node) { return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string(); }

// Wherever an object of ATLAS stands, it has an id (its own member, or the name under which it stands) and a name.
bool walk(const YAML::Node& node, const std::string& under, std::map<std::string, std::string>& ids, std::size_t& left) {
  if (left-- == 0) return false;
  if (node.IsMap()) {
    const std::string own = text_of(node["id"]), id = own.empty() ? under : own, name = text_of(node["name"]);
    if (!name.empty() && is_framework_id("atlas", id)) ids.try_emplace(id, name);
    for (const auto& member : node)
      if (!walk(member.second, text_of(member.first), ids, left)) return false;
  } else if (node.IsSequence()) {
    for (const auto& one : node)
      if (!walk(one, "", ids, left)) return false;
  }
  return true;
}

// "2026.05" of format 6 stands with the collection; older files say it at the top.
std::string atlas_version(const YAML::Node& document) {
  for (const char* key : {"version", "content-version"}) {
    if (document["collection"].IsDefined() && document["collection"].IsMap())
      if (std::string found = text_of(document["collection"][key]); !found.empty()) return found;
    if (std::string found = text_of(document[key]); !found.empty()) return found;
  }
  return {};
}

void name_whole(Framework& framework) {
  for (auto& [id, name] : framework.ids)
    if (kind_of(id) == "sub_technique")
      if (const auto parent = framework.ids.find(id.substr(0, 9)); parent != framework.ids.end() && !name.starts_with(parent->second + ": ")) name = parent->second + ": " + name;
}

Result<Framework> read_node(const YAML::Node& document, const std::string& file) {
  const auto bad = [&](const std::string& why) { return fail(Code::kInvalid, fmt::format("{}: {}", file, why)); };
  if (!document.IsMap()) return bad("is no document of a framework");
  Framework out;
  out.source = file;
  if (document["framework"].IsDefined()) {
    out.key = text_of(document["framework"]);
    out.name = text_of(document["name"]);
    out.version = text_of(document["content"]);
    if (!is_choice(words::kFrameworks, out.key)) return bad(fmt::format("'{}' is no framework: {}", out.key, words::kFrameworks));
    if (document["ids"].IsDefined() && document["ids"].IsMap())
      for (const auto& member : document["ids"]) {
        const std::string id = text_of(member.first);
        if (!is_framework_id(out.key, id) || text_of(member.second).empty()) return bad(fmt::format("'{}' has not the form of an id of {}, or no name", id, out.key));
        out.ids[id] = text_of(member.second);
      }
  } else {
    out.key = "atlas";
    out.name = "MITRE ATLAS";
    out.version = atlas_version(document);
    std::size_t left = kMostNodes;
    if (!walk(document, "", out.ids, left)) return bad("is too large");
  }
  if (out.version.empty() || out.ids.empty()) return bad("has no version, or no ids: it is {version: 1, framework, name, content, ids}, or a file of ATLAS");
  name_whole(out);
  return out;
}

}  // namespace

Result<Framework> read_framework(std::string_view text, const std::string& file) {
  if (text.size() > 16 * limits::kMiB) return fail(Code::kTooLarge, fmt::format("{}: a framework's file has at most 16 MiB", file));
  try {
    return read_node(YAML::Load(std::string(text)), file);
  } catch (const YAML::Exception& problem) {
    return fail(Code::kInvalid, fmt::format("{}: {}", file, problem.what()));
  }
}

Result<Frameworks> Frameworks::load(Files& files, const std::vector<std::string>& paths) {
  Frameworks out;
  for (const auto& [file, text] : shipped_frameworks()) {
    FIREBREAK_ASSIGN(Framework one, read_framework(text, std::string(file)));
    one.source = "shipped";
    out.known_[{one.key, one.version}] = std::move(one);
  }
  for (const std::string& path : paths) {
    FIREBREAK_ASSIGN(const Bytes text, read_all(files, path));
    FIREBREAK_ASSIGN(Framework one, read_framework(text, path));
    out.known_[{one.key, one.version}] = std::move(one);
  }
  return out;
}

std::string Frameworks::versions_of(const std::string& key) const {
  std::string out;
  for (const auto& [at, of] : known_)
    if (at.first == key) out += (out.empty() ? "" : ", ") + at.second;
  return out;
}

Result<void> Frameworks::check(const std::string& key, const std::string& version, const std::string& id) const {
  const auto at = known_.find({key, version});
  if (at == known_.end()) {
    const std::string versions = versions_of(key);
    if (versions.empty()) return {};  // the fold says what a framework is
    return fail(Code::kInvalid, fmt::format("no version '{}' of {} is known, so its ids cannot be checked; known: {}. The configuration's 'frameworks' adds others", version, key, versions), "/version");
  }
  const Framework& of = at->second;
  if (of.ids.contains(id)) return {};
  const std::string asked = upper(id);
  const auto away = [&](const auto& one) { return edit_distance(asked, upper(one.first)); };
  const auto nearest = std::min_element(of.ids.begin(), of.ids.end(), [&](const auto& a, const auto& b) { return away(a) < away(b); });
  return fail(Code::kInvalid, fmt::format("{} {} has no '{}'; the nearest is {} ({})", of.name, version, id, nearest->first, nearest->second), "/id");
}

std::string Frameworks::name_of(const std::string& key, const std::string& version, const std::string& id) const {
  const auto at = known_.find({key, version});
  if (at == known_.end()) return {};
  const auto found = at->second.ids.find(id);
  return found == at->second.ids.end() ? "" : found->second;
}

Json Frameworks::list() const {
  JsonArray out;
  for (const auto& [key, of] : known_) {
    JsonObject one{{"framework", of.key}, {"name", of.name}, {"version", of.version}, {"source", of.source}, {"ids", of.ids.size()}};
    for (const std::string_view kind : kKinds)
      if (const auto count = std::count_if(of.ids.begin(), of.ids.end(), [&](const auto& id) { return kind_of(id.first) == kind; }); count != 0) one[kind] = count;
    out.emplace_back(std::move(one));
  }
  return out;
}

Result<Json> Frameworks::ids(const std::string& key, const std::string& version, const std::string& kind) const {
  if (!kind.empty() && std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds))
    return fail(Code::kInvalid, fmt::format("'{}' is no kind of an id: tactic, technique, sub_technique, mitigation, case_study, risk", kind), "/kind");
  const auto at = known_.find({key, version});
  if (at == known_.end()) {
    const std::string versions = versions_of(key);
    if (versions.empty()) return fail(Code::kNotFound, fmt::format("'{}' is no framework: {}", key, words::kFrameworks), "/framework");
    return fail(Code::kNotFound, fmt::format("no version '{}' of {} is known; known: {}", version, key, versions), "/version");
  }
  JsonArray items;
  for (const auto& [id, name] : at->second.ids)
    if (kind.empty() || kind_of(id) == kind) items.push_back(JsonObject{{"id", id}, {"name", name}, {"kind", kind_of(id)}});
  return Json(JsonObject{{"framework", key}, {"name", at->second.name}, {"version", version}, {"source", at->second.source}, {"items", std::move(items)}});
}

}  // namespace firebreak::app
