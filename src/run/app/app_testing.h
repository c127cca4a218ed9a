// For tests of this room: the parts of a server over files in memory, opened and lost together.
#pragma once

#include "base/simulated_files.h"
#include "fold/contain/contain.h"
#include "fold/incident/incident.h"
#include "fold/keeping/keeping.h"
#include "fold/provenance/provenance.h"
#include "fold/remedy/remedy.h"
#include "log/ledger/log.h"
#include "log/record/record_testing.h"
#include "run/app/context.h"

namespace firebreak::app::testing {

struct Parts {
  SimulatedFiles files;
  FedClock clock{parse_time("2026-03-07T04:00:00Z").value()};
  SeededRandom random{7};
  Logger logger{clock};
  Registry metrics;
  Feeds feeds;
  std::unique_ptr<evidence::BlobStore> blobs;
  std::unique_ptr<evidence::Texts> texts;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<record::Streams> streams;
  std::map<std::string, std::unique_ptr<connect::Connector>> connectors;
  Json rules = JsonObject{};
  std::unique_ptr<Context> context;

  explicit Parts(std::uint64_t seed = 1) : files(seed) { open(); }
  ~Parts() { close(); }

  void open() {
    SeededRandom key_random(5);
    ledger::Options options{.key = *ledger::SigningKey::generate("test/journal", key_random)};
    auto log = ledger::Log::open(files, clock, "data/logs/journal", std::move(options));
    std::vector<std::unique_ptr<journal::Fold>> folds;
    folds.push_back(journal::make_fold<keeping::KeepingState>(keeping::kFoldName, keeping::kSchemaVersion, keeping::decide,
                                                              keeping::apply, keeping::to_json, keeping::state_from_json));
    folds.push_back(journal::make_fold<incident::IncidentState>(incident::kFoldName, incident::kSchemaVersion, incident::decide,
                                                                incident::apply, incident::to_json, incident::incident_state_from_json));
    folds.push_back(journal::make_fold<provenance::ProvenanceState>(provenance::kFoldName, provenance::kSchemaVersion, nullptr, provenance::apply,
                                                                    provenance::to_json, provenance::state_from_json));
    folds.push_back(journal::make_fold<contain::ContainState>(contain::kFoldName, contain::kSchemaVersion, nullptr, contain::apply, contain::to_json,
                                                              contain::contain_state_from_json));
    folds.push_back(journal::make_fold<remedy::RemedyState>(remedy::kFoldName, remedy::kSchemaVersion, remedy::decide, remedy::apply, remedy::to_json,
                                                            remedy::state_from_json));
    journal = *journal::Journal::open(std::move(*log), files, clock, "data/snapshots", {}, std::move(folds));
    streams = *record::Streams::open(files, clock, random, "data");
    blobs = std::make_unique<evidence::BlobStore>(*evidence::BlobStore::open(files, "data/blobs"));
    texts = std::move(*evidence::Texts::open(files, random, "data"));
    context = std::make_unique<Context>(Context{files, clock, logger, metrics, *journal, *streams, *blobs, *texts, feeds, connectors, rules});
  }
  void close() {
    feeds.clear();
    context.reset();
    journal.reset();
    streams.reset();
  }
  void crash() {
    close();
    files.crash();
    open();
  }
  std::vector<Entry> entries() const { return std::move(journal->entries(0, journal->size()).value()); }
  std::vector<Entry> entries(std::string_view kind) const {
    std::vector<Entry> all = entries();
    std::erase_if(all, [&](const Entry& entry) { return entry.kind != kind; });
    return all;
  }
};

}  // namespace firebreak::app::testing
