#include "world/store/scripted_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/markup.h"

namespace firebreak::store {
namespace {

net::Response refusal(int status, const char* code, const char* words) {
  net::Response response = net::text_response(fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{}</Code><Message>{}</Message></Error>", code, words),
                                              "application/xml");
  response.status = status;
  return response;
}

net::Response xml(const std::string& body) { return net::text_response("<?xml version=\"1.0\"?>\n" + body, "application/xml"); }

net::Response empty(int status) {
  net::Response response = net::text_response("", "application/xml");
  response.status = status;
  return response;
}

}  // namespace

void ScriptedStore::have(Weakness weakness) {
  const std::lock_guard lock(mutex_);
  weaknesses_.insert(weakness);
}

void ScriptedStore::set_away(bool away) {
  const std::lock_guard lock(mutex_);
  away_ = away;
}

void ScriptedStore::lose_answers(int count) {
  const std::lock_guard lock(mutex_);
  lost_ = count;
}

void ScriptedStore::set_page(std::size_t keys) {
  const std::lock_guard lock(mutex_);
  page_ = keys;
}

std::vector<std::string> ScriptedStore::keys() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

Bytes ScriptedStore::content(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? Bytes() : found->second.front().content;
}

void ScriptedStore::alter(const std::string& key, Bytes content) {
  const std::lock_guard lock(mutex_);
  Version& version = objects_.at(key).back();
  version.sha256 = sha256(content).hex();
  version.content = std::move(content);
}

int ScriptedStore::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedStore::have_object(const std::string& key, Bytes content, Time modified) {
  const std::lock_guard lock(mutex_);
  Version made;
  made.id = fmt::format("v{:06}", ++versions_);
  made.sha256 = sha256(content).hex();
  made.content = std::move(content);
  made.modified = modified;
  objects_[key].push_back(std::move(made));
}

void ScriptedStore::have_deleted(const std::string& key, Time modified) {
  have_object(key, "", modified);
  const std::lock_guard lock(mutex_);
  objects_[key].back().deletion = true;
}

net::Response ScriptedStore::answer(const net::Request& request) {
  const std::lock_guard lock(mutex_);
  ++requests_;
  if (away_) return refusal(503, "ServiceUnavailable", "come back later");
  if (!request.header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=key/")) return refusal(403, "InvalidAccessKeyId", "who is this?");
  if (request.header("x-amz-content-sha256") != sha256(request.body).hex()) return refusal(400, "XAmzContentSHA256Mismatch", "another body was signed");
  if (!request.path.starts_with("/bucket")) return refusal(404, "NoSuchBucket", "there is no such bucket");
  const std::string key = request.path.size() > 8 ? request.path.substr(8) : std::string();
  if (key.empty() && request.query.contains("object-lock"))
    return weak(Weakness::kNoLock) ? refusal(404, "ObjectLockConfigurationNotFoundError", "none")
                                   : xml("<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
                                         "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>7</Days></DefaultRetention></Rule></ObjectLockConfiguration>");
  if (key.empty() && request.query.contains("versioning"))
    return xml(weak(Weakness::kNoVersions) ? "<VersioningConfiguration/>" : "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  if (key.empty()) return list(request);
  if (request.query.contains("legal-hold")) {
    Version* const version = find_version(key, request.query_or("versionId"));
    return version == nullptr ? refusal(404, "NoSuchVersion", "there is no such version") : legal_hold(request, *version);
  }
  if (request.query.contains("retention")) {
    Version* const version = find_version(key, request.query_or("versionId"));
    return version == nullptr ? refusal(404, "NoSuchVersion", "there is no such version") : retention(request, *version);
  }
  if (request.method == "PUT") {
    net::Response done = put(request, key);
    if (done.status == 200 && lost_ > 0) return --lost_, refusal(500, "InternalError", "the answer was lost");
    return done;
  }
  if (request.method == "DELETE") return remove(request, key);
  return read(request, key, request.method == "GET");
}

net::Response ScriptedStore::put(const net::Request& request, const std::string& key) {
  const Digest digest = sha256(request.body);
  if (const auto said = request.header("x-amz-checksum-sha256"); !said.empty() && said != to_base64(digest.view()))
    return refusal(400, "BadDigest", "the digest differs");
  std::vector<Version>& versions = objects_[key];
  if (!versions.empty() && request.header("if-none-match") == "*") return refusal(412, "PreconditionFailed", "it is there");
  Version made;
  made.id = weak(Weakness::kNoVersions) ? "null" : fmt::format("v{:06}", ++versions_);
  made.content = request.body;
  made.sha256 = std::string(request.header("x-amz-meta-sha256"));
  made.modified = clock_.now();
  if (const std::string mode(request.header("x-amz-object-lock-mode")); !mode.empty()) {
    if (weak(Weakness::kNoLock)) return refusal(400, "InvalidRequest", "Bucket is missing ObjectLockConfiguration");
    const auto until = parse_time(request.header("x-amz-object-lock-retain-until-date"));
    if (!until || *until <= clock_.now()) return refusal(400, "InvalidArgument", "the date lies in the past");
    if (!weak(Weakness::kForgetsLock)) made.lock = Retention{mode, *until};
  }
  net::Response response = empty(200);
  response.headers.emplace_back("x-amz-version-id", made.id);
  versions.push_back(std::move(made));
  written_.push_back(key);
  return response;
}

ScriptedStore::Version* ScriptedStore::find_version(const std::string& key, const std::string& id) {
  const auto found = objects_.find(key);
  if (found == objects_.end() || found->second.empty()) return nullptr;
  if (id.empty()) return &found->second.back();
  for (Version& version : found->second)
    if (version.id == id) return &version;
  return nullptr;
}

net::Response ScriptedStore::read(const net::Request& request, const std::string& key, bool body) {
  Version* const version = find_version(key, request.query_or("versionId"));
  if (version == nullptr) return body ? refusal(404, "NoSuchKey", "there is no such key") : empty(404);
  net::Response response = net::text_response(version->content, "application/octet-stream");
  response.headers.emplace_back("x-amz-version-id", version->id);
  response.headers.emplace_back("x-amz-meta-sha256", version->sha256);
  if (!version->lock) return response;
  response.headers.emplace_back("x-amz-object-lock-mode", version->lock->mode);
  response.headers.emplace_back("X-Amz-Object-Lock-Retain-Until-Date", format_time(version->lock->until));
  return response;
}

net::Response ScriptedStore::retention(const net::Request& request, Version& version) {
  if (request.method == "GET") {
    if (!version.lock) return refusal(404, "NoSuchObjectLockConfiguration", "it is not locked");
    return xml(fmt::format("<o:Retention xmlns:o='urn:x'>\n  <o:Mode>{}</o:Mode>\n  <o:RetainUntilDate>{}</o:RetainUntilDate>\n</o:Retention>",
                           version.lock->mode, format_time(Time{version.lock->until.us + 123})));
  }
  const auto document = parse_xml(request.body);
  if (!document) return refusal(400, "MalformedXML", "cannot be read");
  const auto until = parse_time(document->text_of("RetainUntilDate"));
  if (!until) return refusal(400, "MalformedXML", "no date");
  const Retention to{document->text_of("Mode"), *until};
  const bool bypass = request.header("x-amz-bypass-governance-retention") == "true";
  if (weak(Weakness::kLies)) return empty(200);
  const bool shorter = version.lock && to.until < version.lock->until, weaker = version.lock && to.mode != version.lock->mode;
  const bool shorten = weak(Weakness::kShortens) || (bypass && weak(Weakness::kBypassShortens));
  if ((shorter && !shorten) || (weaker && !weak(Weakness::kWeakens))) return refusal(403, "AccessDenied", "the object is locked");
  version.lock = to;
  return empty(200);
}

net::Response ScriptedStore::legal_hold(const net::Request& request, Version& version) {
  if (weak(Weakness::kNoLock)) return refusal(400, "InvalidRequest", "Bucket is missing ObjectLockConfiguration");
  if (request.method == "GET") return xml(fmt::format("<LegalHold><Status>{}</Status></LegalHold>", version.held ? "ON" : "OFF"));
  const auto document = parse_xml(request.body);
  if (!document) return refusal(400, "MalformedXML", "cannot be read");
  if (!weak(Weakness::kLies)) version.held = document->text_of("Status") == "ON";
  return empty(200);
}

net::Response ScriptedStore::remove(const net::Request& request, const std::string& key) {
  const std::string id = request.query_or("versionId");
  const bool bypass = request.header("x-amz-bypass-governance-retention") == "true";
  Version* const version = find_version(key, id);
  if (version == nullptr) return empty(204);
  const bool locked = version->lock && version->lock->until > clock_.now();
  if (locked && weak(Weakness::kLies)) return empty(204);
  if (locked && !weak(Weakness::kDeletes) && !(bypass && weak(Weakness::kBypassDeletes))) return refusal(403, "AccessDenied", "the object is locked");
  std::vector<Version>& versions = objects_[key];
  versions.erase(versions.begin() + (version - versions.data()));
  if (versions.empty()) objects_.erase(key);
  return empty(204);
}

net::Response ScriptedStore::list(const net::Request& request) const {
  const std::string prefix = request.query_or("prefix"), after = request.query_or("key-marker");
  std::string items, markers, last, more = "false";  // markers stand behind all versions, as moto has it
  std::size_t count = 0;
  for (const auto& [key, versions] : objects_) {
    // As some servers do, a page begins with the last key of the one before.
    if (!key.starts_with(prefix) || (!after.empty() && key < after) || versions.empty()) continue;
    if (count++ == page_) {
      more = fmt::format("true</IsTruncated><NextKeyMarker>{}</NextKeyMarker><NextVersionIdMarker>x</NextVersionIdMarker><IsTruncated>true", escape_markup(last));
      break;
    }
    last = key;
    for (auto version = versions.rbegin(); version != versions.rend(); ++version)
      (version->deletion ? markers : items) += fmt::format("<{0}><Key>{1}</Key><VersionId>{2}</VersionId><IsLatest>{3}</IsLatest><LastModified>{4}</LastModified>{5}</{0}>",
                           version->deletion ? "DeleteMarker" : "Version", escape_markup(key), version->id, version == versions.rbegin() ? "true" : "false",
                           format_time(version->modified),
                           version->deletion ? "" : fmt::format("<ETag>&quot;{}&quot;</ETag><Size>{}</Size>", sha256(version->content).hex().substr(0, 32), version->content.size()));
  }
  return xml(fmt::format("<ListVersionsResult><Name>bucket</Name><IsTruncated>{}</IsTruncated>{}{}</ListVersionsResult>", more, items, markers));
}

}  // namespace firebreak::store
