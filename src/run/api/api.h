// REST + SSE: URLs to types and back. No logic: what a caller may do is decided by the access fold, what happens by
// the others. docs: content/api/openapi.yaml, served at /api/v1/openapi.yaml and checked against the routes by a test.
//
// Errors are RFC 9457 problem documents. Writes answer with `Firebreak-Index`, the journal index that holds them;
// reads accept `?min_index=` and wait until the views have it.
// Threads: handlers run on the server's pool and may block for the disk.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fold/access/access.h"
#include "run/api/event_feed.h"
#include "run/api/fair_queue.h"
#include "run/api/host_clocks.h"
#include "run/api/login_guard.h"
#include "run/api/parts.h"
#include "run/api/secrecy.h"
#include "world/net/router.h"

namespace firebreak::api {

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
  void add_standing_routes();  // approvals given in advance
  JsonArray standing_approvals(const std::string& endpoint) const;
  void add_standing_needs(JsonArray& needs) const;
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
  void add_amendment_routes();
  void add_brief_routes();     // the commander's page of an incident
  void add_ticket_routes();
  void add_share_routes();
  void add_privileged_routes();  // notes under counsel's privilege
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
  Result<Json> status_now() const;     // the one screen, as GET /api/v1/status answers
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
  Result<void> wait_for_views(const net::Request& request) const;  // as far as it asks
  Result<void> wait_for_views() const;                             // as far as the journal is now
  // The way out of everything that may hold what people typed, but for the journal's entries, which are shown as they are signed.
  Result<net::Response> shown(Result<Json> document) const;
  Result<void> name_muted_rule(Json& args) const;
  void note_clock(const net::Request& request, const std::string& host);
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
  HostClocks host_clocks_;
  net::Router router_;
};

// Notes under privilege are for counsel, with a token or key that reaches to what is written into incidents.
bool is_counsel(const access::Principal& who);

void mark_exercise(net::Response& response, const std::string& banner);  // the one place where answers are marked

// A query or path part that must be a whole number; kInvalid names it.
Result<std::uint64_t> whole_number(const std::string& text, std::string_view name);

JsonObject host_clock_json(const HostClock& clock);  // stream_routes.cc

inline constexpr std::string_view kPeople = kHumans;
inline constexpr std::string_view kAll =
    "viewer analyst ml_engineer fraud_analyst scribe legal commander approver admin auditor gateway producer";
inline constexpr std::string_view kIngest = "admin analyst ml_engineer gateway producer";

}  // namespace firebreak::api
