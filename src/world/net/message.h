// HTTP/1.1 requests and answers as plain values, and errors as RFC 9457 problem documents.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;                          // "GET", upper case
  std::string path;                            // percent-decoded, begins with '/', without the query
  std::map<std::string, std::string> query;    // percent-decoded; the last of equal names counts
  std::map<std::string, std::string> params;   // captured by a Router's template: {"stream": "fraud-api"}
  Headers headers;                             // names in lower case
  std::string body;
  std::string peer;                            // "127.0.0.1:40122"

  std::string_view header(std::string_view lower_case_name) const;  // "" when absent
  std::string query_or(const std::string& name, std::string fallback = "") const;
  std::string param(const std::string& name) const;                 // "" when absent
  std::string_view bearer() const;                                  // of `Authorization: Bearer X`; "" when absent
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;  // besides Content-Type, Content-Length, Connection
  std::string body;

  std::string_view header(std::string_view lower_case_name) const;  // answers of a client have lower-case names
};

Response json_response(const Json& value, int status = 200);  // canonical JSON and a final newline
Response text_response(std::string text, std::string content_type = "text/plain; charset=utf-8");

// application/problem+json {type, title, status, detail, code, pointer?, line?}. busy carries Retry-After: 1.
Response problem(const Error& error);
// The same with a status of the caller's choice (405, 408, 422 …).
Response problem(int status, const Error& error);
// invalid 400, unauthorized 401, forbidden 403, not_found 404, conflict 409, too_large 413, busy 429,
// unavailable 503, timeout 504, corrupt io internal 500.
int status_of(Code code);
std::string_view status_text(int status);

// The way back, for clients: the Error that a problem document (or any answer with status >= 400) stands for.
Error error_of(const Response& response);

struct Url {
  std::string host;
  std::uint16_t port = 80;
  std::string target;  // path and query, at least "/"
};
Result<Url> parse_url(std::string_view url);  // http:// only

// "127.0.0.1:8440", "[::1]:0", "localhost:8440" -> host and port.
Result<std::pair<std::string, std::uint16_t>> parse_host_port(std::string_view text);

// Path and query of a request target ("/a/b?x=1&y=%20") into `request`. Errors: kInvalid.
Result<void> read_target(std::string_view target, Request& request);

Result<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);  // everything but unreserved characters

}  // namespace firebreak::net
