#include "log/record/streams.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "log/ledger/log.h"
#include "log/record/record_testing.h"
#include "types/feature_digest.h"

namespace firebreak::record {
namespace {

using testing::admit;
using testing::inference;
using testing::Room;

std::vector<Json> controls(Stream& stream, std::string_view what) {
  std::vector<Json> found;
  EXPECT_TRUE(stream.read_from(0, 100'000, [&](const Record& record) {
    if (record.kind != Kind::kControl) return;
    Json fields = record.fields();
    if (string_or(fields, "control") == what) found.push_back(std::move(fields));
  }));
  return found;
}

TEST(Stream, gives_back_the_line_that_was_admitted) {
  Room room;
  Stream& stream = room.stream();
  const auto receipt = admit(stream, inference("e1"));
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->log, "fraud-api");
  EXPECT_EQ(receipt->first, receipt->last);
  const Record record = stream.read(receipt->first).value();
  EXPECT_EQ(record.kind, Kind::kInference);
  EXPECT_EQ(record.admitted, room.clock.now());
  EXPECT_EQ(canonical_json(record.fields()), canonical_json(parse_json(inference("e1")).value()));
}

TEST(Stream, numbers_line_k_of_a_batch_as_first_plus_k) {
  Room room;
  Stream& stream = room.stream();
  const auto receipt = admit(stream, inference("a") + inference("b") + inference("c")).value();
  EXPECT_EQ(receipt.last, receipt.first + 2);
  EXPECT_EQ(string_or(stream.read(receipt.first + 1)->fields(), "id"), "b");
  EXPECT_EQ(stream.size(), receipt.last + 1);
}

TEST(Stream, keeps_unknown_fields_nulls_and_nested_values) {
  Room room;
  Stream& stream = room.stream();
  const std::string line =
      R"({"type":"inference","id":"x","time":"2026-03-07T03:00:00Z","region":"eu","tags":["a",{"b":null}],"model":)"
      R"({"name":"m","stage":"prod"},"features":{"age":null,"vector":[1,2.5],"big":9007199254740993,"ok":true},)"
      R"("output":{"label":1,"score":null,"proba":[0.1,0.9]},"disposition":"fallback"})";
  const auto receipt = admit(stream, line);
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(canonical_json(stream.read(receipt->first)->fields()), canonical_json(parse_json(line).value()));
}

TEST(Stream, takes_a_line_without_type_as_an_inference_and_adds_the_type) {
  Room room;
  const auto receipt = admit(room.stream(), R"({"id":"x","time":"2026-03-07T03:00:00+01:00"})").value();
  const Json fields = room.stream().read(receipt.first)->fields();
  EXPECT_EQ(canonical_json(fields), R"({"id":"x","time":"2026-03-07T02:00:00Z","type":"inference"})");
}

TEST(Stream, opens_a_schema_for_a_new_field_and_for_a_new_type_and_none_otherwise) {
  Room room;
  Stream& stream = room.stream();
  const auto before = admit(stream, inference("1", R"({"age":1})")).value();
  ASSERT_TRUE(admit(stream, inference("2", R"({"age":2.5})")));
  EXPECT_EQ(controls(stream, "schema").size(), 1U);
  ASSERT_TRUE(admit(stream, inference("3", R"({"age":3,"income":10})")));
  EXPECT_EQ(controls(stream, "schema").size(), 2U);
  ASSERT_TRUE(admit(stream, inference("4", R"({"age":"old"})") + inference("5", R"({"income":1})")));
  EXPECT_EQ(controls(stream, "schema").size(), 3U);
  EXPECT_EQ(string_or(*find(stream.read(stream.size() - 2)->fields(), "features"), "age"), "old");
  EXPECT_EQ(number_or(*find(stream.read(before.first)->fields(), "features"), "age"), 1);
}

TEST(Stream, reads_rows_of_every_schema_after_a_restart) {
  Room room;
  std::vector<std::string> written;
  for (const char* features : {R"({"a":1})", R"({"a":1,"b":"x"})", R"({"a":"t","c":true})"}) {
    const std::string line = inference("e" + std::to_string(written.size()), features);
    ASSERT_TRUE(admit(room.stream(), line));
    written.push_back(canonical_json(parse_json(line).value()));
  }
  room.reopen();
  std::vector<std::string> read;
  ASSERT_TRUE(room.streams->get("fraud-api")->read_from(0, 1000, [&](const Record& record) {
    if (record.kind == Kind::kInference) read.push_back(canonical_json(record.fields()));
  }));
  EXPECT_EQ(read, written);
}

