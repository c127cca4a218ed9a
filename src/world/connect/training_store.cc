#include "world/connect/training_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace firebreak::connect {
namespace {

using store::ObjectVersion;

Json to_json(const ObjectVersion& one) {
  JsonObject out{{"key", one.key}, {"version", one.version}, {"octets", one.octets}, {"etag", one.etag}, {"modified", format_time(one.modified)}, {"newest", one.newest}};
  if (one.deletion) out["deletion"] = true;
  return out;
}

// "new", "changed" (there is an older version of the key), "deleted". Of one key the newest stands first.
std::string_view what_happened(const std::vector<ObjectVersion>& all, std::size_t at) {
  if (all[at].deletion) return "deleted";
  return at + 1 < all.size() && all[at + 1].key == all[at].key ? "changed" : "new";
}

std::string folder_of(const std::string& key, const std::string& prefix) {
  const std::size_t slash = key.find('/', prefix.size());
  return slash == std::string::npos ? prefix : key.substr(0, slash + 1);
}

}  // namespace

Result<JsonObject> TrainingStore::call(const Json& request, const std::string&) {
  FIREBREAK_ASSIGN(const std::string verb, get_string(request, "do"));
  if (verb == "snapshot") return snapshot(request);
  if (verb == "recent") return recent(request);
  if (verb == "hold") return hold(request);
  return fail(Code::kInvalid, fmt::format("a store of training data does snapshot, recent and hold, not '{}'", verb), "/do");
}

Result<store::ObjectStore*> TrainingStore::open(const Json& request) {
  store::Place place = place_;
  FIREBREAK_ASSIGN(place.bucket, get_string(request, "bucket"));
  place.prefix.clear();
  if (!store::is_key(place.bucket) || place.bucket.find('/') != std::string::npos) return fail(Code::kInvalid, "'bucket' is a bucket's name", "/bucket");
  store_ = std::make_unique<store::ObjectStore>(std::move(place), stopping_);
  return store_.get();
}

Result<void> TrainingStore::put_manifest(JsonObject& values, const Json& manifest) {
  std::string text = canonical_json(manifest);
  const std::string digest = sha256(text).hex();
  values["manifest"] = digest;
  if (text.size() <= kDocumentBytes) {
    values["document"] = text;
    return {};
  }
  if (!keep_) return fail(Code::kTooLarge, fmt::format("the manifest has {} octets, and there is no place for more than {}: choose a longer prefix", text.size(), kDocumentBytes));
  FIREBREAK_ASSIGN(const std::string kept, keep_(std::move(text)));
  if (kept != digest) return fail(Code::kCorrupt, fmt::format("the manifest was kept as {}, and its SHA-256 is {}", kept, digest));
  return {};
}

Result<JsonObject> TrainingStore::snapshot(const Json& request) {
  FIREBREAK_TRY(only_keys(request, {"do", "bucket", "prefix"}));
  FIREBREAK_ASSIGN(const std::string prefix, get_string(request, "prefix"));
  FIREBREAK_ASSIGN(store::ObjectStore* const bucket, open(request));
  FIREBREAK_ASSIGN(const std::string versioning, bucket->versioning());
  FIREBREAK_ASSIGN(const std::vector<ObjectVersion> all, bucket->versions(prefix, kManifestVersions));
  JsonArray list;
  std::int64_t objects = 0, deletions = 0;
  std::uint64_t octets = 0;
  Time newest;
  for (const ObjectVersion& one : all) {
    list.push_back(to_json(one));
    if (one.newest && !one.deletion) ++objects;
    if (one.deletion) ++deletions;
    octets += one.octets;
    newest = std::max(newest, one.modified);
  }
  JsonObject values{{"objects", objects},
                    {"versions", static_cast<std::int64_t>(all.size()) - deletions},
                    {"deletions", deletions},
                    {"octets", octets},
                    {"newest", all.empty() ? Json(nullptr) : Json(format_time(newest))},
                    {"versioning", versioning}};
  FIREBREAK_TRY(put_manifest(values, JsonObject{{"bucket", bucket->place().bucket}, {"prefix", prefix}, {"versioning", versioning}, {"versions", list}}));
  return values;
}

