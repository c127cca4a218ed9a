#include "cacao/http_request.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "cacao/diagnostic.h"
#include "cacao/insert.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto part = [&](char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || kMarks.find(c) != std::string_view::npos; };
  return !text.empty() && std::all_of(text.begin(), text.end(), part);
}

// Knows no variable: for what came out of one and is not looked at again.
std::optional<Value> nobody(std::string_view) { return std::nullopt; }

tl::unexpected<Error> at(Error error, std::string_view pointer) { return fail(std::move(error).at(pointer)); }

// `plain`, else what `encoded` stands for; nothing when there is neither.
Result<std::optional<std::string>> either(const Json& command, std::string_view plain, std::string_view encoded) {
  for (const std::string_view key : {plain, encoded}) {
    const Json* const value = find(command, key);
    if (value == nullptr) continue;
    if (!value->is_string()) return fail(Code::kInvalid, fmt::format("'{}' is text", key), child("", key));
    std::string text(value->get_string());
    if (key == plain) return std::optional(std::move(text));
    auto decoded = decode_base64(text);
    if (!decoded) return fail(Code::kInvalid, fmt::format("'{}' is no base64", key), child("", key));
    return std::optional(std::move(*decoded));
  }
  return std::optional<std::string>();
}

// ---- the start line

struct StartLine {
  std::string method, target;
};

Result<StartLine> start_line(const Json& command, const Lookup& lookup) {
  FIREBREAK_ASSIGN(const auto text, either(command, "command", "command_b64"));
  const auto wrong = [](std::string_view what) { return fail(Code::kInvalid, std::string(what), "/command"); };
  if (!text || text->empty()) return wrong("the command is missing: METHOD /path HTTP/1.1");
  std::string_view line = *text;
  const std::size_t space = std::min(line.find(' '), line.size());
  StartLine out{std::string(line.substr(0, space)), {}};
  const bool upper = !out.method.empty() && out.method.size() <= 32 && std::all_of(out.method.begin(), out.method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!upper || space == line.size()) return wrong("the command is METHOD /path HTTP/1.1, the method in capitals");
  if (out.method == "CONNECT") return wrong("CONNECT makes a tunnel, no request");
  if (string_or(command, "type") == "openc2-http" && out.method != "POST") return wrong("openc2-http is sent by POST");
  line.remove_prefix(space + 1);
  if (const std::size_t version = line.rfind(' '); version != std::string_view::npos && line.substr(version + 1).starts_with("HTTP/")) line = line.substr(0, version);
  if (!line.starts_with('/')) return wrong("the target of a request begins with '/'; where it goes says the address of the agent or target");
  auto target = insert_path(line, lookup);
  if (!target) return at(std::move(target.error()), "/command");
  out.target = std::move(*target);
  return out;
}

// ---- the address

struct Origin {
  std::string scheme, host, base;  // host with its port; base: "" or "/path" without a '/' at its end
};

bool has_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  return colon != std::string_view::npos && !host.ends_with(']');
}

Result<std::string> port_of(const Json& party, const Lookup& lookup) {
  const Json* const port = find(party, "port");
  if (port == nullptr) return std::string();
  if (port->is_int64()) return std::to_string(port->get_int64());
  auto text = insert_raw(string_or(party, "port"), lookup);
  if (!text) return at(std::move(text.error()), "/port");
  const bool digits = !text->empty() && text->front() != '0' && text->size() <= 5 && std::all_of(text->begin(), text->end(), is_digit);
  if (!digits) return fail(Code::kInvalid, "a port is a number from 1 to 65535", "/port");
  return text;
}

