#include "run/app/app.h"

#include <fmt/core.h>

#include "fold/access/access.h"
#include "fold/casefile/casefile.h"
#include "fold/contain/contain.h"
#include "fold/exercise/exercise.h"
#include "fold/incident/incident.h"
#include "fold/keeping/keeping.h"
#include "fold/notify/notify.h"
#include "fold/playbook/playbook.h"
#include "fold/provenance/provenance.h"
#include "fold/recall/recall.h"
#include "fold/reporting/reporting.h"
#include "fold/remedy/remedy.h"
#include "fold/ticket/ticket.h"
#include "log/ledger/log.h"
#include "log/ledger/verify.h"
#include "run/app/app_impl.h"
#include "run/app/bootstrap.h"
#include "run/app/evidence_job.h"
#include "run/app/exercise.h"
#include "run/app/forecast_job.h"
#include "run/app/gate_job.h"
#include "run/app/impact_job.h"
#include "run/app/replay_job.h"
#include "world/connect/make_caller.h"
#include "run/app/log_guard.h"
#include "world/connect/gateway_connector.h"

namespace firebreak::app {
namespace {

constexpr int kFormat = 1;  // of the data folder

std::vector<std::unique_ptr<journal::Fold>> all_folds() {
  std::vector<std::unique_ptr<journal::Fold>> folds;
  folds.push_back(journal::make_fold<access::AccessState>(access::kFoldName, access::kSchemaVersion, access::decide,
                                                          access::apply, access::to_json, access::state_from_json));
  folds.push_back(journal::make_fold<provenance::ProvenanceState>(
      provenance::kFoldName, provenance::kSchemaVersion, provenance::decide, provenance::apply, provenance::to_json,
      provenance::state_from_json));
  folds.push_back(journal::make_fold<incident::IncidentState>(incident::kFoldName, incident::kSchemaVersion,
                                                              incident::decide, incident::apply, incident::to_json,
                                                              incident::incident_state_from_json));
  folds.push_back(journal::make_fold<playbook::PlaybookState>(playbook::kFoldName, playbook::kSchemaVersion,
                                                              playbook::decide, playbook::apply, playbook::to_json,
                                                              playbook::playbook_state_from_json));
  folds.push_back(journal::make_fold<contain::ContainState>(contain::kFoldName, contain::kSchemaVersion,
                                                            contain::decide, contain::apply, contain::to_json,
                                                            contain::contain_state_from_json));
  folds.push_back(journal::make_fold<keeping::KeepingState>(keeping::kFoldName, keeping::kSchemaVersion, keeping::decide,
                                                            keeping::apply, keeping::to_json, keeping::state_from_json));
  folds.push_back(journal::make_fold<casefile::CasefileState>(casefile::kFoldName, casefile::kSchemaVersion, casefile::decide,
                                                              casefile::apply, casefile::to_json, casefile::state_from_json));
  folds.push_back(journal::make_fold<reporting::ReportingState>(reporting::kFoldName, reporting::kSchemaVersion,
                                                                reporting::decide, reporting::apply, reporting::to_json,
                                                                reporting::state_from_json));
  folds.push_back(journal::make_fold<notify::NotifyState>(notify::kFoldName, notify::kSchemaVersion, notify::decide,
                                                          notify::apply, notify::to_json, notify::notify_state_from_json));
  folds.push_back(journal::make_fold<exercise::ExerciseState>(exercise::kFoldName, exercise::kSchemaVersion, exercise::decide,
                                                              exercise::apply, exercise::to_json, exercise::state_from_json));
  folds.push_back(journal::make_fold<remedy::RemedyState>(remedy::kFoldName, remedy::kSchemaVersion, remedy::decide,
                                                          remedy::apply, remedy::to_json, remedy::state_from_json));
  folds.push_back(journal::make_fold<recall::RecallState>(recall::kFoldName, recall::kSchemaVersion, nullptr, recall::apply,
                                                          recall::to_json, recall::state_from_json));
  folds.push_back(journal::make_fold<ticket::TicketState>(ticket::kFoldName, ticket::kSchemaVersion, ticket::decide,
                                                          ticket::apply, ticket::to_json, ticket::ticket_state_from_json));
  return folds;
}

Result<void> check_format(Files& files, const std::string& dir) {
  const std::string path = dir + "/FORMAT";
  if (!exists(files, path)) return write_atomic(files, path, fmt::format("firebreak-data {}\n", kFormat));
  FIREBREAK_ASSIGN(const std::string text, read_all(files, path));
  if (text == fmt::format("firebreak-data {}\n", kFormat)) return {};
  return fail(Code::kConflict, fmt::format("{} says '{}': this program reads format {}; use the version that wrote it",
                                           path, text.substr(0, text.find('\n')), kFormat));
}

}  // namespace

std::string_view version() { return FIREBREAK_VERSION; }

Result<void> App::Impl::start() {
  FIREBREAK_TRY(open_folder());
  FIREBREAK_TRY(open_journal());
  FIREBREAK_TRY(open_stores());
  FIREBREAK_TRY(open_connectors());
  FIREBREAK_TRY(start_workers());
  FIREBREAK_TRY(follow_journal());
  FIREBREAK_TRY(apply_content());
  write_contacts();
  FIREBREAK_TRY(start_api());
  clockwork->start();
  attestations->start();
  archivist->start();
  retention->start();
  offsite->start();
  return {};
}

Result<void> App::Impl::open_folder() {
  FIREBREAK_TRY(files.make_dir(options.data_dir));
  auto held = files.lock(options.data_dir + "/LOCK");
  if (!held) return fail(std::move(held.error()).with(fmt::format("data folder {} (is another server running?)", options.data_dir)));
  lock = std::move(*held);
  FIREBREAK_TRY(check_format(files, options.data_dir));
  if (!options.exercise.empty()) FIREBREAK_TRY(refuse_outside(files, options));  // before a secret is read
  FIREBREAK_ASSIGN(configuration, load_configuration(files, options.config));
  return {};
}

Result<void> App::Impl::open_journal() {
  ledger::Options ledger_options;
  FIREBREAK_ASSIGN(ledger_options.key,
                   ledger::SigningKey::load_or_create(files, ledger::key_path_of(options.data_dir, "journal"),
                                                      "firebreak/journal", random));
  ledger_options.reserve_bytes = 64 * limits::kMiB;
  ledger::Recovery recovery;
  FIREBREAK_ASSIGN(auto log, ledger::Log::open(files, system_clock, ledger::log_dir_of(options.data_dir, "journal"),
                                               std::move(ledger_options), &recovery));
  FIREBREAK_ASSIGN(views, views::Views::open(options.data_dir + "/views.sqlite"));
  FIREBREAK_ASSIGN(journal_why, check_journal(files, *log, options.data_dir, views->next_index(), options.accept_rollback));
  if (!journal_why.empty()) {  // an operator wants to go on with less: what shows more goes
    views.reset();
    FIREBREAK_TRY(drop_derived(files, options.data_dir));
    FIREBREAK_ASSIGN(views, views::Views::open(options.data_dir + "/views.sqlite"));
  }
  journal::Options journal_options;
  journal_options.logger = &logger;
  FIREBREAK_ASSIGN(texts, evidence::Texts::open(files, random, options.data_dir));
  journal_options.keep_text = [this](std::string_view text) { return texts->keep(text); };
  FIREBREAK_ASSIGN(journal, journal::Journal::open(std::move(log), files, clock(), options.data_dir + "/snapshots",
                                                   journal_options, all_folds()));
  journal->with_state([&](const journal::View& view) { fed_clock.feed(view.time()); });
  FIREBREAK_ASSIGN(exercise, begin_exercise(files, *journal, options));
  JsonObject started{{"version", version()},
                     {"clock", options.fed_clock ? "fed" : "system"},
                     {"logs", JsonArray{JsonObject{{"name", "journal"},
                                                   {"size", recovery.size},
                                                   {"cut_octets", recovery.cut_octets()}}}}};
  FIREBREAK_TRY(journal->submit_wait(Draft{"server_started", std::move(started), "firebreak", {}, {}}));
  return {};
}

Result<void> App::Impl::open_stores() {
  FIREBREAK_ASSIGN(people, vault::People::open(files, random, options.data_dir));
  FIREBREAK_ASSIGN(sealed, evidence::SealedNotes::open(files, random, options.data_dir));
  FIREBREAK_ASSIGN(auto store, evidence::BlobStore::open(files, options.data_dir + "/blobs"));
  blobs = std::make_unique<evidence::BlobStore>(std::move(store));
  FIREBREAK_ASSIGN(streams, record::Streams::open(files, clock(), random, options.data_dir));
  streams->set_known_model([this](std::string_view digest) {
    bool known = false;
    journal->with_state([&](const journal::View& view) {
      known = provenance::known_models(view.state<provenance::ProvenanceState>(provenance::kFoldName))
                  .contains(std::string(digest));
    });
    return known;
  });
  return {};
}

Result<void> App::Impl::open_connectors() {
  for (const auto& [name, settings] : configuration.gateways) {
    FIREBREAK_ASSIGN(const std::string url, get_string(settings, "control"));
    FIREBREAK_ASSIGN(std::string path, get_string(settings, "token_file"));
    if (!path.starts_with('/')) path = options.data_dir + "/" + path;
    FIREBREAK_ASSIGN(const std::string token, token_file(files, random, path));
    connectors[name] = std::make_unique<connect::GatewayConnector>(url, token);
  }
  const auto keep = [this](std::string document) -> Result<std::string> {
    FIREBREAK_ASSIGN(const Digest digest, blobs->put(document));
    return digest.hex();
  };
  for (const connect::CallerConfig& caller : configuration.callers) {
    FIREBREAK_ASSIGN(callers[caller.name], connect::make_caller(caller, system_clock, keep));
  }
  return {};
}

Result<void> App::Impl::start_workers() {
  context = std::make_unique<Context>(Context{files, clock(), logger, metrics, *journal, *streams, *blobs, *texts, feeds,
                                              connectors, configuration.rules});
  archivist = std::make_unique<Archivist>(*context, options.data_dir);
  jobs = std::make_unique<TaskThread>();
  pictures = std::make_unique<Pictures>(*context, *views);
  const auto forget = [this](const std::string& stream) {
    pictures->forget();
    jobs->post([this, stream] { feed_maker->forget(stream); });
    return archivist->forget(stream);
  };
  erasures = std::make_unique<Erasures>(*context, options.data_dir,
                                        Erasures::Parts{forget, [this](const std::string& stream) { return archivist->behind(stream); }});
  retention = std::make_unique<Retention>(*context, forget, [this] { jobs->post([this] { erasures->carry_out(); }); });
  const auto forgotten = [this] { jobs->post([this] { erasures->note_forgotten(); }); };
  attestations = std::make_unique<Attestations>(*context, random, options.data_dir);
  FIREBREAK_TRY(attestations->configure(configuration.attesters));
  offsite = std::make_unique<Offsite>(*context, random, options.data_dir);
  offsite->configure(configuration.store);
  projection = std::make_unique<Projection>(*views, *journal, *texts, logger);
  worker = std::make_unique<effects::Worker>(effect_hooks(), effects::RetryPolicy{});
  // The journal's public key is this installation's and no other's.
  FIREBREAK_ASSIGN(const std::string vkey, read_all(files, ledger::log_dir_of(options.data_dir, "journal") + "/vkey"));
  FIREBREAK_ASSIGN(frameworks, Frameworks::load(files, configuration.frameworks));
  installation = sha256(vkey).hex().substr(0, 12);
  calls = std::make_unique<Calls>(*context, configuration.playbooks, callers, installation);
  room = std::make_unique<Room>(*context, configuration.notify.room);
  deliveries = std::make_unique<Deliveries>(*context, configuration.notify, installation);
  tickets = std::make_unique<Tickets>(*context, configuration.tickets, installation);
  FIREBREAK_ASSIGN(ledger::SigningKey key, ledger::SigningKey::load_or_create(files, ledger::key_path_of(options.data_dir, "journal"), "firebreak/journal", random));
  remedies = std::make_unique<Remedies>(*context, std::move(key));
  feed_maker = std::make_unique<FeedMaker>(*context, configuration.detectors, forgotten);
  readiness = std::make_unique<Readiness>(*context, *views, [this] { return feed_maker->status(); });
  clockwork = std::make_unique<Clockwork>(*context, *jobs, *projection, *worker, *calls, *deliveries, *tickets,
                                          options.fed_clock ? &fed_clock : nullptr, [this] {
                                            write_contacts();
                                            for (const std::string& name : feed_maker->worth_trying())
                                              jobs->post([this, name] { feed_maker->make(name); });
                                            readiness->look(clock().now());
                                          });
  return {};
}

// What was asked and not answered before a restart is taken up again, from the entries that still matter (fold/recall); then every new
// group is followed.
Result<void> App::Impl::follow_journal() {
  LogGuard guard;
  std::vector<std::uint64_t> matter;
  std::uint64_t end = 0;
  journal->with_state([&](const journal::View& view) {
    matter = recall::matter(view.state<recall::RecallState>(recall::kFoldName), configuration.store.has_value());
    end = view.size();
  });
  for (const std::uint64_t index : matter) {
    FIREBREAK_ASSIGN(const auto entries, journal->entries(index, 1));
    if (entries.empty()) return fail(Code::kCorrupt, fmt::format("journal entry {} is not there", index));
    const Entry& entry = entries.front();
    requests.apply(entry);
    erase_text(entry);
    feed_maker->apply(entry);
    guard.apply(entry);
    attestations->apply(entry);
    readiness->apply(entry);
    archivist->apply(entry);
    offsite->apply(entry);
    if (entry.kind == "clock_fed") clockwork->remember(entry);
    if (entry.kind == "config_applied") last_configuration = string_or(entry.body, "digest");
  }
  FIREBREAK_TRY(guard.check(*context, options.data_dir, options.accept_rollback, journal_why));
  if (!options.events.empty()) {
    FIREBREAK_ASSIGN(const events::Format format, events::parse_format(options.events_format));
    FIREBREAK_ASSIGN(events_file, EventsFile::open(files, options.events, format, *journal, logger, std::string(version()), shipped_meanings(*blobs)));
  }
  for (const std::string& endpoint : feed_maker->endpoints())
    jobs->post([this, endpoint] { feed_maker->make(endpoint); });
  jobs->post([this] { feed_maker->use_rules(); });
  for (const Entry& entry : requests.open()) take_request(entry);
  jobs->post([this] { erasures->carry_out(); });
  remedies->resume();
  take_open_calls();
  FIREBREAK_ASSIGN(subscription, journal->subscribe([this](const journal::Group& group) { on_group(group); }, end));
  take_orders();
  deliveries->take();
  tickets->take();
  projection->wake();
  return {};
}

void App::Impl::on_group(const journal::Group& group) {
  bool orders = false, steps_ended = false, notices = false, told = false;
  for (const Entry& entry : group.entries) {
    erase_text(entry);
    feed_maker->apply(entry);
    archivist->apply(entry);
    offsite->apply(entry);
    take_request(entry);
    remedies->take(entry);
    if (entry.kind == "detectors_approved") {
      const std::string endpoint = FeedMaker::endpoint_of(entry);
      jobs->post([this, endpoint] { feed_maker->retune(endpoint); });
    }
    if (entry.kind == "playbook_call_ordered") take_call(entry);
    steps_ended = steps_ended || entry.kind == "playbook_step_ended" || entry.kind == "playbook_run_ended";
    told = told || entry.kind == "ticket_call_ordered" || entry.kind == "ticket_call_due" || entry.kind == "ticket_call_ended" || entry.kind == "ticket_unlinked";
    notices = notices || entry.kind == "delivery_ordered" || entry.kind == "delivery_due";
    if (entry.kind.starts_with("oncall_override") || entry.kind == "notify_applied") contacts_written = Time{};
    orders = orders || entry.kind == "order" || entry.kind == "order_outcome" || entry.kind == "thawed";
    if (entry.kind == "rules_applied") jobs->post([this] { feed_maker->use_rules(); });
    if (entry.kind == "release_registered" || entry.kind == "endpoint_registered") {
      const std::string endpoint = FeedMaker::endpoint_of(entry);
      jobs->post([this, endpoint] { feed_maker->make(endpoint); });
    }
  }
  if (orders) take_orders();
  if (steps_ended) calls->look();
  if (notices) deliveries->take();
  if (told) tickets->take();
  projection->wake();
  if (events_file) events_file->wake();
}

void App::Impl::erase_text(const Entry& entry) {
  if (auto erased = texts->apply(entry); !erased)
    logger.error("a text that is erased is still on the disk; the next start removes it", erased.error());
  if (auto released = sealed->apply(entry); !released)
    logger.error("a note that was released still has its sealed copy; the next start destroys it", released.error());
}

void App::Impl::take_request(const Entry& entry) {
  if (entry.kind == "evidence_requested") jobs->post([this, entry] { capture_evidence(*context, entry); });
  if (entry.kind == "forecast_requested") jobs->post([this, entry] { offer_options(*context, entry); });
  if (entry.kind == "erase_ordered") jobs->post([this] { erasures->carry_out(); });
  if (entry.kind == "gate_requested") jobs->post([this, entry] { run_gates(*context, entry); });
  if (entry.kind == "impact_requested") jobs->post([this, entry] { tell_impact(*context, entry); });
  if (entry.kind == "replay_requested") jobs->post([this, entry] { replay_two_by_two(*context, entry); });
}

void App::Impl::take_orders() {
  std::vector<contain::OpenOrder> open;
  journal->with_state([&](const journal::View& view) {
    open = contain::open_orders(view.state<contain::ContainState>(contain::kFoldName));
  });
  for (contain::OpenOrder& order : open) {
    if (!orders_taken.insert(order.fence).second) continue;
    const int attempts = static_cast<int>(order.started ? order.attempt : order.attempt - 1);
    worker->take({order.id, order.fence, order.action, order.endpoint, order.connector, order.verb,
                  std::move(order.extension), attempts});
  }
}

// Those that were ordered before the subscription; later ones come with their entries.
void App::Impl::take_open_calls() {
  std::vector<playbook::Call> open;
  journal->with_state([&](const journal::View& view) { open = playbook::open_calls(view.state<playbook::PlaybookState>(playbook::kFoldName)); });
  for (playbook::Call& call : open) {
    newest_call = index_of(call.id);
    if (string_or(call.ordered, "call") != "notify") calls->take(std::move(call));  // that one is answered by fold/notify
  }
}

void App::Impl::take_call(const Entry& entry) {
  if (entry.index <= newest_call) return;
  std::optional<playbook::Call> call;
  journal->with_state([&](const journal::View& view) { call = playbook::open_call(view.state<playbook::PlaybookState>(playbook::kFoldName), entry.id("call")); });
  if (call && string_or(call->ordered, "call") != "notify") calls->take(std::move(*call));
}

// Whom to call when nothing else works: anew when turns were changed, and once an hour.
void App::Impl::write_contacts() {
  const Time now = clock().now();
  if (configuration.notify.channels.empty() && configuration.notify.contacts.empty()) return;
  if (const Time last = contacts_written; last.us != 0 && now - last < kHour) return;
  contacts_written = now;
  Json oncall;
  journal->with_state([&](const journal::View& view) { oncall = notify::oncall_view(view.state<notify::NotifyState>(notify::kFoldName), now); });
  if (auto written = write_atomic(files, options.data_dir + "/contacts.txt", contact_card(configuration.notify, oncall, now)); !written)
    logger.error("the contact card could not be written", written.error());
}

effects::Hooks App::Impl::effect_hooks() {
  effects::Hooks hooks;
  hooks.submit = [this](Draft draft) -> Result<std::uint64_t> {
    FIREBREAK_ASSIGN(const journal::Group group, journal->submit_wait(std::move(draft)));
    return group.index();
  };
  hooks.policy = [this](const effects::Order& order) -> Result<EndpointPolicy> {
    EndpointPolicy policy;
    journal->with_state([&](const journal::View& view) {
      policy = contain::compile_policy(view.state<contain::ContainState>(contain::kFoldName), order.endpoint);
    });
    if (policy.endpoint.callers_blob.empty()) return policy;
    FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(policy.endpoint.callers_blob));
    FIREBREAK_ASSIGN(const Bytes text, blobs->get(digest));
    FIREBREAK_ASSIGN(const Json table, parse_json(text));
    for (const auto& member : table.as_object())
      policy.endpoint.callers[std::string(member.key())] = std::string(member.value().as_string());
    return policy;
  };
  hooks.connector = [this](const std::string& name) { return context->connector(name); };
  return hooks;
}

