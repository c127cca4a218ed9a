// The copy off the machine: a server that sends to a bucket (its sibling in the tree; test/counterpart/store has real ones).
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "support/installation.h"
#include "world/store/scripted_store.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;
using testing::Finished;
using testing::Installation;

struct Place : Installation {
  explicit Place(const std::string& more = {}) {
    net::ServerOptions options;
    options.body_limit = limits::kDocumentBytes;
    store_server = std::move(*net::HttpServer::start(options, [this](net::Request request, net::Responder responder) { responder(bucket.answer(request)); }));
    write(folder() / "secret", "a secret\n");
    fs::permissions(folder() / "secret", fs::perms::owner_read | fs::perms::owner_write);
    write(folder() / "firebreak.yaml",
          "gateways: {gw-1: {control: '" + control_url() + "', token_file: control.token}}\n" + "store: {url: '" + store_server->url() +
              "', bucket: bucket, access_key_id: key, secret_file: secret, prefix: fb, retention_days: 30, interval_s: 0.1, test_interval_s: 1, missing_s: 1" + (more.empty() ? "" : ", " + more) + "}\n");
  }
  void add(int records) { add_records("s", records); }
  template <typename Holds>
  Json until(const std::string& path, const std::string& what, Holds holds) {
    Json last(nullptr);
    for (int i = 0; i < 400; ++i) {
      const auto answer = get(path);
      if (answer && holds(last = *answer)) return last;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    ADD_FAILURE() << "never: " << what << ": " << canonical_json(last);
    return last;
  }
  Json offsite(const std::string& state) {
    return *find(until("/api/v1/status", "state " + state, [&](const Json& status) { return string_or(*find(status, "offsite"), "state") == state; }), "offsite");
  }
  Json finding(const std::string& kind, const std::string& state) {
    const Json all = until("/api/v1/findings?limit=50", kind + " " + state, [&](const Json& findings) { return !newest(findings, kind, state).is_null(); });
    return newest(all, kind, state);
  }
  static Json newest(const Json& findings, const std::string& kind, const std::string& state) {
    for (const Json& one : find(findings, "items")->as_array())
      if (string_or(one, "kind") == kind && string_or(one, "state") == state) return one;
    return nullptr;
  }
  Finished firebreak(std::vector<std::string> words) const {
    words.insert(words.begin(), FIREBREAK_BINARY);
    return testing::run(words, folder() / "err");
  }
  // What somebody else with credentials puts into the bucket.
  void foreign(const std::string& key, const std::string& content) {
    const std::atomic<bool> never{false};
    store::Place where;
    where.url = store_server->url();
    where.bucket = "bucket";
    where.access_key_id = "key";
    where.secret = "secret";
    store::ObjectStore others(where, never);
    const auto put = others.put(key, content, {});
    EXPECT_TRUE(put) << put.error().message;
  }
  // Entries that the newest checkpoint of a log in the bucket covers.
  std::uint64_t there(const std::string& log) const {
    std::uint64_t size = 0;
    for (const std::string& key : bucket.keys())
      if (key.starts_with("fb/logs/" + log + "/checkpoints/")) size = std::stoull(key.substr(key.rfind('/') + 1));
    return size;
  }
  void until_copied(std::uint64_t records) {
    until("/api/v1/status", "all records are in the bucket", [&](const Json&) { return there("s") >= records; });
  }
  // A server with a stream of so many records, all of them in the bucket.
  void start_with_copied(int records) {
    ASSERT_TRUE(start_server());
    ASSERT_TRUE(put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
    add(records);
    until_copied(static_cast<std::uint64_t>(records));
  }

  SystemClock clock;
  store::ScriptedStore bucket{clock};
  std::unique_ptr<net::HttpServer> store_server;
};

TEST(Offsite, logs_go_to_the_bucket_and_a_lock_that_held_is_told) {
  Place place;
  place.start_with_copied(20);
  const Json said = place.offsite("ok");
  EXPECT_TRUE(bool_or(said, "immutable")) << canonical_json(said);
  EXPECT_EQ(string_or(said, "default_retention"), "COMPLIANCE 7 days");
  net::HttpClient http;
  const std::string metrics = http.get(place.url() + "/metrics")->body;
  EXPECT_NE(metrics.find("firebreak_offsite_immutable 1"), std::string::npos);
  EXPECT_NE(metrics.find("firebreak_offsite_lag_octets"), std::string::npos);
  const Finished status = place.firebreak({"status", "--url", place.url(), "--data", place.data()});
  const auto doctor = [&] {
    return place.firebreak({"doctor", "--data", place.data(), "--config", place.folder() / "firebreak.yaml", "--url", place.url()}).out;
  };
  EXPECT_NE(doctor().find("answers, holds a locked copy"), std::string::npos) << doctor();
  place.bucket.set_away(true);
  EXPECT_NE(doctor().find("warn  store " + place.store_server->url() + "/bucket/fb/: HEAD"), std::string::npos) << doctor();
  EXPECT_NE(status.out.find("; its lock held at 2"), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("Off site  " + place.store_server->url() + "/bucket/fb/: "), std::string::npos) << status.out;
}

TEST(Offsite, no_octet_of_a_key_or_token_is_in_the_bucket) {
  Place place;
  place.start_with_copied(3);
  std::vector<Bytes> secrets{place.token("admin"), "a secret"};
  PosixFiles files;
  for (const auto& file : fs::recursive_directory_iterator(place.data() + "/keys"))
    if (file.is_regular_file()) secrets.push_back(*read_all(files, file.path().string()));
  ASSERT_GE(secrets.size(), 5u);  // two signing keys, the master key
  for (const std::string& key : place.bucket.keys())
    for (const Bytes& secret : secrets) EXPECT_EQ(place.bucket.content(key).find(secret), std::string::npos) << key;
}

TEST(Offsite, a_store_that_gives_way_is_a_finding_and_a_red_line) {
  Place place;
  place.bucket.have(store::Weakness::kShortens);
  ASSERT_TRUE(place.start_server());
  const Json found = place.finding("store_not_immutable", "open");
  EXPECT_NE(string_or(found, "summary").find("COMPLIANCE retention can be shortened"), std::string::npos) << canonical_json(found);
  EXPECT_FALSE(bool_or(place.offsite("ok"), "immutable", true));
  const Finished status = place.firebreak({"status", "--url", place.url(), "--data", place.data()});
  EXPECT_NE(status.out.find("RED not immutable: COMPLIANCE retention can be shortened"), std::string::npos) << status.out;
}

TEST(Offsite, a_store_that_is_away_is_a_finding_until_it_is_back_and_nothing_waits_for_it) {
  Place place;
  place.bucket.set_away(true);
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
  place.add(50);  // acknowledged nevertheless
  const Json found = place.finding("store_away", "open");
  EXPECT_NE(string_or(found, "summary").find("octets wait"), std::string::npos) << canonical_json(found);
  EXPECT_GT(int_or(place.offsite("away"), "lag_octets"), 50);
  place.bucket.set_away(false);
  place.finding("store_away", "closed");
  place.until_copied(50);
}

TEST(Offsite, a_blob_that_cannot_be_read_holds_up_nothing_else) {
  Place place;
  place.bucket.set_away(true);
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
  std::vector<std::string> blobs;
  for (const char* text : {"one", "two"}) blobs.push_back(string_or(place.post("/api/v1/blobs", text, "application/octet-stream", "admin").value(), "digest"));
  Place::write(place.data() + "/blobs/" + blobs[0].substr(0, 2) + "/" + blobs[0], "another");
  place.bucket.set_away(false);
  place.add(5);
  place.until("/api/v1/status", "all else is in the bucket", [&](const Json&) {
    return place.there("s") >= 5 && place.bucket.content("fb/blobs/" + blobs[1].substr(0, 2) + "/" + blobs[1]) == "two";
  });
  EXPECT_NE(string_or(place.offsite("refused"), "what").find(blobs[0]), std::string::npos);
}

TEST(Offsite, a_folder_that_was_set_back_is_found_by_what_the_bucket_has) {
  Place place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
  place.add(5);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  fs::copy(place.data(), place.folder() / "older", fs::copy_options::recursive);
  ASSERT_TRUE(place.start_server());
  place.add(20);
  place.until_copied(25);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  const std::uint64_t there = place.there("s");
  fs::remove_all(place.data());
  fs::rename(place.folder() / "older", place.data());
  ASSERT_TRUE(place.start_server());
  place.until("/api/v1/findings?limit=50", "a finding about log s", [](const Json& findings) {
    for (const Json& one : find(findings, "items")->as_array())
      if (string_or(one, "kind") == "log_contradicted" && string_or(one, "stream") == "s")
        return string_or(one, "summary").find("the bucket has more of log s (entries: at least") != std::string::npos;
    return false;
  });
  place.offsite("refused");
  EXPECT_EQ(place.there("s"), there);  // nothing was put over what the bucket has
}

TEST(Offsite, evidence_goes_there_when_it_was_captured_and_its_custody_says_so) {
  Place place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  const auto declared = place.command("ana", "incident.declare", JsonObject{{"endpoint", "scores"}, {"title", "a test"}, {"severity", "SEV-2"}});
  ASSERT_TRUE(declared) << declared.error().message;
  const Json incidents = place.until("/api/v1/incidents", "an incident", [](const Json& all) { return !find(all, "items")->as_array().empty(); });
  const std::string incident = string_or(find(incidents, "items")->as_array().front(), "id");
  const auto asked = place.command("ana", "evidence.capture", JsonObject{{"incident", incident}, {"items", JsonArray{"policy"}}});
  ASSERT_TRUE(asked) << asked.error().message;
  const auto custody = [](const Json& journal) -> const Json* {
    for (const Json& entry : find(journal, "items")->as_array())
      if (string_or(entry, "kind") == "evidence_custody" && string_or(entry, "actor") == "offsite") return find(entry, "body");
    return nullptr;
  };
  const Json journal = place.until("/api/v1/journal?limit=1000", "custody", [&](const Json& all) { return custody(all) != nullptr; });
  EXPECT_EQ(string_or(*custody(journal), "action"), "store");
  std::string digest;
  for (const Json& entry : find(journal, "items")->as_array())
    if (string_or(entry, "kind") == "evidence_captured") digest = string_or(*find(entry, "body"), "digest");
  EXPECT_EQ(sha256(place.bucket.content("fb/blobs/" + digest.substr(0, 2) + "/" + digest)).hex(), digest);
  // A bundle goes there too, and again nothing of it.
  place.until("/api/v1/status", "a checkpoint over the evidence, and so a bundle", [&](const Json&) {
    fs::remove_all(place.folder() / "bundle");
    return place.firebreak({"evidence", "export", incident, "--data", place.data(), "--out", place.folder() / "bundle"}).code == 0;
  });
  PosixFiles files;
  for (const char* said : {" of them new", " 0 of them new"}) {
    const Finished sent = place.firebreak({"evidence", "send", place.folder() / "bundle", "--store-config", place.folder() / "firebreak.yaml"});
    EXPECT_EQ(sent.code, 0) << sent.out << *read_all(files, place.folder() / "err");
    EXPECT_NE(sent.out.find(said), std::string::npos) << sent.out;
  }
  const Bytes manifest = *read_all(files, place.folder() / "bundle/MANIFEST.sha256");
  EXPECT_EQ(place.bucket.content("fb/bundles/" + sha256(manifest).hex() + "/MANIFEST.sha256"), manifest);
  place.write(place.folder() / "bundle/README.txt", "changed");
  EXPECT_NE(place.firebreak({"evidence", "send", place.folder() / "bundle", "--store-config", place.folder() / "firebreak.yaml"}).code, 0);
}

// A server with records that went to the bucket, its keys backed up, its folder gone.
struct Lost : Place {
  Lost() {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}, {"fields", JsonObject{{"x", JsonObject{{"keep", "encrypt"}}}}}}));
    add(20);
    const auto blob = post("/api/v1/blobs", "a document", "application/octet-stream", "admin");
    EXPECT_TRUE(blob);
    digest = blob ? string_or(*blob, "digest") : "";
    until("/api/v1/status", "all records are in the bucket", [&](const Json&) { return there("s") >= 20 && there("journal") > 0 && !bucket.content(blob_object()).empty(); });
    const Finished backed = firebreak({"backup", "--data", data(), "--out", keys()});
    EXPECT_EQ(backed.code, 0) << backed.out;
    EXPECT_EQ(server().end(SIGTERM), 0);
    fs::rename(data(), folder() / "gone");
  }
  std::string keys() const { return folder() / "backup"; }
  std::string blob_object() const { return "fb/blobs/" + digest.substr(0, 2) + "/" + digest; }
  Finished restore(bool with_keys, const std::string& out) const {
    std::vector<std::string> words{"restore", "--store-config", folder() / "firebreak.yaml", "--out", out};
    if (with_keys) words.insert(words.end(), {"--keys", keys()});
    return firebreak(words);
  }
  std::string digest;
};

