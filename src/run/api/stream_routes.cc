#include <fmt/core.h>

#include <charconv>

#include "log/record/rows.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

Result<record::Producer> producer_of(const net::Request& request, const access::Principal& who) {
  record::Producer producer;
  producer.owner = who.actor();
  producer.name = std::string(request.header("firebreak-producer"));
  if (producer.name.size() > limits::kIdBytes)
    return fail(Code::kInvalid, fmt::format("Firebreak-Producer is longer than {} octets", limits::kIdBytes));
  const std::string_view text = request.header("firebreak-sequence");
  if (text.empty()) return producer;
  if (producer.name.empty()) return fail(Code::kInvalid, "Firebreak-Sequence needs Firebreak-Producer beside it");
  std::uint64_t sequence = 0;
  if (const auto [at, ec] = std::from_chars(text.data(), text.data() + text.size(), sequence);
      ec != std::errc() || at != text.data() + text.size())
    return fail(Code::kInvalid, "Firebreak-Sequence must be a whole number");
  producer.sequence = sequence;
  const std::string_view content = request.header("firebreak-content");
  if (content.empty()) return producer;
  if (const auto [at, ec] = std::from_chars(content.data(), content.data() + content.size(), producer.content, 16);
      ec != std::errc() || at != content.data() + content.size() || content.size() != 16)
    return fail(Code::kInvalid, "Firebreak-Content must be 16 hexadecimal digits");
  return producer;
}

}  // namespace

// A clock that is fed stands still while a batch travels: there is nothing to measure then.
void Api::note_clock(const net::Request& request, const std::string& host) {
  const auto sent = parse_time(request.header("firebreak-sent"));
  if (!sent || parts_.feed_clock) return;
  if (const auto news = host_clocks_.note(host, *sent, parts_.clock.now()))
    parts_.journal.submit(Draft{"host_clock_seen", host_clock_json(*news), "firebreak", {}, {}}, [](Result<journal::Group>) {});
}

JsonObject host_clock_json(const HostClock& clock) {
  return {{"host", clock.host}, {"ahead_ms", clock.ahead_us / 1'000}, {"spread_ms", clock.spread_us / 1'000}, {"batches", clock.batches}, {"seen", format_time(clock.seen)}};
}

void Api::add_stream_routes() {
  guarded("PUT", "/api/v1/streams/{stream}", Needs{Duty::kAdminister, Cell::kDoSecond},
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Json document, parse_json(request.body));
            FIREBREAK_ASSIGN(const auto config, record::stream_config_from_json(request.param("stream"), document));
            FIREBREAK_TRY(parts_.create_stream(config));
            return net::json_response(record::to_json(config), 201);
          });

  guarded("GET", "/api/v1/streams/{stream}/records", kPeople,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            record::Stream* stream = parts_.streams.get(request.param("stream"));
            if (stream == nullptr)
              return fail(Code::kNotFound, fmt::format("there is no stream '{}'", request.param("stream")));
            FIREBREAK_ASSIGN(const std::uint64_t from, whole_number(request.query_or("from", "0"), "from"));
            FIREBREAK_ASSIGN(const std::uint64_t limit, whole_number(request.query_or("limit", "1000"), "limit"));
            if (limit < 1 || limit > 5000) return fail(Code::kInvalid, "'limit' must be 1 to 5000");
            JsonArray items;
            FIREBREAK_ASSIGN(const std::uint64_t next, stream->read_from(from, limit, [&](const record::Record& record) {
              items.push_back(JsonObject{{"index", record.index},
                                         {"admitted", format_time(record.admitted)},
                                         {"record", record.fields()}});
            }));
            return net::json_response(JsonObject{{"items", items}, {"next", next}, {"size", stream->size()}});
          });

  guarded("GET", "/api/v1/streams/{stream}/schemas", kIngest,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            record::Stream* stream = parts_.streams.get(request.param("stream"));
            if (stream == nullptr)
              return fail(Code::kNotFound, fmt::format("there is no stream '{}'", request.param("stream")));
            JsonArray schemas;
            for (const auto& schema : stream->schemas()) schemas.push_back(record::to_json(*schema));
            return net::json_response(JsonObject{{"schemas", schemas}});
          });

  // Not through guarded(): the answer comes from the log's writer thread, when the batch is durable.
  Histogram& latency = parts_.metrics.histogram("firebreak_ingest_seconds", "From request to durable receipt");
  Counter& batches = parts_.metrics.counter("firebreak_ingest_batches_total", "Batches answered with a receipt");
  router_.post("/api/v1/streams/{stream}/records", [this, &latency, &batches](net::Request request,
                                                                             net::Responder responder) {
    const auto who = authorize(request, kIngest);
    if (!who) return responder.fail(who.error());
    const std::string_view type = request.header("content-type");
    const bool rows = type == record::kRowsType;
    if (!rows && !type.starts_with("application/x-ndjson"))
      return responder(net::problem(415, Error{Code::kInvalid,
                                               fmt::format("records come as Content-Type: application/x-ndjson or {}",
                                                           record::kRowsType),
                                               {}, 0}));
    record::Stream* stream = parts_.streams.get(request.param("stream"));
    if (stream == nullptr)
      return responder.fail(Error{Code::kNotFound,
                                  fmt::format("there is no stream '{}': make it with PUT /api/v1/streams/{}",
                                              request.param("stream"), request.param("stream")),
                                  {}, 0});
    const auto producer = producer_of(request, *who);
    if (!producer) return responder.fail(producer.error());
    note_clock(request, producer->name.empty() ? who->actor() : producer->name);
    const std::int64_t start_us = parts_.clock.steady_us();
    const std::string name = request.param("stream");
    const std::size_t octets = request.body.size();
    const auto admit = [this, stream, name, responder, start_us, &latency, &batches, body = std::move(request.body), producer = *producer, rows] {
      stream->admit(body, producer, [this, name, responder, start_us, &latency, &batches](Result<record::Receipt> receipt) {
        if (!receipt) return responder.fail(receipt.error());
        if (parts_.admitted) parts_.admitted(name);
        latency.observe(static_cast<double>(parts_.clock.steady_us() - start_us) / 1e6);
        batches.add();
        responder(net::json_response(record::to_json(*receipt)));
      }, rows ? record::BatchForm::kRows : record::BatchForm::kNdjson);
    };
    if (auto queued = ingest_.run(name, octets, admit); !queued) responder.fail(queued.error());
  });
}

}  // namespace firebreak::api