TEST(Stream, holds_no_word_of_a_row_in_the_clear) {
  Room room;
  ASSERT_TRUE(admit(room.stream(), inference("secret-id", R"({"sex":"unmistakable"})")));
  room.streams.reset();
  const std::vector<std::string> names = room.files.list("data/logs/fraud-api").value();
  for (const std::string& name : names) {
    if (name.ends_with('/')) continue;
    const Bytes octets = read_all(room.files, "data/logs/fraud-api/" + name).value();
    EXPECT_EQ(octets.find("secret-id"), Bytes::npos) << name;
    EXPECT_EQ(octets.find("unmistakable"), Bytes::npos) << name;
    EXPECT_EQ(octets.find("key-1"), Bytes::npos) << name;
  }
}

TEST(Stream, flags_event_times_far_from_admission_and_never_refuses_them) {
  Room room;
  Stream& stream = room.stream();
  const auto at = [&](const char* time) {
    const auto receipt = admit(stream, std::string(R"({"id":"x","time":")") + time + "\"}");
    return stream.read(receipt->first)->time_outside;
  };
  EXPECT_FALSE(at("2026-03-07T04:01:00Z"));
  EXPECT_TRUE(at("2026-03-07T04:01:00.000001Z"));
  EXPECT_FALSE(at("2026-02-05T04:00:00Z"));
  EXPECT_TRUE(at("2026-02-05T03:59:59.999999Z"));
  EXPECT_EQ(stream.counters().time_outside, 2U);
}

TEST(Stream, flags_a_model_nobody_registered) {
  Room room;
  Stream& stream = room.stream();
  room.streams->set_known_model([](std::string_view digest) { return digest == "bb"; });
  const auto unknown = admit(stream, inference("1")).value();
  EXPECT_FALSE(stream.read(unknown.first)->model_known);
  room.streams->set_known_model([](std::string_view digest) { return digest == "aa"; });
  const auto known = admit(stream, inference("2")).value();
  EXPECT_TRUE(stream.read(known.first)->model_known);
  EXPECT_EQ(controls(stream, "release_seen").size(), 1U);
}

TEST(Stream, hashes_and_drops_the_fields_that_are_declared_so) {
  Room room;
  StreamConfig config{.name = "fraud-api"};
  config.fields["card"] = {Keep::kHash, "", ""};
  config.fields["cvv"] = {Keep::kDrop, "", ""};
  config.fields["age"] = {Keep::kColumn, "number", "feature"};
  Stream& stream = room.stream(config);
  const auto receipt = admit(stream, inference("1", R"({"card":"4111","cvv":"123","age":5,"surprise":1})")).value();
  const Json fields = stream.read(receipt.first)->fields();
  const Json features = *find(fields, "features");
  EXPECT_TRUE(string_or(features, "card").starts_with("hmac-sha256:"));
  EXPECT_EQ(find(features, "cvv"), nullptr);
  EXPECT_EQ(number_or(features, "age"), 5);
  EXPECT_EQ(stream.counters().undeclared_fields, 1U);
  const auto refused = admit(stream, inference("1", R"({"age":"old"})"));
  EXPECT_EQ(refused.error().pointer, "/features/age");
}

TEST(Stream, makes_an_observation_with_the_digest_the_gateway_computes) {
  Room room;
  Stream& stream = room.stream();
  const FeatureSchema schema{{"age"}, {"sex"}};
  const auto receipt = admit(stream, inference("e1", R"({"sex":"female","age":56.0})")).value();
  const Observation seen = to_observation(stream.read(receipt.first).value(), schema).value();
  EXPECT_EQ(seen.id, "e1");
  EXPECT_EQ(seen.caller, "key-1");
  EXPECT_EQ(seen.release, "1.0.0");
  EXPECT_EQ(seen.model_digest, "aa");
  EXPECT_EQ(seen.label, "approve");
  EXPECT_EQ(seen.score, 0.2382);
  EXPECT_EQ(seen.disposition, Disposition::kServed);
  EXPECT_EQ(seen.schema_violation, "");
  EXPECT_EQ(seen.feature_digest, feature_digest(schema, {{56}, {"female"}}));
}

TEST(Stream, names_what_breaks_the_feature_schema) {
  Room room;
  Stream& stream = room.stream();
  const auto violation = [&](const char* features) {
    const auto receipt = admit(stream, inference("x", features));
    return to_observation(stream.read(receipt->first).value(), {{"age"}, {"sex"}})->schema_violation;
  };
  EXPECT_EQ(violation(R"({"age":1,"sex":"m"})"), "");
  EXPECT_EQ(violation(R"({"age":"1","sex":"m"})"), "/features/age: wrong type (text)");
  EXPECT_EQ(violation(R"({"sex":"m"})"), "/features/age: missing");
  EXPECT_EQ(violation(R"({"age":1,"sex":"m","more":1})"), "/features/more: unknown field");
  EXPECT_EQ(violation(R"({"age":[1],"sex":"m"})"), "/features/age: wrong type");
}