TEST(Offsite, a_machine_with_nothing_gets_everything_back_from_bucket_and_key_backup) {
  Lost place;
  const Finished restored = place.restore(true, place.data());
  EXPECT_EQ(restored.code, 0) << restored.out;
  EXPECT_NE(restored.out.find("journal: authentic"), std::string::npos) << restored.out;
  EXPECT_NE(restored.out.find("s: authentic"), std::string::npos) << restored.out;
  EXPECT_EQ(place.firebreak({"ledger", "verify", "--data", place.data()}).code, 0);
  ASSERT_TRUE(place.start_server());
  for (int i = 0; i < 20; ++i) {
    const auto traced = place.get("/api/v1/trace/d" + std::to_string(i));
    ASSERT_TRUE(traced) << traced.error().message;
    EXPECT_NE(canonical_json(*traced).find("\"x\":1"), std::string::npos) << canonical_json(*traced);
  }
  place.add(5);  // it goes on, and so does the copy
  place.until("/api/v1/status", "the new records are in the bucket", [&](const Json&) { return place.there("s") >= 25; });
  place.offsite("ok");
}

TEST(Offsite, without_the_keys_proofs_come_back_and_it_says_so) {
  Lost place;
  const Finished restored = place.restore(false, place.data());
  EXPECT_EQ(restored.code, 0) << restored.out;
  EXPECT_NE(restored.out.find("s: consistent"), std::string::npos) << restored.out;
  EXPECT_NE(restored.out.find("proofs only"), std::string::npos) << restored.out;
  EXPECT_EQ(place.firebreak({"ledger", "prove", "--data", place.data(), "--log", "s", "--index", "3", "--out", place.folder() / "proof"}).code, 0);
  EXPECT_FALSE(place.start_server());
}

