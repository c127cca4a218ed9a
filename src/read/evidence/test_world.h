// A small installation for tests: a journal and a stream in simulated files, with evidence of one incident
// captured.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/simulated_files.h"
#include "log/ledger/log.h"
#include "read/evidence/bundle.h"
#include "read/evidence/capture.h"

namespace firebreak::evidence {

struct TestWorld {
  SimulatedFiles files;
  FedClock clock{*parse_time("2026-03-07T03:40:00Z")};
  SeededRandom random{7};
  BlobStore blobs = *BlobStore::open(files, "data/blobs");
  std::unique_ptr<ledger::Log> stream, journal;
  std::vector<OpenedRecord> records;
  std::uint64_t next_entry = 0;

  explicit TestWorld(std::uint64_t count = 300) {
    stream = open("fraud-api");
    journal = open("journal");
    ledger::Batch batch;
    for (std::uint64_t i = 0; i < count; ++i) {
      records.push_back(make_record(i));
      batch.add(records.back().leaf);
    }
    EXPECT_TRUE(stream->append_wait(std::move(batch)));
  }

  std::unique_ptr<ledger::Log> open(const std::string& name) {
    ledger::Options options{.key = *ledger::SigningKey::generate("firebreak.example/" + name, random)};
    return *ledger::Log::open(files, clock, "data/logs/" + name, std::move(options));
  }

  OpenedRecord make_record(std::uint64_t index) {
    OpenedRecord record;
    record.index = index;
    record.salt = random.bytes(16);
    record.row = "row " + std::to_string(index);
    record.leaf = std::string(16, '\1') + Bytes(sha256(record.salt, record.row).view());
    record.json = canonical_json(JsonObject{{"id", "q" + std::to_string(index)}});
    return record;
  }

  OpenedRange range(std::uint64_t first, std::uint64_t last) const {
    const ledger::Checkpoint checkpoint = stream->checkpoint();
    OpenedRange range{"fraud-api", first, last, checkpoint.size, checkpoint.root, checkpoint.text(),
                      {},          {},    {}};
    range.first_proof = *stream->inclusion_proof(first, checkpoint.size);
    range.last_proof = *stream->inclusion_proof(last, checkpoint.size);
    for (std::uint64_t i = first; i <= last; ++i) range.records.push_back(records[i]);
    return range;
  }

  CaptureSources sources() const {
    auto document = [](std::string name, std::string content) {
      return [=](const std::string& endpoint) -> Result<Document> {
        return Document{name, "application/json", "test of " + endpoint, content, sha256(content).hex()};
      };
    };
    CaptureSources all;
    all.model = document("model_1.0.0.json", R"({"trees":[]})");
    all.dataset = document("manifest.json", R"({"rows":6000})");
    all.policy = document("policy.json", R"({"fence":3})");
    all.counters = document("counters.json", R"({"served":17})");
    all.inferences = [this](const std::string&, std::uint64_t first,
                            std::uint64_t last) -> Result<OpenedRange> { return range(first, last); };
    return all;
  }

  static Draft draft(std::string kind, Json body) {
    Draft draft;
    draft.kind = std::move(kind);
    draft.body = std::move(body);
    return draft;
  }

  std::uint64_t append(const Draft& draft) {
    Entry entry;
    entry.index = next_entry++;
    entry.kind = draft.kind;
    entry.time = clock.now();
    entry.actor = draft.actor;
    entry.cause = draft.cause;
    entry.source = draft.source;
    entry.body = draft.body;
    ledger::Batch batch;
    batch.add(entry_bytes(entry));
    EXPECT_TRUE(journal->append_wait(std::move(batch)));
    return entry.index;
  }

  static Json request() {
    return JsonObject{{"incident", "inc-1"},
                      {"endpoint", "fraud-api"},
                      {"stream", "fraud-api"},
                      {"first", 37},
                      {"last", 61},
                      {"items", JsonArray{"model", "dataset", "policy", "inferences", "counters"}}};
  }

  // The story up to a written bundle in "bundle".
  void bundle() {
    append(draft("server_started", JsonObject{}));
    append(draft("incident_opened", JsonObject{{"endpoint", "fraud-api"}}));
    append(draft("evidence_requested", request()));
    Result<CaptureResult> captured = capture(blobs, sources(), "req-2", request());
    ASSERT_TRUE(captured);
    for (const Draft& item : captured->drafts) append(item);
    append(custody("ev-3", "export", "user:ana", "for the regulator"));
    ASSERT_TRUE(stream->close());  // writes the last checkpoint
    ASSERT_TRUE(journal->close());
    const Result<void> written = write_bundle(files, blobs,
                                              {.incident = "inc-1",
                                               .data_dir = "data",
                                               .exported_by = "user:ana",
                                               .exported_at = clock.now(),
                                               .extra = {{"report.json", "{}\n"}}},
                                              "bundle");
    ASSERT_TRUE(written) << written.error().message;
  }
};

}  // namespace firebreak::evidence
