#include "log/ledger/receipt.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/json.h"
#include "log/ledger/proof.h"

namespace firebreak::ledger {
namespace {

SigningKey key_of(std::uint64_t seed) {
  SeededRandom random(seed);
  return *SigningKey::generate("example.com/log", random);
}

struct World {
  SigningKey key = key_of(1);
  Tree tree;
  explicit World(std::uint64_t size, const std::string& word = "entry ") {
    for (std::uint64_t i = 0; i < size; ++i) tree.append(leaf_hash(word + std::to_string(i)));
  }
  Checkpoint checkpoint(std::uint64_t size) const {
    Checkpoint checkpoint{key.verifier().name, size, tree.root_at(size).value(), {}};
    checkpoint.signatures.push_back({key.verifier().name, key.sign(checkpoint.body())});
    return checkpoint;
  }
  std::string proof(std::uint64_t index, std::uint64_t size) const {
    Proof proof;
    proof.index = index;
    proof.path = tree.inclusion_proof(index, size).value();
    proof.checkpoint = checkpoint(size);
    return proof.text();
  }
  JsonObject ingest(std::uint64_t last, std::uint64_t size) const {
    return {{"log", "a"},
            {"first", 0},
            {"last", last},
            {"leaf_hash", to_base64(tree.leaf_at(last)->view())},
            {"size", size},
            {"root", to_base64(tree.root_at(size)->view())},
            {"signature", checkpoint(size).signatures[0].signature}};
  }
  Result<void> check(const std::string& text) const {
    FIREBREAK_ASSIGN(const Receipt receipt, parse_receipt(text));
    return check_receipt(receipt, key.verifier(), past_view(tree));
  }
};

std::string why(const Result<void>& result) { return result ? "" : result.error().message; }

TEST(Receipt, of_every_form_holds_in_a_log_that_has_grown_since) {
  const World world(50);
  EXPECT_TRUE(world.check(world.proof(7, 20)));
  EXPECT_TRUE(world.check(canonical_json(world.ingest(19, 20))));
  EXPECT_TRUE(world.check(world.checkpoint(20).text()));
  const JsonObject proof{{"index", 7}, {"leaf_hash", to_base64(world.tree.leaf_at(7)->view())}, {"checkpoint", world.checkpoint(20).text()}};
  EXPECT_TRUE(world.check(canonical_json(proof)));
  EXPECT_TRUE(world.check(canonical_json(JsonObject{{"id", "d7"}, {"proof", proof}})));
}

TEST(Receipt, of_more_entries_than_the_log_has_says_that_it_was_cut_back) {
  const World world(50), shorter(19);
  for (const std::string& text : {world.proof(7, 20), canonical_json(world.ingest(7, 20)), world.checkpoint(20).text()})
    EXPECT_NE(why(shorter.check(text)).find("signs 20 entries, the log has 19: the log was cut back"), std::string::npos);
}

TEST(Receipt, of_other_entries_says_that_the_log_was_written_anew) {
  const World world(50), other(50, "other ");
  for (const std::string& text : {world.proof(7, 20), canonical_json(world.ingest(7, 20)), world.checkpoint(50).text()})
    EXPECT_NE(why(other.check(text)).find("was written anew"), std::string::npos);
}

TEST(Receipt, by_another_key_or_for_another_record_does_not_hold) {
  const World world(50);
  World stranger(50);
  stranger.key = key_of(2);
  EXPECT_NE(why(world.check(stranger.proof(7, 20))).find("not signed by the log's key"), std::string::npos);
  EXPECT_NE(why(world.check(canonical_json(stranger.ingest(7, 20)))).find("not signed by the log's key"), std::string::npos);
  JsonObject moved = world.ingest(7, 20);
  moved["last"] = 8;
  EXPECT_NE(why(world.check(canonical_json(moved))).find("entry 8 is not the one"), std::string::npos);
  moved["last"] = 20;
  EXPECT_NE(why(world.check(canonical_json(moved))).find("above the size"), std::string::npos);
}

TEST(Receipt, that_is_none_is_refused_with_the_place) {
  const World world(5);
  JsonObject bad = world.ingest(1, 5);
  for (const char* key : {"log", "last", "leaf_hash", "size", "root", "signature"}) {
    JsonObject missing = bad;
    missing.erase(key);
    const auto refused = parse_receipt(canonical_json(missing));
    ASSERT_FALSE(refused) << key;
    EXPECT_EQ(refused.error().code, Code::kInvalid);
    EXPECT_NE((refused.error().message + refused.error().pointer).find(key), std::string::npos) << refused.error().message;
  }
  bad["size"] = -1;
  EXPECT_FALSE(parse_receipt(canonical_json(bad)));
  for (const std::string& text : {std::string(), std::string("{"), std::string("{}"), std::string("hello\n"), std::string("c2sp.org/tlog-proof@v2\n")})
    EXPECT_FALSE(parse_receipt(text)) << text;
}

TEST(Receipt, names_the_log_that_it_is_of) {
  const World world(5);
  EXPECT_TRUE(is_of(*parse_receipt(canonical_json(world.ingest(1, 5))), "a", "whatever"));
  EXPECT_FALSE(is_of(*parse_receipt(canonical_json(world.ingest(1, 5))), "b", "example.com/log"));
  EXPECT_TRUE(is_of(*parse_receipt(world.proof(1, 5)), "whatever", "example.com/log"));
  EXPECT_FALSE(is_of(*parse_receipt(world.proof(1, 5)), "a", "example.com/other"));
}

}  // namespace
}  // namespace firebreak::ledger
