// From a command of type http-api or openc2-http to the request that is sent, and from the response to variables. Nothing is sent here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cacao/lookup.h"

namespace firebreak::cacao {

struct HttpRequest {
  std::string method, url, body;  // url: absolute, http or https, without userinfo and fragment
  std::vector<std::pair<std::string, std::string>> headers;  // in the order of the command
  bool operator==(const HttpRequest&) const = default;
};

// `command`: a CACAO command: command (or command_b64) "METHOD /target HTTP/1.1", headers, content (or content_b64).
// `party`: the agent or target it is sent to, for its address (the first of url, else dname, ipv4, ipv6) and port. A url may be a base path
// as well; one that is a single reference is the variable's value. The scheme comes from the url, else from the port: 443 is https, all
// others http; without a port it is http's 80 (CACAO 2.0, section 7.8).
// `raw`: variables that the step asked to be put into the content as they are. Without that, references stand only in JSON and form content.
//
// What a header may not be: Host, Content-Length and others that frame the message or are for one hop (RFC 9110, section 7.6.1).
// JSON content without a Content-Type gets one. Content without references is sent octet by octet.
//
// Errors: kInvalid with the pointer of the mistake in `command` or `party`; kTooLarge. Messages name variables, never what they hold.
Result<HttpRequest> render_http(const Json& command, const Json& party, const Lookup& lookup, const std::vector<std::string>& raw);

// A second try does no more than the first: RFC 9110, section 9.2.2.
bool is_idempotent(std::string_view method);

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// What is taken from a response into variables. `rules`: a list, each of one source:
//   {"to": "__x__", "pointer": "/a/b"}   the JSON body's value there: text as it is, else its canonical JSON; null is nothing
//   {"to": "__x__", "regex": "id=(.*)"}  the first group of the first match in the body (RE2)
//   {"to": "__x__", "header": "ETag"}    the header's value, several joined by ", "
//   {"to": "__x__", "status": true}      the status code
// Errors: kInvalid with the pointer of the mistake: shape, no variable's name, one twice, a regex that does not compile or has no group.
Result<void> check_captures(const Json& rules);

// Variable -> text (UTF-8, at most 64 KiB). All or nothing. Errors: kInvalid names the rule that found nothing, and points to it.
Result<std::map<std::string, std::string>> capture(const Json& rules, const Response& response);

}  // namespace firebreak::cacao
