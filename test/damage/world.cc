#include "damage/world.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "base/clock.h"
#include "base/encoding.h"
#include "log/journal/journal.h"
#include "log/journal/toy_fold.h"
#include "log/ledger/cosignature.h"
#include "log/ledger/export.h"
#include "log/ledger/log.h"
#include "log/ledger/segment.h"
#include "log/record/streams.h"
#include "read/archive/builder.h"
#include "read/archive/statement.h"
#include "read/evidence/blob_store.h"

namespace firebreak::damage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStream = "shop";
constexpr int kBatches = 3;  // before the earlier copy, and again after it

// Journal and stream of a data folder, open.
struct Open {
  Files& files;
  std::string data;
  FedClock clock{parse_time("2026-03-07T04:00:00Z").value()};
  SystemRandom random;  // a key that is gone must not come back by itself
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<record::Streams> streams;

  Open(Files& f, std::string dir) : files(f), data(std::move(dir)) {}

  Result<void> open() {
    FIREBREAK_TRY(files.make_dir(data + "/keys"));
    FIREBREAK_ASSIGN(auto key, ledger::SigningKey::load_or_create(files, data + "/keys/journal.key", "firebreak.test/journal", random));
    ledger::Options options{.key = std::move(key)};
    options.segment_bytes = 1'200;  // several segments
    options.reserve_bytes = 512;
    FIREBREAK_ASSIGN(auto log, ledger::Log::open(files, clock, data + "/logs/journal", std::move(options)));
    FIREBREAK_ASSIGN(journal, journal::Journal::open(std::move(log), files, clock, data + "/snapshots", {.logger = nullptr}, journal::toy::folds()));
    FIREBREAK_ASSIGN(streams, record::Streams::open(files, clock, random, data));
    return {};
  }
  record::Stream& stream() { return *streams->create({.name = kStream}).value(); }
};

