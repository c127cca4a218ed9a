#include "run/app/rule_files.h"

#include <fmt/core.h>

#include "run/app/content.h"

namespace firebreak::app {

std::vector<std::pair<std::string_view, std::string_view>> shipped_rule_files();  // content/rules/sigma, embedded

namespace {

constexpr std::size_t kMostFiles = 2'000;
constexpr int kDepth = 8;

void add_text(const std::string& name, std::string_view text, RuleFiles& out) {
  if (name.ends_with(".json")) {
    auto document = parse_json(text);
    if (!document) {
      out.refused.push_back({name, "", document.error().message, "", static_cast<std::uint32_t>(document.error().line)});
    } else if (document->is_array()) {
      for (Json& one : document->get_array()) out.sources.push_back({name, std::move(one), {}});
    } else {
      out.sources.push_back({name, std::move(*document), {}});
    }
    return;
  }
  auto documents = yaml_documents(text);
  for (YamlDocument& one : documents) {
    if (!one.error.empty()) {
      out.refused.push_back({name, string_or(one.value, "title"), one.error, "", one.error_line});
    } else {
      out.sources.push_back({name, std::move(one.value), std::move(one.lines)});
    }
  }
  if (documents.empty()) out.refused.push_back({name, "", "there is no document in it", "", 0});
}

// Names of rule files below `folder`, relative to it.
Result<void> find_files(Files& files, const std::string& folder, const std::string& below, int depth, std::vector<std::string>& names) {
  FIREBREAK_ASSIGN(const std::vector<std::string> entries, files.list(folder + below));
  for (const std::string& entry : entries) {
    const std::string name = below + "/" + entry;
    if (entry.ends_with('/')) {
      if (depth < kDepth) FIREBREAK_TRY(find_files(files, folder, name.substr(0, name.size() - 1), depth + 1, names));
    } else if (entry.ends_with(".yml") || entry.ends_with(".yaml") || entry.ends_with(".json")) {
      if (names.size() >= kMostFiles) return fail(Code::kTooLarge, fmt::format("'{}' holds more than {} rule files", folder, kMostFiles));
      names.push_back(name);
    }
  }
  return {};
}

}  // namespace

Result<RuleFiles> read_rule_files(Files& files, const std::string& path) {
  RuleFiles out;
  if (path.empty()) {
    for (const auto& [name, text] : shipped_rule_files()) add_text(std::string(name), text, out);
    return out;
  }
  std::string folder = path;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  std::vector<std::string> names;
  const auto found = find_files(files, folder, "", 0, names);
  if (!found && found.error().code == Code::kTooLarge) return fail(Error(found.error()));
  if (!found) names.clear();
  if (found && names.empty()) return fail(Code::kNotFound, fmt::format("there is no rule file (*.yml, *.yaml, *.json) in '{}'", path));
  if (!found) {
    FIREBREAK_ASSIGN(const Bytes text, read_all(files, path));
    add_text(path, text, out);
    return out;
  }
  for (const std::string& name : names) {
    const auto text = read_all(files, folder + name);
    if (text) add_text(name.substr(1), *text, out);
    else out.refused.push_back({name.substr(1), "", text.error().message, "", 0});
  }
  return out;
}

LoadedRules load_rules(RuleFiles files) {
  LoadedRules out;
  out.refused = std::move(files.refused);
  out.set = rules::RuleSet::load(files.sources, out.refused);
  return out;
}

JsonArray as_json(const std::vector<rules::Refused>& refused) {
  JsonArray out;
  for (const rules::Refused& one : refused)
    out.push_back(JsonObject{{"file", one.file}, {"line", one.line}, {"title", one.title}, {"reason", one.reason}, {"pointer", one.pointer}});
  return out;
}

Json to_json(const std::vector<rules::RuleSource>& sources) {
  JsonArray list;
  for (const rules::RuleSource& source : sources) {
    JsonObject lines;
    for (const auto& [place, line] : source.lines) lines[place] = line;
    list.push_back(JsonObject{{"file", source.file}, {"document", source.document}, {"lines", std::move(lines)}});
  }
  return JsonObject{{"version", 1}, {"rules", std::move(list)}};
}

Result<std::vector<rules::RuleSource>> rule_sources_from_json(const Json& document) {
  const Json* const list = find(document, "rules");
  if (int_or(document, "version") != 1 || list == nullptr || !list->is_array())
    return fail(Code::kInvalid, "a rule set is {version: 1, rules: [{file, document, lines}]}");
  if (list->get_array().size() > rules::kMostRules) return fail(Code::kTooLarge, fmt::format("a set holds at most {} rules", rules::kMostRules));
  std::vector<rules::RuleSource> out;
  for (const Json& one : list->get_array()) {
    const Json* const rule = find(one, "document");
    if (rule == nullptr) return fail(Code::kInvalid, "a rule of the set has no 'document'");
    rules::RuleSource source{string_or(one, "file"), *rule, {}};
    if (const Json* lines = find(one, "lines"); lines != nullptr && lines->is_object())
      for (const auto& member : lines->get_object())
        if (member.value().is_int64()) source.lines[std::string(member.key())] = static_cast<std::uint32_t>(member.value().get_int64());
    out.push_back(std::move(source));
  }
  return out;
}

}  // namespace firebreak::app