Result<Origin> origin_of_url(std::string_view url, const Lookup& lookup) {
  Origin out;
  for (const std::string_view scheme : {"https", "http"})
    if (url.starts_with(scheme) && url.substr(scheme.size()).starts_with("://")) out.scheme = scheme;
  if (out.scheme.empty()) return fail(Code::kInvalid, "a url begins with http:// or https://");
  url.remove_prefix(out.scheme.size() + 3);
  const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  if (url.substr(0, end).find('@') != std::string_view::npos) return fail(Code::kInvalid, "a url with a user in it: how to authenticate says authentication_info");
  if (url.find_first_of("?#") != std::string_view::npos) return fail(Code::kInvalid, "the url of an address has no query and no fragment: a query stands in the command");
  FIREBREAK_ASSIGN(out.host, insert_host(url.substr(0, end), lookup));
  FIREBREAK_ASSIGN(out.base, insert_path(url.substr(end), lookup));
  while (out.base.ends_with('/')) out.base.pop_back();
  return out;
}

Result<Origin> origin_of(const Json& party, const Lookup& lookup) {
  FIREBREAK_ASSIGN(const std::string port, port_of(party, lookup));
  const Json* const address = find(party, "address");
  for (const std::string_view kind : {"url", "dname", "ipv4", "ipv6"}) {
    const Json* const list = address == nullptr ? nullptr : find(*address, kind);
    if (list == nullptr || !list->is_array() || list->get_array().empty()) continue;
    const std::string pointer = child(child("/address", kind), 0);
    const Json& first = list->get_array()[0];
    if (!first.is_string()) return fail(Code::kInvalid, "an address is text", pointer);
    const std::string text(first.get_string());
    const auto references = find_references(text);
    Result<Origin> origin = Origin{};
    if (kind == "url" && references.size() == 1 && references[0].size == text.size()) {
      auto value = insert_raw(text, lookup);
      if (!value) return at(std::move(value.error()), pointer);
      origin = origin_of_url(*value, nobody);
      if (!origin) return at(std::move(origin.error()).with(fmt::format("the value of {}", references[0].name)), pointer);
    } else if (kind == "url") {
      origin = origin_of_url(text, lookup);
      if (!origin) return at(std::move(origin.error()), pointer);
    } else {
      // An address in a list of IPv6 stands without brackets; a port has its own property.
      auto host = insert_host(is_ipv6(text) ? fmt::format("[{}]", text) : text, lookup);
      if (!host) return at(std::move(host.error()), pointer);
      if (has_port(*host)) return fail(Code::kInvalid, "the port of an address stands in 'port'", pointer);
      origin->host = std::move(*host);
      origin->scheme = port == "443" ? "https" : "http";
    }
    if (port.empty()) return origin;
    if (has_port(origin->host)) {
      if (!origin->host.ends_with(":" + port)) return fail(Code::kInvalid, "the port of the url is another than 'port'", "/port");
      return origin;
    }
    auto with_port = insert_host(fmt::format("{}:{}", origin->host, port), nobody);
    if (!with_port) return fail(Code::kInvalid, "a port is a number from 1 to 65535", "/port");
    const bool usual = port == (origin->scheme == "https" ? "443" : "80");
    if (!usual) origin->host = std::move(*with_port);
    return origin;
  }
  return fail(Code::kInvalid, "no address to send to: url, dname, ipv4 or ipv6", "/address");
}

// ---- headers and content

// They frame the message or are for one hop: whoever sends sets them.
bool is_reserved(std::string_view name) {
  constexpr std::string_view kReserved[] = {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
                                            "proxy-connection", "proxy-authenticate", "proxy-authorization"};
  return std::find(std::begin(kReserved), std::end(kReserved), lowered(name)) != std::end(kReserved);
}

