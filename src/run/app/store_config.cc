// The part `store` of the configuration.
#include <fmt/core.h>

#include <algorithm>

#include "run/app/content.h"

namespace firebreak::app {
namespace {

constexpr double kDays = 36'500;
constexpr double kYearSeconds = 366.0 * 24 * 3'600;

tl::unexpected<Error> bad(const std::string& key, const std::string& why) {
  return fail(Code::kInvalid, fmt::format("store: '{}' {}", key, why), "/store/" + key);
}

Result<std::int64_t> span(const Json& item, const std::string& key, double fallback, double unit_us, double most) {
  if (find(item, key) == nullptr) return static_cast<std::int64_t>(fallback * unit_us);
  FIREBREAK_ASSIGN(const double given, get_number(item, key));
  if (!(given > 0) || given > most) return bad(key, fmt::format("is a number above 0 and at most {:.0f}", most));
  return static_cast<std::int64_t>(given * unit_us);
}

// The secret is a password to all that is in the bucket.
Result<std::string> secret_in(Files& files, const std::string& path) {
  auto text = read_secret(files, path);
  if (!text && text.error().code == Code::kInvalid) return bad("secret_file", text.error().message);
  if (!text) return fail(std::move(text.error()).with("store: secret_file"));
  return text;
}

}  // namespace

Result<std::optional<store::StoreConfig>> store_of(Files& files, const Json& config, const std::string& folder) {
  const Json* const found = find(config, "store");
  if (found == nullptr) return std::optional<store::StoreConfig>();
  const Json& item = *found;
  if (!item.is_object()) return fail(Code::kInvalid, "'store' is a map: url, bucket, access_key_id, secret_file, …", "/store");
  if (auto ok = only_keys(item, {"url", "bucket", "region", "access_key_id", "secret_file", "prefix", "retention_days", "tls_ca_file", "interval_s",
                                 "test_interval_s", "missing_s", "keys_missing_s", "key_backup"});
      !ok)
    return fail(std::move(ok.error()).with("store"));
  const auto resolved = [&](const std::string& path) { return path.empty() || path.starts_with('/') ? path : folder + "/" + path; };
  store::StoreConfig out;
  store::Place& place = out.place;
  FIREBREAK_ASSIGN(place.url, get_string(item, "url"));
  if (!place.url.starts_with("http://") && !place.url.starts_with("https://")) return bad("url", "starts with http:// or https://");
  while (place.url.ends_with('/')) place.url.pop_back();
  FIREBREAK_ASSIGN(place.bucket, get_string(item, "bucket"));
  if (!store::is_key(place.bucket) || place.bucket.find('/') != std::string::npos) return bad("bucket", "is a bucket's name");
  place.region = string_or(item, "region", place.region);
  FIREBREAK_ASSIGN(place.access_key_id, get_string(item, "access_key_id"));
  FIREBREAK_ASSIGN(const std::string secret_file, get_string(item, "secret_file"));
  FIREBREAK_ASSIGN(place.secret, secret_in(files, resolved(secret_file)));
  place.prefix = string_or(item, "prefix");
  while (place.prefix.ends_with('/')) place.prefix.pop_back();
  if (!place.prefix.empty() && !store::is_key(place.prefix)) return bad("prefix", "has letters, digits and ._-/ only");
  if (!place.prefix.empty()) place.prefix += '/';
  place.tls_ca_file = resolved(string_or(item, "tls_ca_file"));
  if (find(item, "retention_days") == nullptr) return bad("retention_days", "is missing: for so many days nobody can delete what is uploaded");
  FIREBREAK_ASSIGN(out.retention_us, span(item, "retention_days", 0, static_cast<double>(kDay), kDays));
  FIREBREAK_ASSIGN(out.interval_us, span(item, "interval_s", 300, 1e6, kYearSeconds));
  FIREBREAK_ASSIGN(out.test_interval_us, span(item, "test_interval_s", 86'400, 1e6, kYearSeconds));
  FIREBREAK_ASSIGN(out.missing_us, span(item, "missing_s", 3'600, 1e6, kYearSeconds));
  FIREBREAK_ASSIGN(out.keys_missing_us, span(item, "keys_missing_s", 86'400, 1e6, kYearSeconds));
  out.key_backup = resolved(string_or(item, "key_backup"));
  while (out.key_backup.size() > 1 && out.key_backup.ends_with('/')) out.key_backup.pop_back();
  return std::optional<store::StoreConfig>(std::move(out));
}

Json to_json(const store::StoreConfig& config) {
  return JsonObject{{"url", config.place.url},
                    {"bucket", config.place.bucket},
                    {"region", config.place.region},
                    {"access_key_id", config.place.access_key_id},
                    {"prefix", config.place.prefix},
                    {"tls_ca_file", config.place.tls_ca_file},
                    {"retention_us", config.retention_us},
                    {"interval_us", config.interval_us},
                    {"test_interval_us", config.test_interval_us},
                    {"missing_us", config.missing_us},
                    {"keys_missing_us", config.keys_missing_us},
                    {"key_backup", config.key_backup}};
}

}  // namespace firebreak::app
