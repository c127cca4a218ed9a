#include "world/store/object_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "base/encoding.h"
#include "base/markup.h"

namespace firebreak::store {
namespace {

constexpr std::int64_t kTimeoutUs = 300'000'000;  // of 64 MiB over a line of 2 Mbit/s
constexpr int kPages = 10'000;

Code code_of(int status) {
  if (status == 404) return Code::kNotFound;
  if (status == 409 || status == 412) return Code::kConflict;
  if (status == 401 || status == 403) return Code::kForbidden;
  if (status == 429 || status >= 500) return Code::kUnavailable;
  return Code::kInvalid;
}

// What an operator can do about the store's own words.
std::string advice_for(const std::string& code, int status) {
  if (code == "InvalidAccessKeyId") return "; the store does not know access_key_id";
  if (code == "SignatureDoesNotMatch") return "; compare the secret in secret_file, and region";
  if (code == "RequestTimeTooSkewed") return "; set this machine's clock (timedatectl)";
  if (code == "NoSuchBucket") return "; compare bucket and region (a bucket for copies is made with Object Lock switched on, which most stores do only then)";
  if (status == 301 || status == 307 || code == "AuthorizationHeaderMalformed") return "; compare url and region with the bucket's";
  return {};
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "2026-11-23T21:39:48Z": whole seconds, which all stores take.
std::string whole_seconds(Time time) { return format_time(Time{time.us - time.us % kSecond}); }

Result<Retention> retention_from(const std::string& mode, const std::string& until) {
  auto time = parse_time(until);
  if (mode.empty() || !time) return fail(Code::kInvalid, fmt::format("the store names a lock that cannot be read: '{}' until '{}'", mode, until));
  return Retention{mode, *time};
}

}  // namespace

bool is_addressed(std::string_view key) {
  if (key.empty() || key.size() > 1'024) return false;
  for (std::size_t at = 0; at <= key.size();) {
    const std::string_view part = key.substr(at, std::min(key.find('/', at), key.size()) - at);
    if (part.empty() || part == "." || part == "..") return false;
    at += part.size() + 1;
  }
  return true;
}

bool is_key(std::string_view key) {
  if (key.size() > 512 || !is_addressed(key)) return false;
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '/';
  });
}

ObjectStore::ObjectStore(Place place, const std::atomic<bool>& stopping) : place_(std::move(place)) {
  http_.cancel_when(stopping);
  http_.limit_answers(std::max(kObjectBytes, kAnswerBytes));
  http_.sign({place_.region, place_.access_key_id, place_.secret});
  if (!place_.tls_ca_file.empty()) http_.trust(place_.tls_ca_file);
}

std::string ObjectStore::address(const std::string& key) const {
  if (key.empty()) return place_.url + "/" + place_.bucket;
  std::string path = place_.prefix;
  for (const char c : key) path += c == '/' ? std::string("/") : net::percent_encode(std::string_view(&c, 1));
  return fmt::format("{}/{}/{}", place_.url, place_.bucket, path);
}

Result<net::Response> ObjectStore::call(const std::string& method, const std::string& key, const Query& query, net::Headers headers,
                                        ByteView body) {
  FIREBREAK_ASSERT(key.empty() || is_addressed(key));
  std::string url = address(key);
  char before = '?';
  for (const auto& [name, value] : query) {
    url += fmt::format("{}{}={}", before, name, net::percent_encode(value));
    before = '&';
  }
  net::Request request;
  request.method = method;
  request.headers = std::move(headers);
  request.headers.emplace_back("x-amz-content-sha256", sha256(body).hex());
  request.body = std::string(body);
  auto response = http_.send(request, url, kTimeoutUs);
  if (!response) return fail(std::move(response.error()));
  if (response->status < 300) return response;
  const auto document = parse_xml(response->body);
  const std::string code = document ? document->text_of("Code") : std::string();
  const std::string words = document ? document->text_of("Message") : std::string();
  return fail(code_of(response->status), fmt::format("{} {}: {} {}{}{}{}", method, address(key), response->status, code, code.empty() ? "" : ": ", words,
                                                     advice_for(code, response->status)));
}

Result<std::string> ObjectStore::put(const std::string& key, ByteView body, std::optional<Time> locked_until) {
  FIREBREAK_ASSERT(is_key(key));
  if (body.size() > kObjectBytes) return fail(Code::kTooLarge, fmt::format("{}: more than {} octets", key, kObjectBytes));
  const Digest digest = sha256(body);
  net::Headers headers{{"Content-Type", "application/octet-stream"},
                       {"If-None-Match", "*"},
                       {"x-amz-checksum-sha256", to_base64(digest.view())},
                       {"x-amz-meta-sha256", digest.hex()}};
  if (locked_until) {
    headers.emplace_back("x-amz-object-lock-mode", "COMPLIANCE");
    headers.emplace_back("x-amz-object-lock-retain-until-date", whole_seconds(*locked_until));
  }
  FIREBREAK_ASSIGN(const net::Response response, call("PUT", key, {}, std::move(headers), body));
  return std::string(response.header("x-amz-version-id"));
}

Result<ObjectHead> ObjectStore::head(const std::string& key, const std::string& version) {
  Query query;
  if (!version.empty()) query["versionId"] = version;
  FIREBREAK_ASSIGN(const net::Response response, call("HEAD", key, query, {}, {}));
  ObjectHead head;
  head.octets = number_in(response.header("content-length"));
  head.version = std::string(response.header("x-amz-version-id"));
  head.sha256 = std::string(response.header("x-amz-meta-sha256"));
  const std::string mode(response.header("x-amz-object-lock-mode"));
  if (mode.empty()) return head;
  FIREBREAK_ASSIGN(Retention lock, retention_from(mode, std::string(response.header("x-amz-object-lock-retain-until-date"))));
  head.lock = std::move(lock);
  return head;
}

Result<Bytes> ObjectStore::get(const std::string& key, const std::string& version) {
  Query query;
  if (!version.empty()) query["versionId"] = version;
  FIREBREAK_ASSIGN(net::Response response, call("GET", key, query, {}, {}));
  const std::string said(response.header("x-amz-meta-sha256")), found = sha256(response.body).hex();
  if (!said.empty() && said != found)
    return fail(Code::kCorrupt, fmt::format("{}: its digest is {}, its metadata says {}", address(key), found, said));
  return std::move(response.body);
}

Result<std::vector<ObjectVersion>> ObjectStore::versions(const std::string& begin, std::size_t most) {
  std::vector<ObjectVersion> out;
  Query query{{"prefix", place_.prefix + begin}, {"versions", ""}};
  for (int page = 0; page < kPages; ++page) {
    FIREBREAK_ASSIGN(const net::Response response, call("GET", "", query, {}, {}));
    auto document = parse_xml(response.body);
    if (!document) return fail(std::move(document.error()).with("list " + address("")));
    if (document->child("IsTruncated") == nullptr && document->child("Name") == nullptr)
      return fail(Code::kInvalid, fmt::format("list {}: this is no list of versions; compare url", address("")));
    for (const XmlElement& item : document->children) {
      if (item.name != "Version" && item.name != "DeleteMarker") continue;
      std::string key = item.text_of("Key");
      if (!key.starts_with(place_.prefix)) continue;
      key.erase(0, place_.prefix.size());
      const auto modified = parse_time(item.text_of("LastModified"));
      std::string etag = item.text_of("ETag");
      if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
      out.push_back({std::move(key), item.text_of("VersionId"), number_in(item.text_of("Size")), std::move(etag), modified ? *modified : Time{},
                     item.text_of("IsLatest") == "true", item.name == "DeleteMarker"});
    }
    if (out.size() > most) return fail(Code::kTooLarge, fmt::format("list {}: more than {} versions", address(""), most));
    if (document->text_of("IsTruncated") != "true") break;
    const std::string next = document->text_of("NextKeyMarker"), version = document->text_of("NextVersionIdMarker");
    if (next.empty() || (next == query["key-marker"] && version == query["version-id-marker"]))
      return fail(Code::kInvalid, fmt::format("list {}: the store says that there is more and not where", address("")));
    query["key-marker"] = next;
    if (version.empty()) query.erase("version-id-marker");
    else query["version-id-marker"] = version;
  }
  // Some list all deletions behind all versions: the order of one key's is made here.
  std::stable_sort(out.begin(), out.end(), [](const ObjectVersion& a, const ObjectVersion& b) {
    return std::tuple(std::string_view(a.key), !a.newest, -a.modified.us) < std::tuple(std::string_view(b.key), !b.newest, -b.modified.us);
  });
  // versitygw begins a page with the last version of the page before: of one key each version counts once.
  std::set<std::string_view> seen;
  std::vector<ObjectVersion> once;
  once.reserve(out.size());
  for (ObjectVersion& one : out) {
    if (!once.empty() && once.back().key != one.key) seen.clear();
    if (seen.contains(one.version)) continue;
    once.push_back(std::move(one));
    seen.insert(once.back().version);
  }
  return once;
}

Result<std::optional<Retention>> ObjectStore::retention(const std::string& key, const std::string& version) {
  const auto response = call("GET", key, {{"retention", ""}, {"versionId", version}}, {}, {});
  // Stores agree neither on status nor on code for "there is none": 400 and 404 are both in use, for nothing else here.
  if (!response && (response.error().code == Code::kNotFound || response.error().code == Code::kInvalid)) return std::optional<Retention>();
  if (!response) return fail(Error(response.error()));
  FIREBREAK_ASSIGN(const XmlElement document, parse_xml(response->body));
  if (document.text_of("Mode").empty()) return std::optional<Retention>();
  FIREBREAK_ASSIGN(Retention found, retention_from(document.text_of("Mode"), document.text_of("RetainUntilDate")));
  return std::optional<Retention>(std::move(found));
}

Result<void> ObjectStore::set_retention(const std::string& key, const std::string& version, const Retention& retention, bool bypass) {
  const std::string body =
      fmt::format("<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{}</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>",
                  escape_markup(retention.mode), whole_seconds(retention.until));
  net::Headers headers{{"Content-Type", "application/xml"}, {"x-amz-checksum-sha256", to_base64(sha256(body).view())}};
  if (bypass) headers.emplace_back("x-amz-bypass-governance-retention", "true");
  FIREBREAK_TRY(call("PUT", key, {{"retention", ""}, {"versionId", version}}, std::move(headers), body));
  return {};
}

Result<bool> ObjectStore::legal_hold(const std::string& key, const std::string& version) {
  const auto response = call("GET", key, {{"legal-hold", ""}, {"versionId", version}}, {}, {});
  if (!response && (response.error().code == Code::kNotFound || response.error().code == Code::kInvalid)) return false;  // as with retention()
  if (!response) return fail(Error(response.error()));
  FIREBREAK_ASSIGN(const XmlElement document, parse_xml(response->body));
  return document.text_of("Status") == "ON";
}

Result<void> ObjectStore::set_legal_hold(const std::string& key, const std::string& version, bool on) {
  const std::string body = fmt::format("<LegalHold xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>{}</Status></LegalHold>", on ? "ON" : "OFF");
  net::Headers headers{{"Content-Type", "application/xml"}, {"x-amz-checksum-sha256", to_base64(sha256(body).view())}};
  FIREBREAK_TRY(call("PUT", key, {{"legal-hold", ""}, {"versionId", version}}, std::move(headers), body));
  return {};
}

Result<void> ObjectStore::remove(const std::string& key, const std::string& version, bool bypass) {
  net::Headers headers;
  if (bypass) headers.emplace_back("x-amz-bypass-governance-retention", "true");
  FIREBREAK_TRY(call("DELETE", key, {{"versionId", version}}, std::move(headers), {}));
  return {};
}

Result<std::string> ObjectStore::versioning() {
  FIREBREAK_ASSIGN(const net::Response response, call("GET", "", {{"versioning", ""}}, {}, {}));
  FIREBREAK_ASSIGN(const XmlElement document, parse_xml(response.body));
  return document.text_of("Status");
}

Result<std::string> ObjectStore::default_retention() {
  const auto response = call("GET", "", {{"object-lock", ""}}, {}, {});
  if (!response && (response.error().code == Code::kNotFound || response.error().code == Code::kInvalid)) return std::string();
  if (!response) return fail(Error(response.error()));
  FIREBREAK_ASSIGN(const XmlElement document, parse_xml(response->body));
  const XmlElement* const rule = document.child("Rule");
  const XmlElement* const kept = rule == nullptr ? nullptr : rule->child("DefaultRetention");
  if (kept == nullptr) return std::string();
  const std::string days = kept->text_of("Days");
  return days.empty() ? fmt::format("{} {} years", kept->text_of("Mode"), kept->text_of("Years")) : fmt::format("{} {} days", kept->text_of("Mode"), days);
}

}  // namespace firebreak::store
