#include "run/app/forecast_job.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/contain/contain.h"
#include "fold/contain/forecast.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;

// Endpoint, chains and first sightings, as the journal and the feed know them.
Result<contain::ForecastInput> gather(const Context& context, const Json& request) {
  contain::ForecastInput input;
  FIREBREAK_ASSIGN(input.incident, get_string(request, "incident"));
  FIREBREAK_ASSIGN(const std::string endpoint, get_string(request, "endpoint"));
  bool known = false;
  context.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<contain::ContainState>("contain");
    if (const auto slot = state.endpoints.find(endpoint); slot != state.endpoints.end()) {
      input.endpoint = slot->second.endpoint;
      known = true;
    }
    for (const auto& [id, chain] : state.chains) {
      if (chain.incident != input.incident) continue;
      for (const auto& [caller, index] : chain.members.callers) input.chain_callers.insert(caller);
      for (const auto& [digest, index] : chain.members.digests) input.chain_digests.insert(digest);
    }
  });
  if (!known) return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint));
  if (const StreamFeed* feed = context.feeds.find(endpoint)) input.first_seen = feed->first_seen_all();
  return input;
}

Result<void> read_rows(const Context& context, contain::ForecastInput& input) {
  record::Stream* stream = context.streams.get(input.endpoint.name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", input.endpoint.name));
  record::ObservationReader reader(input.endpoint.features);
  const std::uint64_t end = stream->size();
  for (std::uint64_t at = 0; at < end;) {
    FIREBREAK_ASSIGN(at, stream->read_from(at, kPiece, [&](const record::Record& record) {
      if (record.kind != record::Kind::kInference) return;
      const auto observation = reader.read(record);
      if (observation && observation->time >= input.from && observation->time <= input.to)
        input.rows.push_back(contain::forecast_row(*observation, input.endpoint));
    }));
  }
  std::stable_sort(input.rows.begin(), input.rows.end(),
                   [](const contain::ForecastRow& a, const contain::ForecastRow& b) { return a.time < b.time; });
  return {};
}

Result<Draft> options_for(const Context& context, const Entry& requested) {
  FIREBREAK_ASSIGN(contain::ForecastInput input, gather(context, requested.body));
  input.to = context.clock.now();
  input.from = input.to - int_or(requested.body, "days", 3) * kDay;
  FIREBREAK_TRY(read_rows(context, input));
  JsonArray options;
  for (Json& option : contain::forecast_options(input)) options.push_back(std::move(option));
  Draft draft{"options_offered",
              JsonObject{{"request", requested.id("req")},
                         {"incident", input.incident},
                         {"endpoint", input.endpoint.name},
                         {"options", options},
                         {"method", contain::forecast_method(input)}},
              "forecast", requested.id("req"), {}};
  return draft;
}

}  // namespace

void offer_options(const Context& context, const Entry& requested) {
  auto draft = options_for(context, requested);
  if (!draft) return context.logger.error("options could not be forecast", draft.error());
  if (auto group = context.journal.submit_wait(std::move(*draft)); !group)
    context.logger.error("forecast options were not taken by the journal", group.error());
}

}  // namespace firebreak::app
