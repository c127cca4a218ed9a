#include "world/net/message.h"

#include <fmt/format.h>

#include <charconv>

namespace firebreak::net {
namespace {

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The inverse of status_of, for answers whose document carries no "code".
Code code_of(int status) {
  switch (status) {
    case 401: return Code::kUnauthorized;
    case 403: return Code::kForbidden;
    case 404: return Code::kNotFound;
    case 409: return Code::kConflict;
    case 412: return Code::kConflict;
    case 413: return Code::kTooLarge;
    case 431: return Code::kTooLarge;
    case 408: return Code::kTimeout;
    case 504: return Code::kTimeout;
    case 429: return Code::kBusy;
    case 502: return Code::kUnavailable;
    case 503: return Code::kUnavailable;
    default: return status >= 500 ? Code::kInternal : Code::kInvalid;
  }
}

Code code_named(std::string_view name, int status) {
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i)
    if (code_name(static_cast<Code>(i)) == name) return static_cast<Code>(i);
  return code_of(status);
}

}  // namespace

std::string_view Request::header(std::string_view name) const { return find_header(headers, name); }
std::string_view Response::header(std::string_view name) const { return find_header(headers, name); }

std::string Request::query_or(const std::string& name, std::string fallback) const {
  const auto it = query.find(name);
  return it == query.end() ? std::move(fallback) : it->second;
}

std::string Request::param(const std::string& name) const {
  const auto it = params.find(name);
  return it == params.end() ? std::string() : it->second;
}

std::string_view Request::bearer() const {
  const std::string_view value = header("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (value.size() <= scheme.size()) return {};
  for (std::size_t i = 0; i < scheme.size(); ++i)
    if ((value[i] | 0x20) != (scheme[i] | 0x20)) return {};
  return value.substr(scheme.size());
}

Response json_response(const Json& value, int status) {
  Response response;
  response.status = status;
  response.body = canonical_json(value) + "\n";
  return response;
}

Response text_response(std::string text, std::string content_type) {
  Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(text);
  return response;
}

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid: return 400;
    case Code::kUnauthorized: return 401;
    case Code::kForbidden: return 403;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kTooLarge: return 413;
    case Code::kBusy: return 429;
    case Code::kUnavailable: return 503;
    case Code::kTimeout: return 504;
    case Code::kCorrupt:
    case Code::kIo:
    case Code::kInternal: return 500;
  }
  return 500;
}

std::string_view status_text(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return status < 400 ? "OK" : "Error";
  }
}

Response problem(int status, const Error& error) {
  JsonObject document;
  document["type"] = "about:blank";
  document["title"] = std::string(status_text(status));
  document["status"] = status;
  document["detail"] = error.message;
  document["code"] = std::string(code_name(error.code));
  if (!error.pointer.empty()) document["pointer"] = error.pointer;
  if (error.line != 0) document["line"] = error.line;
  Response response = json_response(document, status);
  response.content_type = "application/problem+json";
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response problem(const Error& error) { return problem(status_of(error.code), error); }

Error error_of(const Response& response) {
  Error error{code_of(response.status), "", "", 0};
  const auto document = parse_json(response.body);
  if (document && document->is_object()) {
    error.code = code_named(string_or(*document, "code"), response.status);
    error.message = string_or(*document, "detail");
    error.pointer = string_or(*document, "pointer");
    error.line = static_cast<std::uint64_t>(int_or(*document, "line"));
  }
  if (error.message.empty()) error.message = fmt::format("status {} {}", response.status, status_text(response.status));
  return error;
}

Result<std::pair<std::string, std::uint16_t>> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto bad = [&] { return fail(Code::kInvalid, fmt::format("'{}' is no HOST:PORT", text)); };
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.empty() || ec != std::errc() || end != digits.data() + digits.size()) return bad();
  return std::pair{std::string(host), port};
}

Result<Url> parse_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (url.substr(0, scheme.size()) != scheme)
    return fail(Code::kInvalid, fmt::format("'{}': only http:// addresses are supported", url));
  std::string_view rest = url.substr(scheme.size());
  const std::size_t slash = rest.find_first_of("/?");
  std::string authority(rest.substr(0, slash));
  Url out;
  out.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (out.target.front() == '?') out.target.insert(0, "/");
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string::npos || authority.back() == ']') authority += ":80";
  FIREBREAK_ASSIGN(auto host_port, parse_host_port(authority));
  out.host = host_port.first;
  out.port = host_port.second;
  return out;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(Code::kInvalid, fmt::format("broken percent escape at octet {}", i));
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

Result<void> read_target(std::string_view target, Request& request) {
  if (target.empty() || target.front() != '/') return fail(Code::kInvalid, "the request target must begin with '/'");
  const std::size_t mark = target.find('?');
  FIREBREAK_ASSIGN(request.path, percent_decode(target.substr(0, mark), false));
  std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const std::size_t equals = std::min(part.find('='), part.size());
    FIREBREAK_ASSIGN(std::string name, percent_decode(part.substr(0, equals), true));
    FIREBREAK_ASSIGN(std::string value, percent_decode(part.substr(std::min(part.size(), equals + 1)), true));
    if (!name.empty()) request.query[std::move(name)] = std::move(value);
  }
  return {};
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) out.push_back(c);
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace firebreak::net