TEST(Offsite, what_was_changed_in_the_bucket_is_told) {
  Lost place;
  std::string piece;
  for (const std::string& key : place.bucket.keys())
    if (key.starts_with("fb/logs/s/000001.seg/")) piece = key;
  Bytes octets = place.bucket.content(piece);
  octets[octets.size() / 2] = static_cast<char>(octets[octets.size() / 2] ^ 1);
  place.bucket.alter(piece, octets);
  place.bucket.alter(place.blob_object(), "another document");
  const Finished restored = place.restore(true, place.data());
  EXPECT_EQ(restored.code, 1);
  EXPECT_NE(restored.out.find("s: damaged"), std::string::npos) << restored.out;
  EXPECT_NE(restored.out.find("journal: authentic"), std::string::npos) << restored.out;
  EXPECT_NE(restored.out.find("MISSING: blobs/"), std::string::npos) << restored.out;
}

TEST(Offsite, a_key_backup_that_was_changed_is_refused_before_anything_is_written) {
  Lost place;
  Place::write(place.keys() + "/admin.token", "another\n");
  const Finished restored = place.restore(true, place.data());
  EXPECT_NE(restored.code, 0);
  EXPECT_FALSE(fs::exists(place.data() + "/keys"));
  EXPECT_FALSE(fs::exists(place.data() + "/logs"));
}