TEST(Stream, reads_labels_given_as_text_or_number) {
  Room room;
  Stream& stream = room.stream();
  const auto receipt = admit(stream,
                             R"({"type":"label","id":"e1","time":"2026-03-07T03:00:00Z","label":1})"
                             "\n"
                             R"({"type":"label","id":"e2","time":"2026-03-07T03:00:00Z","label":"decline"})")
                           .value();
  EXPECT_EQ(to_label(stream.read(receipt.first).value())->label, "1");
  EXPECT_EQ(to_label(stream.read(receipt.last).value())->label, "decline");
  EXPECT_EQ(to_label(stream.read(receipt.last).value())->id, "e2");
  EXPECT_FALSE(to_observation(stream.read(receipt.last).value(), {}).has_value());
}

TEST(Stream, computes_every_leaf_again_and_proves_it) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("a") + inference("b")));
  ASSERT_TRUE(admit(stream, inference("c")));
  for (std::uint64_t index = 0; index < stream.size(); ++index) {
    const RecordProof proof = stream.prove(index).value();
    EXPECT_EQ(leaf_of(proof.record), proof.record.leaf);
    EXPECT_EQ(ledger::leaf_hash(proof.record.leaf), proof.leaf_hash);
    EXPECT_TRUE(ledger::verify_inclusion(proof.leaf_hash, index, proof.tree_size, proof.proof,
                                         stream.log().root_at(proof.tree_size).value()));
  }
}

TEST(Stream, starts_a_new_key_epoch_when_the_old_one_is_full) {
  Room room;
  room.streams = nullptr;
  room.streams = Streams::open(room.files, room.clock, room.random, "data", {.records_per_epoch = 4}).value();
  Stream& stream = room.stream();
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(admit(stream, inference(std::to_string(i))));
  EXPECT_GE(controls(stream, "keys").size(), 3U);
  room.reopen();
  EXPECT_TRUE(room.streams->get("fraud-api")->read_from(0, 100, [](const Record&) {}));
}

TEST(Stream, says_which_record_has_lost_its_key) {
  Room room;
  const auto receipt = admit(room.stream(), inference("a")).value();
  room.streams.reset();
  ASSERT_TRUE(room.files.remove("data/keys/epochs/fraud-api/00000001.seed"));
  room.open();
  const auto read = room.stream().read(receipt.first);
  EXPECT_EQ(read.error().code, Code::kNotFound);
  EXPECT_NE(read.error().message.find("record " + std::to_string(receipt.first)), std::string::npos);
}

TEST(Streams, creates_once_and_keeps_its_configuration) {
  Room room;
  EXPECT_EQ(room.streams->get("fraud-api"), nullptr);
  StreamConfig config{.name = "fraud-api"};
  config.subject = "/user";
  Stream* made = room.streams->create(config).value();
  const std::uint64_t size = made->size();
  EXPECT_EQ(room.streams->create(config).value(), made);
  EXPECT_EQ(made->size(), size);
  room.reopen();
  EXPECT_EQ(room.streams->list(), std::vector<std::string>{"fraud-api"});
  EXPECT_EQ(room.streams->get("fraud-api")->config(), config);
  EXPECT_EQ(room.streams->create({.name = "journal"}).error().code, Code::kInvalid);
  EXPECT_EQ(room.streams->create({.name = "Up/Down"}).error().code, Code::kInvalid);
}

TEST(Streams, tells_listeners_of_each_commit_until_they_leave) {
  Room room;
  Stream& stream = room.stream();
  std::uint64_t seen = 0;
  std::mutex mutex;
  const std::uint64_t id = stream.on_commit([&](std::uint64_t size) {
    const std::lock_guard lock(mutex);
    seen = size;
  });
  ASSERT_TRUE(admit(stream, inference("a")));
  stream.remove_on_commit(id);
  const std::uint64_t then = stream.size();
  ASSERT_TRUE(admit(stream, inference("b")));
  const std::lock_guard lock(mutex);
  EXPECT_LE(seen, then);
}

// Queue, order and disk of a stream are its own: one that is flooded refuses, the others do not notice.
TEST(Stream, one_that_is_flooded_does_not_hold_up_another) {
  Room room;
  Stream& flooded = room.stream({.name = "flooded"});
  Stream& other = room.stream({.name = "other"});
  ASSERT_TRUE(admit(flooded, inference("first")));
  std::promise<void> held, go_on;
  flooded.admit(inference("held"), {}, [&](const Result<Receipt>&) {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  // Nothing of it is answered from here on, so that its queue only fills.
  std::string large;
  for (int i = 0; i < 2'000; ++i) large += inference("e" + std::to_string(i));
  std::atomic<int> answered = 0;
  std::optional<Code> refused;
  for (int i = 0; i < 200 && !refused; ++i)
    flooded.admit(large, {}, [&](const Result<Receipt>& receipt) {
      if (receipt) ++answered;
      if (!receipt && receipt.error().code == Code::kBusy) refused = Code::kBusy;
    });
  EXPECT_EQ(refused, Code::kBusy);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(admit(other, inference("o" + std::to_string(i))));
  EXPECT_EQ(answered, 0);
  go_on.set_value();
}

}  // namespace
}  // namespace firebreak::record