Result<record::Receipt> admit(record::Stream& stream, const std::string& text, std::uint64_t number) {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<record::Receipt>> answer;
  stream.admit(text, {"till", number}, [&](Result<record::Receipt> result) {
    const std::lock_guard lock(mutex);
    answer = std::move(result);
    ready.notify_one();
  });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

// Makes a World on real files.
class Maker {
 public:
  explicit Maker(World& world) : world_(world), data_(world.folder / "data") {}

  void run() {
    turn(1);
    export_all();
    world_.earlier = copy();
    fs::remove_all(world_.folder / "export");
    turn(2);
    vouch();
    export_all();
    world_.now = copy();
    // As a server leaves it that was killed: space taken ahead of what was written; of that a little is enough.
    for (const std::string& log : kLogs) {
      Bytes& last = std::prev(world_.now.lower_bound("data/logs/" + log + "/9"))->second;
      last.resize(end_of_frames(last) + 64, '\0');
    }
    world_.contents = contents_of(*disk_of(world_.now, "data"), "data").value();
  }

 private:
  void turn(std::uint64_t number) {
    Open place(files_, data_);
    ASSERT_TRUE(place.open());
    auto blobs = evidence::BlobStore::open(files_, data_ + "/blobs");
    for (std::uint64_t n = (number - 1) * kBatches; n < number * kBatches; ++n) {
      const std::string i = std::to_string(n);
      keep(kStream, admit(place.stream(), R"({"id":"a)" + i + R"(","time":"2026-03-07T03:00:00Z","caller":"c","release":"1","features":{"x":)" + i +
                                              R"(},"output":{"label":"approve"},"disposition":"served"})" + "\n", n + 1).value());
      ASSERT_TRUE(place.journal->submit_wait(journal::toy::draft("add", {{"n", n}})));
      world_.blobs.push_back(blobs->put("evidence " + i).value());
    }
    if (number == 1) {
      ASSERT_TRUE(place.journal->snapshot_now());
    }
    archive_on(place, number);
    const ledger::Checkpoint point = place.journal->log().checkpoint();
    const std::uint64_t last = point.size - 1;
    keep("journal", {"journal", last, last, place.journal->log().leaf_at(last).value(), point.size, point.root, point.signatures.front().signature});
  }

  void export_all() {
    for (const std::string& log : kLogs) {
      const Path dir = ledger::log_dir_of(data_, log);
      ASSERT_TRUE(ledger::export_tiles(files_, dir, world_.folder / ("export/" + log)));
      world_.vkeys[log] = read_all(files_, dir + "/vkey").value();
    }
  }

  void archive_on(Open& place, std::uint64_t number) {
    if (!archive::find_library()) return;
    archive::Engine engine;
    engine.program = FIREBREAK_BINARY;
    // The whole segment each time, so that every octet of the newest generation stands in the statement and the one before is its like.
    const archive::Part part = archive::parts_of(files_, data_, kStream, place.stream().size()).value().back();
    ASSERT_TRUE(archive::build_part(files_, place.stream(), data_, part, number, engine));
    const std::string folder = archive::folder_of(data_, kStream);
    const auto manifests = archive::load_manifests(files_, folder).value();
    auto draft = journal::toy::draft("segment_archived", {{"manifest_sha256", archive::manifest_digest(manifests.back())}});
    const auto group = place.journal->submit_wait(std::move(draft)).value();
    if (number == 1) return;
    // A record that the archive does not have yet, so that the statement has a tail and a proof to the checkpoint.
    keep(kStream, admit(place.stream(), R"({"id":"later","time":"2026-03-07T03:00:00Z","caller":"c"})" "\n", 100).value());
    const archive::Question question{kStream, "1", "", {}, {}};
    const auto impact = archive::impact(files_, folder, manifests, question, engine).value();
    const auto journaled = [&](const std::string&) -> Result<archive::Journaled> {
      FIREBREAK_ASSIGN(const std::string proof, place.journal->log().proof_text(group.index()));
      return archive::Journaled{entry_bytes(group.entries.front()), proof};
    };
    const JsonObject vkeys{{"stream", place.stream().log().verifier().text()}, {"journal", place.journal->log().verifier().text()}};
    const auto statement = archive::prove_impact(files_, folder, place.stream().log(), vkeys, manifests, question, impact, journaled);
    ASSERT_TRUE(statement) << statement.error().message;
    ASSERT_TRUE(write_plain(files_, world_.folder / "statement.json", canonical_json(*statement)));
    world_.archived = true;
  }

  void keep(const std::string& log, const record::Receipt& receipt) {
    const std::string text = canonical_json(record::to_json(receipt)), path = world_.folder / "receipt-" + log + std::to_string(receipt.size);
    ASSERT_TRUE(write_plain(files_, path, text));
    world_.kept[log].receipts.push_back({path, ledger::parse_receipt(text).value()});
    world_.receipt_files.push_back(path);
  }

  // A witness has cosigned what the journal's log is now.
  void vouch() {
    SeededRandom random(77);
    const auto witness = ledger::SigningKey::generate("firebreak.test/witness", random).value();
    const Path dir = ledger::log_dir_of(data_, "journal");
    ledger::Checkpoint seen = ledger::parse_checkpoint(read_all(files_, dir + "/checkpoint").value()).value();
    seen.signatures.push_back(ledger::cosign(witness, seen, 1'770'000'000));
    ASSERT_TRUE(write_plain(files_, dir + "/cosigned", seen.text()));
    world_.kept["journal"].witnesses = {ledger::cosigner_of(witness)};
    world_.witness = {ledger::cosigner_of(witness).text()};
  }

  Tree copy() {
    Tree tree;
    for (const auto& entry : fs::recursive_directory_iterator(world_.folder / ""))
      if (entry.is_regular_file())
        tree[fs::relative(entry.path(), world_.folder / "").string()] = read_all(files_, entry.path().string()).value();
    return tree;
  }

  World& world_;
  const std::string data_;
  PosixFiles files_;
};

}  // namespace

World::World() { Maker(*this).run(); }

std::unique_ptr<SimulatedFiles> disk_of(const Tree& files, const std::string& only) {
  auto disk = std::make_unique<SimulatedFiles>();
  for (const auto& [path, octets] : files) {
    if (!path.starts_with(only)) continue;
    EXPECT_TRUE(disk->make_dir(parent_of(path)) && write_plain(*disk, path, octets));
  }
  return disk;
}

std::size_t end_of_frames(const Bytes& segment) {
  std::size_t at = ledger::kSegmentHeaderBytes;
  while (at < segment.size()) {
    const auto header = ledger::parse_frame_header(ByteView(segment).substr(at));
    if (!header) break;
    at += header->frame_octets();
  }
  return at;
}

Result<std::string> contents_of(Files& files, const std::string& data) {
  Open place(files, data);
  FIREBREAK_TRY(place.open());
  std::string text = place.journal->state_digest().hex();
  FIREBREAK_ASSIGN(const auto entries, place.journal->entries(0, 10'000));
  for (const Entry& entry : entries) text += "\n" + entry_bytes(entry);
  record::Stream* const stream = place.streams->get(kStream);
  if (stream == nullptr) return fail(Code::kNotFound, "the stream is gone");
  FIREBREAK_TRY(stream->read_from(0, stream->size(), [&](const record::Record& record) {
    text += "\n" + std::to_string(record.index) + canonical_json(record.fields()) + to_hex(record.leaf);
  }));
  for (const ledger::Log* log : {&place.journal->log(), &stream->log()}) {
    FIREBREAK_ASSIGN(const ledger::Hashes path, log->inclusion_proof(1, log->size()));
    text += "\n" + log->checkpoint().root.hex();
    for (const Digest& hash : path) text += hash.hex();
  }
  return text;
}

}  // namespace firebreak::damage