TEST(Offsite, records_whose_keys_are_newer_than_the_key_backup_are_told) {
  Lost place;
  fs::rename(place.folder() / "gone", place.data());
  ASSERT_TRUE(place.start_server());  // a start makes a new key epoch
  place.add(7);
  place.until("/api/v1/status", "the new records are in the bucket", [&](const Json&) { return place.there("s") >= 28; });
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  const Finished restored = place.restore(true, place.folder() / "again");
  EXPECT_EQ(restored.code, 1) << restored.out;
  EXPECT_NE(restored.out.find("MISSING: log s: the key of epoch 2:"), std::string::npos) << restored.out;
  EXPECT_NE(restored.out.find("s: authentic"), std::string::npos) << restored.out;
}

TEST(Offsite, keys_that_no_backup_has_are_told_until_one_is_made) {
  Place place("keys_missing_s: 0.2");
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
  place.add(3);
  const Json found = place.finding("keys_not_backed_up", "open");
  EXPECT_NE(string_or(found, "summary").find("firebreak backup --data " + place.data()), std::string::npos) << canonical_json(found);
  const auto said = [&] {
    return place.firebreak({"status", "--url", place.url(), "--data", place.data()}).out + place.firebreak({"doctor", "--data", place.data(), "--url", place.url()}).out;
  };
  EXPECT_NE(said().find("RED "), std::string::npos) << said();
  EXPECT_NE(said().find("keys are in no key backup"), std::string::npos) << said();
  EXPECT_NE(said().find("warn  key backup: "), std::string::npos) << said();
  EXPECT_EQ(place.firebreak({"backup", "--data", place.data(), "--out", place.folder() / "backup"}).code, 0);
  place.finding("keys_not_backed_up", "closed");
  EXPECT_EQ(said().find("keys are in no key backup"), std::string::npos) << said();
  EXPECT_NE(said().find("ok    key backup: all "), std::string::npos) << said();
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  ASSERT_TRUE(place.start_server());
  place.add(3);  // a start makes a new key epoch
  place.until("/api/v1/status", "a key is missing again", [](const Json& status) { return int_or(*find_pointer(status, "/offsite/keys"), "missing") == 1; });
  net::HttpClient http;
  EXPECT_NE(http.get(place.url() + "/metrics")->body.find("firebreak_offsite_keys_missing 1"), std::string::npos);
}

