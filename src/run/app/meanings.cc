#include "run/app/meanings.h"

#include <fmt/core.h>

#include "run/app/content.h"
#include "run/app/rule_files.h"

namespace firebreak::app {

std::string_view finding_taxonomy();  // content/taxonomies/findings.yaml, embedded

namespace {

std::shared_ptr<const rules::RuleSet> set_of(const evidence::BlobStore& blobs, const std::string& digest) {
  const auto read = [&]() -> Result<std::shared_ptr<const rules::RuleSet>> {
    FIREBREAK_ASSIGN(const Digest name, Digest::from_hex(digest));
    FIREBREAK_ASSIGN(const Bytes text, blobs.get(name));
    FIREBREAK_ASSIGN(const Json document, parse_json(text));
    FIREBREAK_ASSIGN(const std::vector<rules::RuleSource> sources, rule_sources_from_json(document));
    std::vector<rules::Refused> refused;
    return rules::RuleSet::load(sources, refused);
  };
  auto set = read();
  return set ? std::move(*set) : nullptr;
}

}  // namespace

Result<std::map<std::string, std::vector<events::Meaning>, std::less<>>> meanings_from_json(const Json& document) {
  const Json* const frameworks = find(document, "frameworks");
  const Json* const findings = find(document, "findings");
  if (frameworks == nullptr || !frameworks->is_object() || findings == nullptr || !findings->is_object())
    return fail(Code::kInvalid, "a taxonomy is {version: 1, frameworks: {KEY: {name, version}}, findings: {KIND: {KEY: [{id, name}]}}}");
  std::map<std::string, std::vector<events::Meaning>, std::less<>> out;
  for (const auto& finding : findings->get_object()) {
    std::vector<events::Meaning>& of = out[std::string(finding.key())];
    for (const auto& framework : frameworks->get_object()) {
      const Json* const ids = find(finding.value(), framework.key());
      if (ids == nullptr || !ids->is_array())
        return fail(Code::kInvalid, fmt::format("'{}' says nothing of '{}'", std::string(finding.key()), std::string(framework.key())), "/findings/" + std::string(finding.key()));
      FIREBREAK_ASSIGN(const std::string name, get_string(framework.value(), "name"));
      FIREBREAK_ASSIGN(const std::string version, get_string(framework.value(), "version"));
      for (const Json& one : ids->get_array()) {
        FIREBREAK_ASSIGN(std::string id, get_string(one, "id"));
        FIREBREAK_ASSIGN(std::string words, get_string(one, "name"));
        of.push_back({name, version, std::move(id), std::move(words)});
      }
    }
  }
  return out;
}

events::Meanings shipped_meanings(const evidence::BlobStore& blobs) {
  events::Meanings out;
  if (const auto document = yaml_to_json(finding_taxonomy(), "content/taxonomies/findings.yaml"))
    if (auto of_kind = meanings_from_json(*document)) out.of_kind = std::move(*of_kind);
  // The set read last: sets change seldom.
  struct Last {
    std::string digest;
    std::shared_ptr<const rules::RuleSet> set;
  };
  out.of_rule = [&blobs, last = std::make_shared<Last>()](const std::string& digest, const std::string& rule) {
    std::vector<events::Meaning> means;
    if (last->digest != digest) *last = {digest, set_of(blobs, digest)};
    const rules::Rule* const found = last->set == nullptr ? nullptr : last->set->find(rule);
    if (found == nullptr) return means;
    for (const rules::Framework& one : found->frameworks) means.push_back({one.framework, one.version, one.id, one.name});
    return means;
  };
  return out;
}

}  // namespace firebreak::app
