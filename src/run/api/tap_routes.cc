// Inference logs of other platforms as they happen: docs/formats/taps.md.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "base/encoding.h"
#include "run/api/api.h"
#include "world/taps/tap.h"

namespace firebreak::api {
namespace {

// A logger that is given an address alone can bear a token in it, http://tap:TOKEN@host/…, which arrives as Basic.
std::string token_of(const net::Request& request) {
  const std::string_view header = request.header("authorization");
  constexpr std::string_view kScheme = "Basic ";
  if (!header.starts_with(kScheme)) return {};
  const auto pair = from_base64(header.substr(kScheme.size()));
  const std::size_t colon = pair ? pair->find(':') : Bytes::npos;
  return colon == Bytes::npos ? std::string() : pair->substr(colon + 1);
}

// CloudEvents 1.0, HTTP binding: structured, batched, or binary, where the attributes are headers and the body is the data.
Result<Json> events_of(const net::Request& request) {
  std::string type(request.header("content-type"));
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (type.starts_with("application/cloudevents")) return parse_json(request.body);
  JsonObject headers;
  for (const char* name : {"ce-id", "ce-type", "ce-time", "ce-source", "ce-inferenceservicename"})
    if (const std::string_view value = request.header(name); !value.empty()) headers[name] = value;
  if (!headers.contains("ce-id") || !headers.contains("ce-type"))
    return fail(Code::kInvalid, "this is no CloudEvent: it has neither ce-id and ce-type as headers nor Content-Type: application/cloudevents+json");
  return Json(JsonObject{{"headers", std::move(headers)}, {"body", request.body}});
}

}  // namespace

void Api::add_tap_routes() {
  router_.post("/api/v1/streams/{stream}/taps/{format}", [this](net::Request request, net::Responder responder) {
    const std::string token = token_of(request);
    if (!token.empty()) {
      std::erase_if(request.headers, [](const auto& header) { return header.first == "authorization"; });
      request.headers.emplace_back("authorization", "Bearer " + token);
    }
    if (const auto who = authorize(request, kIngest); !who) return responder.fail(who.error());
    const std::string stream = request.param("stream"), columns = request.query_or("columns");
    const auto format = taps::parse_format(request.param("format"));
    if (!format) return responder.fail(format.error());
    if (*format == taps::Format::kKServe) {
      const auto events = events_of(request);
      const auto taken = events ? parts_.tap.events(stream, *events, columns) : Result<Json>(fail(Error(events.error())));
      return taken ? responder(net::json_response(*taken, 202)) : responder.fail(taken.error());
    }
    record::Stream* const into = parts_.streams.get(stream);
    if (into == nullptr)
      return responder.fail(Error{Code::kNotFound, fmt::format("there is no stream '{}': 'firebreak onboard {}' makes it", stream, stream), {}, 0});
    const auto records = parts_.tap.lines(stream, *format, request.body, columns);
    if (!records) return responder.fail(records.error());
    into->admit(*records, {}, [this, stream, responder](Result<record::Receipt> receipt) {
      if (!receipt) return responder.fail(receipt.error());
      if (parts_.admitted) parts_.admitted(stream);
      responder(net::json_response(record::to_json(*receipt)));
    });
  });
}

}  // namespace firebreak::api