Result<void> App::Impl::apply_content() {
  FIREBREAK_TRY(bootstrap_admin(*journal, files, random, options.data_dir, options.preset));
  FIREBREAK_TRY(apply_configuration(*journal, configuration, last_configuration));
  FIREBREAK_TRY(apply_regimes(*journal, configuration.regimes));
  for (const Json& document : configuration.endpoints) {
    record::StreamConfig config;
    config.name = string_or(document, "name");
    if (streams->get(config.name) == nullptr) FIREBREAK_TRY(create_stream(config));
  }
  return {};
}

Result<void> App::Impl::create_stream(const record::StreamConfig& config) {
  if (!is_name(config.name) || config.name == "journal")
    return fail(Code::kInvalid, fmt::format("'{}' is no name for a stream (1 to 64 of a-z 0-9 . _ -; not 'journal')",
                                            config.name));
  FIREBREAK_ASSIGN([[maybe_unused]] record::Stream* const stream, streams->create(config));
  const std::string name = config.name;
  jobs->post([this, name] { feed_maker->make(name); });
  return {};
}

Result<std::unique_ptr<App>> App::start(const ServeOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  auto app = std::unique_ptr<App>(new App(std::move(impl)));
  FIREBREAK_TRY(app->impl_->start());
  return app;
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

App::~App() { stop(); }

void App::reopen_events() {
  if (impl_->events_file) impl_->events_file->reopen();
}

std::string App::url() const { return impl_->server->url(); }

// The stop list. First what only waits for others is told not to, so that callers are let go soon; then the start list
// backwards: callers first, logs last. Nothing that reads the journal may be left when it goes.
void App::stop() {
  if (impl_->stopped) return;
  impl_->stopped = true;
  if (impl_->retention) impl_->retention->stop();
  if (impl_->erasures) impl_->erasures->stop();
  if (impl_->archivist) impl_->archivist->stop();  // before the jobs: an erasure may be waiting for a part to be made
  if (impl_->jobs) impl_->jobs->stop();
  if (impl_->remedies) impl_->remedies->stop();
  if (impl_->clockwork) impl_->clockwork->stop();
  if (impl_->attestations) impl_->attestations->stop();
  if (impl_->offsite) impl_->offsite->stop();
  for (const auto& [name, connector] : impl_->connectors) connector->stop();
  if (impl_->worker) impl_->worker->stop();
  if (impl_->calls) impl_->calls->stop();
  if (impl_->deliveries) impl_->deliveries->stop();
  if (impl_->tickets) impl_->tickets->stop();
  if (impl_->server) impl_->server->stop();
  if (impl_->intake) impl_->intake->stop();  // records what waits
  if (impl_->api) impl_->api->stop();
  impl_->feeds.clear();
  if (impl_->subscription != 0) impl_->journal->unsubscribe(impl_->subscription);
  if (impl_->projection) impl_->projection->stop();
  if (impl_->events_file) impl_->events_file->stop();
  impl_->journal.reset();  // finishes what was submitted
  impl_->streams.reset();
  impl_->views.reset();
}

}  // namespace firebreak::app