TEST(Offsite, a_place_for_key_backups_is_kept_up_and_serves_a_restore) {
  Place place("key_backup: kept");
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}, {"fields", JsonObject{{"x", JsonObject{{"keep", "encrypt"}}}}}}));
  place.until("/api/v1/status", "the place is told to be missing", [](const Json& status) {
    return string_or(*find_pointer(status, "/offsite/keys"), "what").find("the place for key backups") != std::string::npos;
  });
  EXPECT_FALSE(fs::exists(place.folder() / "kept")) << "a mount that is missing is not written around";
  fs::create_directory(place.folder() / "kept");
  const auto backed = [&] {
    place.until("/api/v1/status", "all keys are backed up", [&](const Json& status) {
      const Json& keys = *find_pointer(status, "/offsite/keys");
      return int_or(keys, "missing") == 0 && string_or(keys, "where").starts_with(place.folder() / "kept");
    });
  };
  place.add(20);
  backed();
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  ASSERT_TRUE(place.start_server());
  place.add(5);
  const auto epochs = [&] { return std::distance(fs::directory_iterator(place.data() + "/keys/epochs/s"), fs::directory_iterator()); };
  ASSERT_EQ(epochs(), 2);
  backed();
  place.until_copied(26);
  EXPECT_EQ(std::distance(fs::directory_iterator(place.folder() / "kept"), fs::directory_iterator()), 1) << "the older one was replaced";
  const std::string kept = fs::directory_iterator(place.folder() / "kept")->path();
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  fs::remove_all(place.data());
  const Finished restored = place.firebreak({"restore", "--store-config", place.folder() / "firebreak.yaml", "--out", place.data(), "--keys", kept});
  EXPECT_EQ(restored.code, 0) << restored.out;
}

TEST(Offsite, what_somebody_else_puts_into_the_bucket_is_told_and_stops_no_copy) {
  Place place;
  place.start_with_copied(5);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  place.foreign("fb/logs/s/000001.seg/00000000000009000000", "nonsense");
  place.foreign("fb/logs/s/000001.seg/00000000000000000007", "nonsense");
  place.foreign("fb/logs/s/000009.seg/00000000000000000000", "nonsense");
  place.foreign("fb/logs/s/checkpoints/00000000000000009999", "firebreak/s\n9999\nAAAA\n\n");
  ASSERT_TRUE(place.start_server());
  const Json found = place.finding("store_foreign", "open");
  EXPECT_NE(string_or(found, "summary").find("4 objects"), std::string::npos) << canonical_json(found);
  place.add(20);
  place.until("/api/v1/status", "the copy goes on", [&](const Json& status) {
    for (const std::string& key : place.bucket.keys())
      if (key.starts_with("fb/logs/s/checkpoints/") && !key.ends_with("9999") && std::stoull(key.substr(key.rfind('/') + 1)) >= 25)
        return int_or(*find(status, "offsite"), "lag_octets") == 0;
    return false;
  });
  place.offsite("ok");
  EXPECT_EQ(place.firebreak({"backup", "--data", place.data(), "--out", place.folder() / "backup"}).code, 0);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  fs::remove_all(place.data());
  const Finished restored = place.firebreak({"restore", "--store-config", place.folder() / "firebreak.yaml", "--out", place.data(), "--keys", place.folder() / "backup"});
  EXPECT_EQ(restored.code, 0) << restored.out;
  EXPECT_NE(restored.out.find("s: authentic: "), std::string::npos) << restored.out;
  EXPECT_EQ(place.firebreak({"ledger", "verify", "--data", place.data()}).code, 0);
  EXPECT_NE(restored.out.find("passed over, somebody else wrote it: log s: logs/s/checkpoints/00000000000000009999"), std::string::npos) << restored.out;
}

TEST(Offsite, a_restore_writes_nothing_over) {
  Lost place;
  const Finished restored = place.restore(true, place.folder() / "gone");
  EXPECT_EQ(restored.code, 3) << restored.out;
}

}  // namespace
}  // namespace firebreak
