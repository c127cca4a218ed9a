// What the API speaks to: the journal, the streams, the views, and what the program makes of them. Put together by run/app
// (app_api.cc); a test gives it what it needs. All of it outlives the API; functions are called from any handler thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/random.h"
#include "log/journal/journal.h"
#include "log/ledger/note.h"
#include "log/record/streams.h"
#include "log/vault/people.h"
#include "read/evidence/blob_store.h"
#include "read/evidence/sealed_notes.h"
#include "read/evidence/texts.h"
#include "read/views/views.h"
#include "world/net/message.h"
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
  std::function<Result<Json>(const std::string& incident, const Json& asked)> amendment = {};  // {kind, document} of what a lesson changes
  std::function<Result<Json>(const Json& amendment)> amendment_content = {};  // the rules, or the trace
  std::function<Result<std::string>(const std::string& rule)> rule_key = {};  // what its findings bear; refuses what is no rule
  std::function<Json()> rules_status = {};
  std::function<Json()> clock_state = {};    // kind, time, wall, rate, held, reason, by
  std::function<Result<Json>(const Json& rate, const std::string& reason, const std::string& by)> set_clock_rate = {};
  std::function<Json(const Json& incident)> checklist = {};  // of Views::incident: items and coverage
  std::string exercise = {};  // the banner on everything that leaves; empty: everything is real
  std::function<Result<Json>()> exercise_script = {};  // what is hidden from players
  std::function<Result<Json>(const net::Request& request)> room = {};  // signed requests of a chat
  std::function<Result<void>(const std::string& framework, const std::string& version, const std::string& id)> label_check = {};  // an id of a version that is loaded
  std::function<Json()> frameworks = {};
  std::function<Result<Json>(const std::string& framework, const std::string& version, const std::string& kind)> framework_ids = {};
  std::function<Result<Json>(Json incident, const std::string& tlp)> stix = {};  // of Views::incident, texts shown
  std::function<Result<Json>(const std::string& tracker, const net::Request& request)> ticket_news = {};  // signed notices of trackers
  const evidence::Texts* texts = nullptr;  // null: answers show the references
  evidence::SealedNotes* sealed = nullptr;  // null: nobody writes under privilege
  vault::People* people = nullptr;         // null: nobody has passwords or one-time codes
};

}  // namespace firebreak::api