Result<JsonObject> TrainingStore::recent(const Json& request) {
  FIREBREAK_TRY(only_keys(request, {"do", "bucket", "prefix", "since"}));
  FIREBREAK_ASSIGN(const std::string prefix, get_string(request, "prefix"));
  FIREBREAK_ASSIGN(const Time given, get_time(request, "since"));
  const Time since{given.us - given.us % kSecond};
  FIREBREAK_ASSIGN(store::ObjectStore* const bucket, open(request));
  FIREBREAK_ASSIGN(const std::vector<ObjectVersion> all, bucket->versions(prefix, kManifestVersions));
  std::vector<std::size_t> hits;
  std::map<std::string, std::int64_t> counts{{"new", 0}, {"changed", 0}, {"deleted", 0}};
  std::map<std::string, std::pair<std::int64_t, std::uint64_t>> folders;
  std::uint64_t octets = 0;
  JsonArray list;
  for (std::size_t at = 0; at < all.size(); ++at) {
    const ObjectVersion& one = all[at];
    if (one.modified < since) continue;
    const std::string what(what_happened(all, at));
    hits.push_back(at);
    ++counts[what];
    octets += one.octets;
    auto& folder = folders[folder_of(one.key, prefix)];
    folder.first += 1;
    folder.second += one.octets;
    JsonObject entry = to_json(one).get_object();
    entry["what"] = what;
    list.push_back(std::move(entry));
  }
  // For people the newest first, and of equal age in the order of keys.
  std::vector<std::size_t> order(hits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return all[hits[a]].modified > all[hits[b]].modified; });
  JsonArray entries, places;
  for (std::size_t i = 0; i < std::min(order.size(), kEntries); ++i) entries.push_back(list[order[i]]);
  for (const auto& [name, sum] : folders)
    if (places.size() < kFolders) places.push_back(JsonObject{{"folder", name}, {"entries", sum.first}, {"octets", sum.second}});
  JsonObject values{{"new", counts["new"]},
                    {"changed", counts["changed"]},
                    {"deleted", counts["deleted"]},
                    {"octets", octets},
                    {"entries", entries},
                    {"more", static_cast<std::int64_t>(list.size() - entries.size())},
                    {"folders", places}};
  FIREBREAK_TRY(put_manifest(values, JsonObject{{"bucket", bucket->place().bucket}, {"prefix", prefix}, {"since", format_time(since)}, {"entries", list}}));
  return values;
}

Result<JsonObject> TrainingStore::hold(const Json& request) {
  FIREBREAK_TRY(only_keys(request, {"do", "bucket", "prefix", "on"}));
  FIREBREAK_ASSIGN(const std::string prefix, get_string(request, "prefix"));
  if (const Json* on = find(request, "on"); on != nullptr && !on->is_bool()) return fail(Code::kInvalid, "'on' is true or false", "/on");
  const bool on = bool_or(request, "on", true);
  FIREBREAK_ASSIGN(store::ObjectStore* const bucket, open(request));
  FIREBREAK_ASSIGN(const std::vector<ObjectVersion> all, bucket->versions(prefix, kHeldVersions));
  for (const ObjectVersion& one : all)
    if (!store::is_addressed(one.key)) return fail(Code::kInvalid, fmt::format("object '{}' has a name that no URL can bear; nothing was held", one.key), "/prefix");
  std::int64_t versions = 0, changed = 0;
  for (const ObjectVersion& one : all) {
    if (one.deletion) continue;
    ++versions;
    FIREBREAK_ASSIGN(const bool was, bucket->legal_hold(one.key, one.version));
    if (was == on) continue;
    if (auto put = bucket->set_legal_hold(one.key, one.version, on); !put) {
      const char* const advice = put.error().code == Code::kInvalid ? "; only a bucket with Object Lock keeps legal holds" : "";
      return fail(put.error().code, fmt::format("{} of {} versions done, then {}{}", changed, all.size(), put.error().message, advice));
    }
    FIREBREAK_ASSIGN(const bool is, bucket->legal_hold(one.key, one.version));
    if (is != on) return fail(Code::kConflict, fmt::format("the store took the legal hold of '{}' and does not have it: it keeps none", one.key));
    ++changed;
  }
  return JsonObject{{"versions", versions}, {"changed", changed}};
}

}  // namespace firebreak::connect
