// What the API and the metrics of a server are made of.
#include <fmt/core.h>

#include "log/ledger/log.h"
#include "read/events/stix.h"
#include "run/app/amendments.h"
#include "run/app/app_impl.h"
#include "run/app/context.h"
#include "run/app/report_draft.h"
#include "run/app/reporter.h"
#include "run/app/tracer.h"
#include "run/app/backtest_job.h"
#include "run/app/checklist.h"
#include "run/app/finding_replay.h"

namespace firebreak::api {
std::string_view openapi();  // content/api/openapi.yaml, embedded
}

namespace firebreak::app {

void App::Impl::add_gauges() {
  metrics.gauge_function("firebreak_journal_entries", "Durable journal entries",
                         [this] { return static_cast<double>(journal->size()); });
  metrics.gauge_function("firebreak_detector_lag_records", "Records that detectors have not read yet", [this] {
    double behind = 0;
    for (const StreamFeed* feed : feeds.all()) behind += static_cast<double>(feed->behind());
    return behind;
  });
  metrics.gauge_function("firebreak_detector_state_bytes", "Memory of the detectors", [this] {
    double bytes = 0;
    for (const StreamFeed* feed : feeds.all()) bytes += static_cast<double>(feed->detector_bytes());
    return bytes;
  });
  metrics.gauge_function("firebreak_stream_records", "Durable records of all streams", [this] {
    double records = 0;
    for (const std::string& name : streams->list())
      if (record::Stream* stream = streams->get(name)) records += static_cast<double>(stream->size());
    return records;
  });
}

Result<void> App::Impl::start_api() {
  add_gauges();
  api::Parts parts{*journal, *streams, *views, *blobs, clock(), metrics, api::openapi(), {}, {}, {}, {}, {}, random};
  parts.texts = texts.get();
  parts.people = people.get();
  parts.sealed = sealed.get();
  if (options.fed_clock) parts.feed_clock = [this](Time to) { return clockwork->feed(to); };
  parts.picture = [this](const std::string& incident) { return pictures->of(incident); };
  // A fed clock may stand for ever: an endpoint's first records start its detectors nevertheless.
  parts.admitted = [this](const std::string& stream) {
    if (feeds.find(stream) != nullptr) return;
    const std::lock_guard held(making_mutex);
    if (!making.insert(stream).second) return;  // it is on its way: one try for all batches that wait
    jobs->post([this, stream] {
      {
        const std::lock_guard done(making_mutex);
        making.erase(stream);
      }
      feed_maker->make(stream);
    });
  };
  parts.detectors = [this](const std::string& endpoint) { return feed_maker->configuration_of(endpoint); };
  parts.backtest = [this](const Json& asked) { return run_backtest(*context, *feed_maker, asked); };
  parts.replay = [this](const std::string& finding) { return feed_maker->replay(finding); };
  parts.apply_rules = [this](const Json& body, const std::string& actor) { return feed_maker->rules().apply_set(body, actor); };
  parts.amendment = [this](const std::string& incident, const Json& asked) { return make_amendment(*context, feed_maker->rules(), incident, asked); };
  parts.amendment_content = [this](const Json& amendment) { return amendment_content(*context, amendment); };
  parts.rule_key = [this](const std::string& rule) { return feed_maker->rules().key_of(rule); };
  parts.rules_status = [this] { return feed_maker->rules().status(); };
  parts.endpoint_status = [this] { return feed_maker->status(); };
  parts.performance = [this](const std::string& endpoint) -> Result<Json> {
    const StreamFeed* const feed = feeds.find(endpoint);
    Json report = feed == nullptr ? Json(nullptr) : feed->performance();
    if (report.is_null())
      return fail(Code::kNotFound, fmt::format("no detectors run for '{}'; GET /api/v1/status says what they wait for", endpoint));
    return report;
  };
  parts.room = [this](const net::Request& request) {
    return room->handle(std::string(request.header("x-slack-request-timestamp")), std::string(request.header("x-slack-signature")), std::string(request.header("content-type")), request.body, system_clock.now());
  };
  parts.label_check = [this](const std::string& framework, const std::string& version, const std::string& id) { return frameworks.check(framework, version, id); };
  parts.frameworks = [this] { return frameworks.list(); };
  parts.framework_ids = [this](const std::string& framework, const std::string& version, const std::string& kind) { return frameworks.ids(framework, version, kind); };
  parts.stix = [this](Json incident, const std::string& tlp) {
    if (Json* const labels = incident.as_object().if_contains("labels"); labels != nullptr && labels->is_array())
      for (Json& label : labels->get_array())
        if (std::string name = frameworks.name_of(string_or(label, "framework"), string_or(label, "version"), string_or(label, "label")); !name.empty()) label.as_object()["name"] = std::move(name);
    return events::stix_bundle(incident, {installation, tlp, exercise.banner});
  };
  parts.ticket_news = [this](const std::string& tracker, const net::Request& request) { return tickets->heard(tracker, request, system_clock.now()); };
  parts.readiness = [this](const std::string& endpoint) { return readiness->report(endpoint); };
  parts.host_names = options.host_names;
  parts.exercise = exercise.banner;
  parts.exercise_script = [this] { return script_of(files, exercise); };
  parts.published = [this](const std::string& name, const ledger::Log& log) { return attestations->published(name, log); };
  parts.cosigned = [this](const std::string& name) { return attestations->cosigned(name); };
  parts.attested = [this] { return attestations->status(); };
  parts.offsite = [this] { return offsite->status(); };
  parts.erase = [this](const Json& body, const std::string& actor) { return erasures->request(body, actor); };
  parts.hold = [this](const Json& body, const std::string& actor) { return erasures->hold(body, actor); };
  parts.keeping_status = [this] { return erasures->status(); };
  parts.erasure = [this](const std::string& id) { return erasures->status_of(id); };
  parts.retention_status = [this] { return retention->status(); };
  parts.remedy = [this](const std::string& incident, const std::string& state, const std::string& cursor, std::size_t limit) {
    return remedies->rows().page(incident, state, cursor, limit);
  };
  parts.remedy_export = [this](const std::string& incident, const std::string& format, const std::string& actor) {
    return remedies->rows().exported(incident, format, actor);
  };
  parts.taint = [this](const std::string& incident) { return remedies->taint(incident); };
  parts.archive = {[this] { return archivist->status(); }, [this](const Json& body, const std::string&) { return archivist->build(body); },
                   [this](const Json& body, const std::string& who) { return archivist->query(body, who); },
                   [this](const Json& body, const std::string& who) { return archivist->impact(body, who); },
                   [this](const Json& body, const std::string& who) { return archivist->query_parquet(body, who); },
                   [this](const Json& body, const std::string& who) { return archivist->impact_parquet(body, who); },
                   [this](const std::string& stream, const std::string& file, const std::string& who) { return archivist->file(stream, file, who); }};
  intake = std::make_unique<Intake>(*context, parts.admitted);
  intake->start();
  parts.tap = {[this](const std::string& stream, taps::Format format, std::string_view body, const std::string& columns) {
                 return intake->lines(stream, format, body, columns);
               },
               [this](const std::string& stream, const Json& events, const std::string& columns) { return intake->events(stream, events, columns); }};
  FIREBREAK_ASSIGN(const Json list, shipped_checklist());
  parts.checklist = [list](const Json& incident) { return checklist_of(list, incident); };
  parts.clock_state = [this] { return clockwork->state(); };
  parts.set_clock_rate = [this](const Json& rate, const std::string& reason, const std::string& by) {
    return clockwork->set_rate(rate, reason, by);
  };
  parts.report = [this](const std::string& incident, const Json& player) {
    projection->wake();
    projection->wait_idle();
    return make_report(*context, *views, options.data_dir, incident, player, offsite->status(), exercise.banner);
  };
  parts.draft = [this](const std::string& incident, const std::string& regime, const std::string& stage) {
    return draft_report(*views, configuration.organisation, incident, regime, stage);
  };
  parts.trace = [this](const std::string& id, const std::string& stream) { return trace(*context, id, stream); };
  parts.create_stream = [this](const record::StreamConfig& config) { return create_stream(config); };
  parts.healthy = [this] { return journal->healthy(); };
  api = std::make_unique<api::Api>(std::move(parts));
  net::ServerOptions server_options;
  server_options.host = options.host;
  server_options.port = options.port;
  server_options.handler_threads = 6;  // handlers wait for the disk and, in fed mode, for the story
  server_options.body_limit = limits::kDocumentBytes;
  FIREBREAK_ASSIGN(server, net::HttpServer::start(server_options, [this](net::Request request, net::Responder responder) {
                     api->handle(std::move(request), std::move(responder));
                   }));
  return {};
}

}  // namespace firebreak::app
