// The part `callers` of the configuration.
#include <fmt/core.h>

#include <initializer_list>
#include <vector>

#include "run/app/content.h"

namespace firebreak::app {
namespace {

constexpr double kLongestSeconds = 24.0 * 3'600;

struct Reader {
  Files& files;
  const Json& item;
  const std::string& folder;
  std::string name;

  tl::unexpected<Error> bad(const std::string& key, const std::string& why) const {
    return fail(Code::kInvalid, fmt::format("callers: '{}': '{}' {}", name, key, why), fmt::format("/callers/{}/{}", name, key));
  }
  std::string resolved(const std::string& path) const { return path.empty() || path.starts_with('/') ? path : folder + "/" + path; }

  // What such a file holds is a password to the other side; it stands there and nowhere else.
  Result<std::string> secret(const std::string& key) const {
    FIREBREAK_ASSIGN(const std::string file, get_string(item, key));
    auto text = read_secret(files, resolved(file));
    if (!text) return bad(key, text.error().message);
    return std::move(*text);
  }

  Result<std::int64_t> seconds(const std::string& key) const {
    if (find(item, key) == nullptr) return 0;
    FIREBREAK_ASSIGN(const double given, get_number(item, key));
    if (!(given > 0) || given > kLongestSeconds) return bad(key, "is a number of seconds, above 0 and at most a day");
    return static_cast<std::int64_t>(given * 1e6);
  }
};

Result<std::string> url_of(const Reader& reader) {
  FIREBREAK_ASSIGN(std::string url, get_string(reader.item, "url"));
  if (!url.starts_with("http://") && !url.starts_with("https://")) return reader.bad("url", "starts with http:// or https://");
  const std::string host = url.substr(url.find("//") + 2, url.find('/', url.find("//") + 2) - url.find("//") - 2);
  if (host.find('@') != std::string::npos) return reader.bad("url", "bears no user and no password: they have keys of their own");
  if (host.empty() || url.find_first_of("?# ") != std::string::npos) return reader.bad("url", "is a host, and a path when there is one: https://mlflow.example.org");
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Result<connect::CallerConfig> read_one(const Reader& reader) {
  const Json& item = reader.item;
  connect::CallerConfig out;
  out.name = reader.name;
  if (!is_name(out.name)) return fail(Code::kInvalid, fmt::format("callers: '{}': a name has 1 to 64 of a-z 0-9 . _ -", out.name), "/callers");
  FIREBREAK_ASSIGN(out.kind, get_string(item, "kind"));
  const bool mlflow = out.kind == "mlflow", sagemaker = out.kind == "sagemaker", s3 = out.kind == "s3";
  if (!mlflow && !sagemaker && !s3) return reader.bad("kind", fmt::format("is mlflow, sagemaker or s3, not '{}'", out.kind));
  for (const char* const secret : {"password", "token", "secret"})
    if (find(item, secret) != nullptr) return reader.bad(secret, fmt::format("does not stand in this file; put it into a file of its own, mode 0600, and name that: {}_file", secret));
  if (auto ok = mlflow      ? only_keys(item, {"kind", "url", "user", "password_file", "token_file", "tls_ca_file", "timeout_s", "download_s"})
                : sagemaker ? only_keys(item, {"kind", "url", "region", "access_key_id", "secret_file", "tls_ca_file", "timeout_s", "wait_s"})
                            : only_keys(item, {"kind", "url", "region", "access_key_id", "secret_file", "tls_ca_file"});
      !ok)
    return fail(std::move(ok.error()).with(fmt::format("callers: '{}'", out.name)));
  FIREBREAK_ASSIGN(out.url, url_of(reader));
  out.tls_ca_file = reader.resolved(string_or(item, "tls_ca_file"));
  if (!s3) {
    FIREBREAK_ASSIGN(out.timeout_us, reader.seconds("timeout_s"));
    FIREBREAK_ASSIGN(out.wait_us, reader.seconds(mlflow ? "download_s" : "wait_s"));
  }
  if (mlflow) {
    out.user = string_or(item, "user");
    const bool by_password = find(item, "password_file") != nullptr, by_token = find(item, "token_file") != nullptr;
    if (by_password != !out.user.empty() || (by_password && by_token)) return reader.bad("user", "goes with password_file; or token_file alone; or none of them");
    if (by_password) {
      FIREBREAK_ASSIGN(out.password, reader.secret("password_file"));
    }
    if (by_token) {
      FIREBREAK_ASSIGN(out.token, reader.secret("token_file"));
    }
    return out;
  }
  out.region = string_or(item, "region", "us-east-1");
  FIREBREAK_ASSIGN(out.access_key_id, get_string(item, "access_key_id"));
  FIREBREAK_ASSIGN(out.secret, reader.secret("secret_file"));
  return out;
}

}  // namespace

Result<std::vector<connect::CallerConfig>> callers_of(Files& files, const Json& config, const std::string& folder) {
  std::vector<connect::CallerConfig> callers;
  const Json* const map = find(config, "callers");
  if (map == nullptr) return callers;
  if (!map->is_object()) return fail(Code::kInvalid, "'callers' is a map of name to {kind, url, …}", "/callers");
  for (const auto& member : map->get_object()) {
    const Reader reader{files, member.value(), folder, std::string(member.key())};
    auto one = read_one(reader);
    if (!one && one.error().message.starts_with("callers")) return fail(std::move(one.error()));
    if (!one) return fail(std::move(one.error()).with(fmt::format("callers: '{}'", reader.name)));
    callers.push_back(std::move(*one));
  }
  return callers;
}

Json to_json(const std::vector<connect::CallerConfig>& callers) {
  JsonObject out;
  for (const connect::CallerConfig& one : callers) {
    JsonObject item{{"kind", one.kind}, {"url", one.url}, {"tls_ca_file", one.tls_ca_file}, {"timeout_us", one.timeout_us}, {"wait_us", one.wait_us}};
    if (one.kind == "mlflow") {
      item["user"] = one.user;
      item["token"] = !one.token.empty();  // whether, not which
    } else {
      item["region"] = one.region;
      item["access_key_id"] = one.access_key_id;
    }
    out[one.name] = std::move(item);
  }
  return out;
}

}  // namespace firebreak::app
