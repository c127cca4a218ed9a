#include "read/events/stix.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/time.h"
#include "base/uuid.h"

namespace firebreak::events {
namespace {

constexpr std::string_view kSpace = "b6f3d5de-4a0c-5f6c-9d0e-0f2d1c5a7e31";       // of this program's names
constexpr std::string_view kObservables = "00abedb4-aa42-466c-9c01-fed23315a9b7";  // STIX 2.1, 2.9: ids of observables
constexpr std::string_view kTlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

struct Mark {
  std::string_view name, id, word;
};
// From the freest to the strictest; ids and objects as OASIS published them for TLP 2.0.
constexpr Mark kMarks[] = {
    {"TLP:CLEAR", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"},
    {"TLP:GREEN", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"},
    {"TLP:AMBER", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"},
    {"TLP:AMBER+STRICT", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict"},
    {"TLP:RED", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red"},
};

const Mark* mark_of(std::string_view name) {
  const auto* const at = std::find_if(std::begin(kMarks), std::end(kMarks), [&](const Mark& one) { return one.name == name; });
  return at == std::end(kMarks) ? nullptr : at;
}

// Three digits of a second, as the standard asks of created and modified.
std::string stamp(const Json& of, std::string_view key, const std::string& otherwise) {
  const auto time = get_time(of, key);
  if (!time) return otherwise;
  std::string text = format_time(Time{time->us - time->us % kSecond});
  text.pop_back();
  return text + fmt::format(".{:03}Z", time->us % kSecond / 1'000);
}

const JsonArray& list(const Json& of, std::string_view key) {
  static const JsonArray kNone;
  const Json* const found = find(of, key);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

std::string quoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

bool is_hex(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos; }

std::string hash_pattern(const std::string& value) {
  if (!is_hex(value)) return {};
  const char* const name = value.size() == 32 ? "MD5" : value.size() == 40 ? "'SHA-1'" : value.size() == 64 ? "'SHA-256'" : value.size() == 128 ? "'SHA-512'" : nullptr;
  return name == nullptr ? "" : fmt::format("[file:hashes.{} = {}]", name, quoted(value));
}

// STIX Patterning 2.1; empty: it cannot be expressed, or may name a person.
std::string pattern_of(const std::string& type, const std::string& value) {
  const auto is = [&](const char* path) { return fmt::format("[{} = {}]", path, quoted(value)); };
  if (value.empty() || value.size() > 2'000 || std::any_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) return {};
  if (type == "ip") {
    in_addr four{};
    in6_addr six{};
    const std::string address = value.substr(0, value.find('/'));
    if (::inet_pton(AF_INET, address.c_str(), &four) == 1) return is("ipv4-addr:value");
    return ::inet_pton(AF_INET6, address.c_str(), &six) == 1 ? is("ipv6-addr:value") : "";
  }
  if (type == "domain") return is("domain-name:value");
  if (type == "url") return value.find('@') == std::string::npos ? is("url:value") : "";
  if (type == "file") return is("file:name");
  if (type == "user_agent") return is("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'");
  if (type == "hash" || type == "model_digest" || type == "dataset_digest") return hash_pattern(value);
  return {};
}

struct Framework {
  std::string_view name, title;
};
Framework framework_of(std::string_view name) {
  if (name == "atlas") return {"mitre-atlas", "MITRE ATLAS"};
  if (name == "owasp_ml") return {"owasp-ml-top-10", "OWASP Machine Learning Security Top 10"};
  return {"owasp-llm-top-10", "OWASP Top 10 for LLM Applications"};
}

// The objects of a bundle, in their order, each once.
class Bundle {
 public:
  Bundle(const Json& incident, const StixOptions& options, const Mark& mark)
      : options_(options), mark_(mark), opened_(stamp(incident, "opened", "2026-01-01T00:00:00.000Z")), changed_(std::max(opened_, stamp(incident, "updated", opened_))) {
    identity_ = id("identity", options.installation);
    add(head("identity", options.installation, opened_, opened_, mark), {{"name", fmt::format("Firebreak {}", options.installation)}, {"identity_class", "system"}});
  }
  std::string id(std::string_view type, std::string_view name) const { return fmt::format("{}--{}", type, uuid5(kSpace, fmt::format("{}/{}/{}", options_.installation, type, name))); }
  const std::string& opened() const { return opened_; }
  const std::string& changed() const { return changed_; }

  JsonObject head(std::string_view type, const std::string& name, const std::string& created, const std::string& modified, const Mark& mark) {
    marks_.insert(mark.name);
    JsonObject out{{"type", type}, {"spec_version", "2.1"}, {"id", id(type, name)}, {"created", created}, {"modified", std::max(created, modified)}, {"object_marking_refs", JsonArray{Json(mark.id)}}};
    if (type != "identity") out["created_by_ref"] = identity_;
    return out;
  }
  std::string add(JsonObject object, JsonObject more) {
    for (auto& member : more) object[member.key()] = std::move(member.value());
    std::string made = string_or(object, "id");
    if (seen_.insert(made).second) objects_.emplace_back(std::move(object));
    return made;
  }
  std::string object(std::string_view type, const std::string& name, const std::string& created, JsonObject more) { return add(head(type, name, created, created, mark_), std::move(more)); }
  void relate(const std::string& from, std::string_view as, const std::string& to, const Mark& mark) {
    add(head("relationship", from + " " + std::string(as) + " " + to, opened_, opened_, mark), {{"relationship_type", as}, {"source_ref", from}, {"target_ref", to}});
  }
  void relate(const std::string& from, std::string_view as, const std::string& to) { relate(from, as, to, mark_); }
  // An observable: its id follows from what it is (STIX 2.1, 2.9), so that everyone gives it the same.
  std::string file(const std::string& digest) {
    const Json hashes = JsonObject{{"SHA-256", digest}};
    const std::string made = fmt::format("file--{}", uuid5(kObservables, canonical_json(JsonObject{{"hashes", hashes}})));
    add(JsonObject{{"type", "file"}, {"spec_version", "2.1"}, {"id", made}, {"object_marking_refs", JsonArray{Json(mark_.id)}}}, {{"hashes", hashes}});
    marks_.insert(mark_.name);
    return made;
  }
  JsonArray refs() const {
    JsonArray out;
    for (const Json& one : objects_) out.emplace_back(string_or(one, "id"));
    return out;
  }
  Json bundle(const std::string& incident) {
    JsonArray all;
    for (const Mark& mark : kMarks)
      if (marks_.contains(mark.name))
        all.push_back(JsonObject{{"type", "marking-definition"}, {"spec_version", "2.1"}, {"id", mark.id}, {"created", "2022-10-01T00:00:00.000Z"}, {"name", mark.name},
                                 {"extensions", JsonObject{{kTlpExtension, JsonObject{{"extension_type", "property-extension"}, {"tlp_2_0", mark.word}}}}}});
    for (Json& one : objects_) all.push_back(std::move(one));
    const std::string name = incident + "/" + sha256(canonical_json(all)).hex();
    return JsonObject{{"type", "bundle"}, {"id", id("bundle", name)}, {"objects", std::move(all)}};
  }

 private:
  const StixOptions& options_;
  const Mark& mark_;
  const std::string opened_, changed_;
  std::string identity_;
  JsonArray objects_;
  std::set<std::string> seen_;
  std::set<std::string_view> marks_;
};

std::vector<std::string> attack_patterns(Bundle& bundle, const Json& incident) {
  std::vector<std::string> out;
  for (const Json& label : list(incident, "labels")) {
    if (string_or(label, "state") != "holds") continue;
    const std::string framework = string_or(label, "framework"), version = string_or(label, "version"), id = string_or(label, "label");
    // A case study and a mitigation are no patterns of an attack.
    if (framework == "atlas" && !id.starts_with("AML.T") ) continue;
    const Framework of = framework_of(framework);
    JsonObject reference{{"source_name", of.name}, {"external_id", id}, {"description", fmt::format("{} {}", of.title, version)}};
    if (framework == "atlas") reference["url"] = fmt::format("https://atlas.mitre.org/{}/{}", id.starts_with("AML.TA") ? "tactics" : "techniques", id);
    const std::string name = string_or(label, "name", id);
    out.push_back(bundle.object("attack-pattern", framework + "/" + version + "/" + id, bundle.opened(), {{"name", name}, {"external_references", JsonArray{std::move(reference)}}}));
  }
  return out;
}

// How many stay here.
std::size_t indicators(Bundle& bundle, const Json& incident, const Mark& most, const std::string& subject, const std::vector<std::string>& patterns) {
  std::size_t kept = 0;
  for (const Json& one : list(incident, "indicators")) {
    if (string_or(one, "state") != "stands") continue;
    const Mark* const mark = mark_of(string_or(one, "tlp"));
    const std::string pattern = pattern_of(string_or(one, "type"), string_or(one, "value")), id = string_or(one, "id");
    if (mark == nullptr || mark > &most || pattern.empty()) {
      ++kept;
      continue;
    }
    const std::string time = stamp(one, "time", bundle.opened());
    JsonObject more{{"name", fmt::format("{} {}", string_or(one, "type"), id)}, {"description", fmt::format("{} of {}, entered there as {}", string_or(one, "sign", "indicator"), string_or(incident, "id"), id)}, {"pattern", pattern}, {"pattern_type", "stix"}, {"pattern_version", "2.1"}, {"valid_from", time},
                    {"indicator_types", JsonArray{string_or(one, "sign") == "precursor" ? "anomalous-activity" : "malicious-activity"}}};
    const std::string made = bundle.add(bundle.head("indicator", id, time, time, *mark), std::move(more));
    for (const std::string& attack : patterns) bundle.relate(made, "indicates", attack, *mark);
    bundle.relate(made, "related-to", subject, *mark);
  }
  return kept;
}

void measures(Bundle& bundle, const Json& incident, const std::string& subject, const std::vector<std::string>& patterns) {
  for (const Json& action : list(incident, "actions")) {
    const Json* const measure = find(action, "measure");
    const std::string id = string_or(action, "id"), kind = measure != nullptr && measure->is_object() ? string_or(*measure, "kind") : "", option = string_or(action, "option", kind);
    const std::string name = !option.empty() ? option : !string_or(action, "class").empty() ? string_or(action, "class") : "measure";
    const std::string made = bundle.object("course-of-action", id, stamp(action, "time", bundle.opened()),
                                           {{"name", name}, {"description", fmt::format("{} of the incident: {}, {}", id, kind.empty() ? name : kind, string_or(action, "state"))}});
    for (const std::string& attack : patterns) bundle.relate(made, "mitigates", attack);
    bundle.relate(made, "related-to", subject);
  }
}

void observed(Bundle& bundle, const Json& incident, const std::string& subject) {
  JsonArray files;
  for (const Json& item : list(incident, "evidence"))
    if (Digest::from_hex(string_or(item, "digest"))) {
      const std::string made = bundle.file(string_or(item, "digest"));
      if (std::find(files.begin(), files.end(), Json(made)) == files.end()) files.emplace_back(made);
    }
  if (files.empty()) return;
  const std::string first = stamp(incident, "first_time", bundle.opened()), last = std::max(first, stamp(incident, "last_time", first));
  const std::string made = bundle.object("observed-data", "evidence", bundle.opened(), {{"first_observed", first}, {"last_observed", last}, {"number_observed", 1}, {"object_refs", std::move(files)}});
  bundle.relate(made, "related-to", subject);
}

// The kinds of its findings, and how it is rated: words of this program alone.
std::string description_of(const Json& incident, std::size_t kept, const std::string& exercise) {
  std::set<std::string> kinds;
  for (const Json& finding : list(incident, "findings"))
    if (finding.is_object() && !string_or(finding, "kind").empty()) kinds.insert(string_or(finding, "kind"));
  std::string found;
  for (const std::string& kind : kinds) found += (found.empty() ? "" : ", ") + kind;
  return fmt::format("{}{}, {}, endpoint {}, opened {}. Found: {}.{}", exercise.empty() ? "" : exercise + ". ", string_or(incident, "severity"), string_or(incident, "phase"), string_or(incident, "endpoint"), string_or(incident, "opened"),
                     found.empty() ? "declared by hand" : found, kept == 0 ? "" : fmt::format(" {} indicators are not in it: their mark is stricter, or they may name a person, or no pattern expresses them.", kept));
}

}  // namespace

Result<Json> stix_bundle(const Json& incident, const StixOptions& options) {
  const Mark* const mark = mark_of(options.tlp);
  if (mark == nullptr) return fail(Code::kInvalid, fmt::format("'{}' is no mark of TLP 2.0: TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT, TLP:RED", options.tlp), "/tlp");
  const std::string id = string_or(incident, "id");
  Bundle bundle(incident, options, *mark);
  const std::string subject = bundle.id("incident", id);
  const std::vector<std::string> patterns = attack_patterns(bundle, incident);
  for (const std::string& attack : patterns) bundle.relate(subject, "related-to", attack);
  const std::size_t kept = indicators(bundle, incident, *mark, subject, patterns);
  measures(bundle, incident, subject, patterns);
  observed(bundle, incident, subject);
  const std::string name = fmt::format("{}Incident {} of {}", options.exercise.empty() ? "" : "EXERCISE: ", id, string_or(incident, "endpoint")), description = description_of(incident, kept, options.exercise);
  bundle.add(bundle.head("incident", id, bundle.opened(), bundle.changed(), *mark), {{"name", name}, {"description", description}});
  JsonArray refs = bundle.refs();
  bundle.add(bundle.head("report", id, bundle.opened(), bundle.changed(), *mark),
             {{"name", name}, {"description", description}, {"report_types", JsonArray{patterns.empty() ? "threat-report" : "attack-pattern"}}, {"published", bundle.changed()}, {"object_refs", std::move(refs)}});
  return bundle.bundle(id);
}

}  // namespace firebreak::events
