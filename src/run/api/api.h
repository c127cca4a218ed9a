// REST + SSE: URLs to types and back. No logic: what a caller may do is decided by the access fold, what happens by
// the others. docs: content/api/openapi.yaml, served at /api/v1/openapi.yaml and checked against the routes by a test.
//
// Errors are RFC 9457 problem documents. Writes answer with `Firebreak-Index`, the journal index that holds them;
// reads accept `?min_index=` and wait until the views have it.
// Threads: handlers run on the server's pool and may block for the disk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "base/random.h"
#include "fold/access/access.h"
#include "log/journal/journal.h"
#include "log/ledger/note.h"
#include "log/record/streams.h"
#include "log/vault/people.h"
#include "read/evidence/blob_store.h"
#include "read/evidence/texts.h"
#include "read/views/views.h"
#include "run/api/event_feed.h"
#include "run/api/fair_queue.h"
#include "run/api/login_guard.h"
#include "run/api/secrecy.h"
#include "world/net/router.h"
#include "world/taps/tap.h"

namespace firebreak::api {

struct ArchiveParts {  // questions to the archive; the actor is who asks
  std::function<Result<Json>()> status;
  std::function<Result<Json>(const Json& body, const std::string& actor)> build, query;
  std::function<Result<Json>(const Json& body, const std::string& actor)> impact;
  std::function<Result<Bytes>(const Json& body, const std::string& actor)> query_parquet, impact_parquet;
  std::function<Result<Bytes>(const std::string& stream, const std::string& file, const std::string& actor)> file;
};

struct TapParts {  // run/app/intake
  std::function<Result<std::string>(const std::string& stream, taps::Format format, std::string_view body, const std::string& columns)> lines;
  std::function<Result<Json>(const std::string& stream, const Json& events, const std::string& columns)> events;
};

// The parts of the program that the API speaks to; all outlive it.
struct Parts {
  journal::Journal& journal;
  record::Streams& streams;
  views::Views& views;
  evidence::BlobStore& blobs;
  const Clock& clock;
  Registry& metrics;
  std::string_view openapi;

  std::function<Result<Json>(Time to)> feed_clock;  // empty: the clock is the system's
  std::function<Result<Json>(const std::string& incident, const Json& player)> report;  // {report, html}
  std::function<Result<Json>(const std::string& id, const std::string& stream)> trace;
  std::function<Result<void>(const record::StreamConfig&)> create_stream;  // and starts what reads it
  std::function<Result<void>()> healthy;
  Random& random;
  std::vector<std::string> host_names = {};  // that the server answers to, besides the loopback ones
  std::function<Result<Json>(const std::string& incident)> picture = {};
  std::function<void(const std::string& stream)> admitted = {};  // after a batch, on the log's writer thread: must not block
  std::function<Result<Json>(const std::string& finding)> replay = {};  // whether the stream still leads to it
  std::function<Result<Json>(const std::string& endpoint)> performance = {};  // figures of its answers, with bands
  std::function<Result<Json>(const std::string& endpoint)> detectors = {};  // the configuration in use
  std::function<Result<Json>(const Json& asked)> backtest = {};  // what another configuration would have found
  std::function<Result<Json>(const std::string& endpoint)> readiness = {};  // for its next incident; empty: of all
  std::function<Json()> endpoint_status = {};  // what comes in and which detectors run, for the status
  std::function<Result<ledger::Checkpoint>(const std::string& name, const ledger::Log&)> published = {};  // what /tlog shows
  std::function<Result<std::optional<ledger::Checkpoint>>(const std::string& name)> cosigned = {};
  std::function<Json()> attested = {};  // what witnesses and time-stamping authorities vouch for
  std::function<Json()> offsite = {};   // the copy off the machine; null when none is configured
  std::function<Result<Json>(const Json& body, const std::string& actor)> erase = {}, hold = {};
  std::function<Json()> keeping_status = {};    // holds in force, erasures that are open or done
  std::function<Result<Json>(const std::string& id)> erasure = {};
  std::function<Json()> retention_status = {};  // of each stream: how long it is kept, what went
  std::function<Result<Json>(const std::string& incident, const std::string& regime, const std::string& stage)> draft = {};  // of a report
  std::function<Result<Json>(const std::string& incident, const std::string& state, const std::string& cursor, std::size_t limit)> remedy = {};
  std::function<Result<Bytes>(const std::string& incident, const std::string& format, const std::string& actor)> remedy_export = {};
  std::function<Result<Json>(const std::string& incident)> taint = {};
  ArchiveParts archive = {};
  TapParts tap = {};
  std::function<Result<Json>(const Json& body, const std::string& actor)> apply_rules = {};
  std::function<Result<std::string>(const std::string& rule)> rule_key = {};  // what its findings bear; refuses what is no rule
  std::function<Json()> rules_status = {};
  std::function<Json()> clock_state = {};    // kind, time, wall, rate, held, reason, by
  std::function<Result<Json>(const Json& rate, const std::string& reason, const std::string& by)> set_clock_rate = {};
  std::function<Json(const Json& incident)> checklist = {};  // of Views::incident: items and coverage
  std::string exercise = {};  // the banner on everything that leaves; empty: everything is real
  std::function<Result<Json>()> exercise_script = {};  // what is hidden from players
  std::function<Result<Json>(const net::Request& request)> room = {};  // signed requests of a chat
  const evidence::Texts* texts = nullptr;  // null: answers show the references
  vault::People* people = nullptr;         // null: nobody has passwords or one-time codes
};

class Api {
 public:
  explicit Api(Parts parts);