Result<void> add_headers(HttpRequest& request, const Json& command, const Lookup& lookup) {
  const Json* const headers = find(command, "headers");
  if (headers == nullptr) return {};
  if (!headers->is_object()) return fail(Code::kInvalid, "headers are an object of lists", "/headers");
  std::size_t size = 0;
  bool has_type = false;
  for (const auto& header : headers->get_object()) {
    const std::string name(header.key());
    const std::string pointer = child("/headers", name);
    if (!is_token(name)) return fail(Code::kInvalid, fmt::format("'{}' is no name of a header", printable(name)), pointer);
    if (is_reserved(name)) return fail(Code::kInvalid, fmt::format("the header '{}' is not the playbook's to set", name), pointer);
    const auto values = get_strings(*headers, name);
    if (!values) return fail(Code::kInvalid, "a header's value is a list of texts", pointer);
    if (lowered(name) == "content-type" && (std::exchange(has_type, true) || values->size() != 1)) return fail(Code::kInvalid, "content has one type", pointer);
    for (const std::string& text : *values) {
      auto value = insert_header(text, lookup);
      if (!value) return at(std::move(value.error()), pointer);
      size += name.size() + value->size();
      if (size > limits::kHttpHeaderBytes) return fail(Code::kTooLarge, fmt::format("the headers are longer than {} octets", limits::kHttpHeaderBytes), "/headers");
      request.headers.emplace_back(name, std::move(*value));
    }
  }
  return {};
}

std::string content_type(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (lowered(name) != "content-type") continue;
    std::string type = lowered(value.substr(0, value.find(';')));
    type.erase(std::remove(type.begin(), type.end(), ' '), type.end());
    return type;
  }
  return {};
}

Result<std::string> content_of(const std::string& text, const std::string& type, bool looks_json, const Lookup& lookup, const std::vector<std::string>& raw) {
  const std::vector<std::string> names = references_in(text);
  if (names.empty()) return text;
  const auto not_raw = std::find_if(names.begin(), names.end(), [&](const std::string& name) { return std::find(raw.begin(), raw.end(), name) == raw.end(); });
  if (not_raw == names.end()) return insert_raw(text, lookup);
  if (type == "application/json" || type == "text/json" || type.ends_with("+json")) return insert_json(text, lookup);
  if (type == "application/x-www-form-urlencoded") return insert_form(text, lookup);
  if (looks_json) return insert_json(text, lookup);
  return fail(Code::kInvalid, fmt::format("the content is neither JSON nor a form: {} has no safe form in it; name it in raw_variables to have it put in as it is", *not_raw));
}

Result<void> add_content(HttpRequest& request, const Json& command, const Lookup& lookup, const std::vector<std::string>& raw) {
  FIREBREAK_ASSIGN(const auto text, either(command, "content", "content_b64"));
  if (!text) {
    if (string_or(command, "type") == "openc2-http") return fail(Code::kInvalid, "openc2-http needs 'content_b64'", "/content_b64");
    return {};
  }
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  const bool looks_json = first != std::string::npos && ((*text)[first] == '{' || (*text)[first] == '[');
  const std::string type = content_type(request);
  auto body = content_of(*text, type, looks_json, lookup, raw);
  if (!body) return at(std::move(body.error()), find(command, "content") != nullptr ? "/content" : "/content_b64");
  request.body = std::move(*body);
  if (type.empty() && looks_json) request.headers.emplace_back("Content-Type", "application/json");
  return {};
}

}  // namespace

Result<HttpRequest> render_http(const Json& command, const Json& party, const Lookup& lookup, const std::vector<std::string>& raw) {
  const std::string type = string_or(command, "type");
  if (type != "http-api" && type != "openc2-http") return fail(Code::kInvalid, "a command of type http-api or openc2-http is sent", "/type");
  FIREBREAK_ASSIGN(const StartLine line, start_line(command, lookup));
  FIREBREAK_ASSIGN(const Origin origin, origin_of(party, lookup));
  HttpRequest request;
  request.method = line.method;
  request.url = fmt::format("{}://{}{}{}", origin.scheme, origin.host, origin.base, line.target);
  FIREBREAK_TRY(add_headers(request, command, lookup));
  FIREBREAK_TRY(add_content(request, command, lookup, raw));
  return request;
}

bool is_idempotent(std::string_view method) {
  constexpr std::string_view kSafeTwice[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  return std::find(std::begin(kSafeTwice), std::end(kSafeTwice), method) != std::end(kSafeTwice);
}

}  // namespace firebreak::cacao
