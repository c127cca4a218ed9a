// Inside of App: its parts, in the order in which they are started. app.cc starts and stops them, app_api.cc gives them to
// the API.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/task_thread.h"
#include "read/evidence/blob_store.h"
#include "log/vault/people.h"
#include "read/evidence/sealed_notes.h"
#include "read/evidence/texts.h"
#include "read/views/views.h"
#include "run/api/api.h"
#include "run/app/app.h"
#include "run/app/archivist.h"
#include "run/app/attestations.h"
#include "run/app/calls.h"
#include "run/app/clockwork.h"
#include "run/app/content.h"
#include "run/app/deliveries.h"
#include "run/app/erasures.h"
#include "run/app/events_file.h"
#include "run/app/exercise.h"
#include "run/app/meanings.h"
#include "run/app/feed_maker.h"
#include "run/app/frameworks.h"
#include "run/app/intake.h"
#include "run/app/offsite.h"
#include "run/app/picture.h"
#include "run/app/projection.h"
#include "run/app/readiness.h"
#include "run/app/remedies.h"
#include "run/app/request_book.h"
#include "run/app/retention.h"
#include "run/app/room.h"
#include "run/app/tickets.h"
#include "world/effects/worker.h"
#include "world/net/http_server.h"

namespace firebreak::app {

struct App::Impl {
  ServeOptions options;
  PosixFiles files;
  SystemClock system_clock;
  FedClock fed_clock;
  SystemRandom random;
  Registry metrics;
  Logger logger{system_clock};
  std::unique_ptr<FileLock> lock;
  Configuration configuration;
  Exercise exercise;               // none: everything is real
  std::string journal_why;         // the journal is not what it was, and an operator let it go on
  std::string last_configuration;  // digest of the one applied last
  std::unique_ptr<evidence::Texts> texts;
  std::unique_ptr<evidence::SealedNotes> sealed;
  std::unique_ptr<vault::People> people;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<evidence::BlobStore> blobs;
  std::unique_ptr<views::Views> views;
  std::unique_ptr<record::Streams> streams;
  std::map<std::string, std::unique_ptr<connect::Connector>> connectors;
  Feeds feeds;
  std::unique_ptr<Context> context;
  RequestBook requests;
  std::unique_ptr<FeedMaker> feed_maker;
  std::unique_ptr<Readiness> readiness;
  std::unique_ptr<Archivist> archivist;
  std::unique_ptr<Erasures> erasures;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<TaskThread> jobs;
  std::unique_ptr<Remedies> remedies;
  std::unique_ptr<Attestations> attestations;
  std::unique_ptr<Offsite> offsite;
  std::unique_ptr<Projection> projection;
  std::unique_ptr<EventsFile> events_file;
  std::unique_ptr<effects::Worker> worker;
  Callers callers;
  std::unique_ptr<Calls> calls;
  std::unique_ptr<Deliveries> deliveries;
  std::unique_ptr<Tickets> tickets;
  Frameworks frameworks;
  std::string installation;  // what keys of this installation begin with
  std::unique_ptr<Room> room;
  std::atomic<Time> contacts_written{};  // {0}: the card is to be written anew
  std::uint64_t newest_call = 0;   // that was there before the subscription
  std::set<std::uint64_t> orders_taken;
  std::mutex making_mutex;
  std::set<std::string> making;  // endpoints whose feed is to be tried
  std::uint64_t subscription = 0;
  std::unique_ptr<Clockwork> clockwork;
  std::unique_ptr<Pictures> pictures;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<net::HttpServer> server;
  bool stopped = false;

  Clock& clock() { return options.fed_clock ? static_cast<Clock&>(fed_clock) : system_clock; }

  // The start list, in order; each step stands on the ones before.
  Result<void> start();
  Result<void> open_folder();
  Result<void> open_journal();
  Result<void> open_stores();
  Result<void> open_connectors();
  Result<void> start_workers();
  Result<void> follow_journal();
  Result<void> apply_content();
  Result<void> start_api();

  void on_group(const journal::Group& group);
  void erase_text(const Entry& entry);
  void take_request(const Entry& entry);
  void take_orders();
  void take_open_calls();               // what runs of playbooks have ordered outside
  void take_call(const Entry& entry);
  void write_contacts();
  effects::Hooks effect_hooks();
  void add_gauges();
  Result<void> create_stream(const record::StreamConfig& config);
};

}  // namespace firebreak::app