  void stop() { events_.stop(); }  // before the journal goes; nobody may call in any more

  void handle(net::Request request, net::Responder responder) const;
  std::vector<std::pair<std::string, std::string>> routes() const { return router_.routes(); }

 private:
  using Answer = std::function<Result<net::Response>(const net::Request&, const access::Principal&)>;

  void add_open_routes();     // page, health, metrics, description
  void add_session_routes();  // signing in and out
  void add_account_routes();  // passwords, one-time codes, keys, users, who may do what
  void add_keeping_routes();  // erasures and holds
  void add_notify_routes();   // alerts, who is on call, messages
  void add_tap_routes();      // inference logs of other platforms
  void add_profile_routes();  // profiles of data sets, results of other tools
  void add_archive_routes();  // Parquet and what can be asked of it
  void add_read_routes();     // lists and single things
  void add_playbook_routes();  // installed playbooks, dry runs, records of runs
  void add_remedy_routes();   // remedy lists and taint lists
  void add_case_routes();     // planned changes, mutes, precision, backtests
  void add_casefile_routes();  // what people write into incidents; assets
  void add_handover_routes();
  void add_deadline_routes();  // duties, regimes, drafts of reports
  void add_exercise_routes();  // what players and the facilitator of a drill see
  void add_write_routes();    // commands, endpoints, streams, blobs, clock, reports
  void add_stream_routes();   // ingest and records
  void add_event_routes();    // SSE
  void add_tlog_routes();     // the logs for anybody's verifier

  struct Needs {  // of the rights of who asks
    Duty duty;
    Cell least;
  };
  // `roles`: space-separated; the handler runs only for a principal with one of them. Whatever it answers passes secrecy_of().
  void guarded(const std::string& method, const std::string& path, std::string_view roles, Answer answer);
  void guarded(const std::string& method, const std::string& path, Needs needs, Answer answer);
  Result<net::Response> answered(const net::Request& request, const access::Principal& who, const Answer& answer) const;
  Secrecy secrecy_of(const std::string& user) const;
  Result<access::Principal> with_code(const net::Request& request, access::Principal who) const;
  Result<access::Principal> by_password(const Json& body) const;
  Result<net::Response> make_key(const net::Request& request, const access::Principal& who) const;
  Result<net::Response> confirm_codes(const net::Request& request, access::Principal who) const;
  void add_needs(Json& status) const;  // second persons, reviews
  JsonArray open_requests() const;
  JsonArray open_glasses() const;
  Result<void> check_host(const net::Request& request) const;
  Result<access::Principal> principal_of(std::string_view secret, access::Purpose purpose) const;
  Result<access::Principal> identify(const net::Request& request) const;
  Result<net::Response> sign_in(const net::Request& request) const;
  Result<net::Response> open_session(const net::Request& request, access::Principal who, JsonObject args) const;
  Result<access::Principal> authorize(const net::Request& request, std::string_view roles) const;
  Result<ledger::Log*> log_of(const std::string& name) const;
  Result<ledger::Checkpoint> published(const std::string& name, const ledger::Log& log) const;
  Result<net::Response> tile(const net::Request& request) const;
  Result<void> wait_for_views(const net::Request& request) const;
  // The way out of everything that may hold what people typed, but for the journal's entries, which are shown as they are signed.
  Result<net::Response> shown(Result<Json> document) const;
  Result<void> name_muted_rule(Json& args) const;
  Result<Json> timeline_of(const net::Request& request) const;
  Result<net::Response> write_notes(const net::Request& request, const access::Principal& who) const;
  void add_notify_status(Json& status) const;
  Result<net::Response> give_command(const std::string& name, const Json& args, const access::Principal& who) const;

  // Of the handler threads, so that people are answered while batches are encoded; octets that wait, of one stream.
  static constexpr std::size_t kIngestThreads = 4, kIngestOctets = 64 * limits::kMiB;

  Parts parts_;
  EventFeed events_;
  mutable LoginGuard logins_;
  FairQueue ingest_{kIngestThreads, kIngestOctets};
  net::Router router_;
};

void mark_exercise(net::Response& response, const std::string& banner);  // the one place where answers are marked

// A query or path part that must be a whole number; kInvalid names it.
Result<std::uint64_t> whole_number(const std::string& text, std::string_view name);

inline constexpr std::string_view kPeople = kHumans;
inline constexpr std::string_view kAll =
    "viewer analyst ml_engineer fraud_analyst scribe legal commander approver admin auditor gateway producer";
inline constexpr std::string_view kIngest = "admin analyst ml_engineer gateway producer";

}  // namespace firebreak::api
