#include "read/evidence/capture.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "log/ledger/tree.h"
#include "read/evidence/test_world.h"

namespace firebreak::evidence {
namespace {

TEST(Capture, every_item_becomes_a_blob_and_an_entry_with_its_digest) {
  TestWorld world;
  const Result<CaptureResult> result = capture(world.blobs, world.sources(), "req-2", TestWorld::request());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->captured, 5U);
  EXPECT_EQ(result->failed, 0U);
  for (const Draft& draft : result->drafts) {
    EXPECT_EQ(draft.kind, "evidence_captured");
    const Digest digest = *Digest::from_hex(string_or(draft.body, "digest"));
    const Result<Bytes> content = world.blobs.get(digest);
    ASSERT_TRUE(content);
    EXPECT_EQ(static_cast<std::size_t>(int_or(draft.body, "octets")), content->size());
    EXPECT_EQ(string_or(draft.body, "request"), "req-2");
  }
  EXPECT_LT(result->drafts[0].source, result->drafts[1].source);
}

TEST(Capture, an_item_that_cannot_be_had_fails_alone) {
  TestWorld world;
  CaptureSources sources = world.sources();
  sources.model = nullptr;
  sources.policy = [](const std::string&) -> Result<Document> {
    return fail(Code::kUnavailable, "the gateway is silent");
  };
  const Result<CaptureResult> result = capture(world.blobs, sources, "req-2", TestWorld::request());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->captured, 3U);
  EXPECT_EQ(result->failed, 2U);
  EXPECT_EQ(string_or(result->drafts[2].body, "reason"), "the gateway is silent");
}

TEST(Capture, secures_what_is_gone_first_before_the_rest_whatever_was_asked_for_first) {
  TestWorld world;
  const Result<CaptureResult> result = capture(world.blobs, world.sources(), "req-2", TestWorld::request());
  ASSERT_TRUE(result);
  std::string order;
  for (const Draft& draft : result->drafts) order += string_or(draft.body, "item") + " ";
  EXPECT_EQ(order, "counters inferences policy model dataset ");
}

TEST(Capture, a_model_that_differs_from_its_registration_is_captured_with_both_digests) {
  TestWorld world;
  CaptureSources sources = world.sources();
  sources.model = [](const std::string&) -> Result<Document> {
    return Document{"m", "application/json", "disk", "swapped", sha256("registered").hex()};
  };
  const Json only_model = JsonObject{{"incident", "inc-1"}, {"endpoint", "e"}, {"items", JsonArray{"model"}}};
  const Result<CaptureResult> result = capture(world.blobs, sources, "req-2", only_model);
  ASSERT_TRUE(result);
  EXPECT_EQ(string_or(result->drafts[0].body, "expected"), sha256("registered").hex());
  EXPECT_EQ(string_or(result->drafts[0].body, "digest"), sha256("swapped").hex());
}

TEST(Capture, refuses_what_is_no_request) {
  TestWorld world;
  EXPECT_EQ(capture(world.blobs, {}, "inc-2", TestWorld::request()).error().code, Code::kInvalid);
  EXPECT_FALSE(capture(world.blobs, {}, "req-2", JsonObject{{"items", JsonArray{}}}));
}

TEST(Range, what_is_written_reads_back_and_proves_itself) {
  const TestWorld world;
  const Result<OpenedRange> range = parse_range(render_range(world.range(37, 61)));
  ASSERT_TRUE(range);
  EXPECT_EQ(range->records.size(), 25U);
  const Result<void> holds = check_range(*range);
  EXPECT_TRUE(holds) << holds.error().message;
}

TEST(Range, names_the_record_whose_row_was_changed) {
  const TestWorld world;
  OpenedRange range = world.range(37, 61);
  range.records[3].row[0] ^= 1;
  const Result<void> holds = check_range(range);
  ASSERT_FALSE(holds);
  EXPECT_NE(holds.error().message.find("record 40"), std::string::npos);
}

RC_GTEST_PROP(Range, two_proofs_of_the_ends_prove_any_range_of_any_tree, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 700);
  const auto first = *rc::gen::inRange<std::uint64_t>(0, size);
  const auto last = *rc::gen::inRange<std::uint64_t>(first, size);
  ledger::Tree tree;
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < size; ++i) {
    const Digest leaf = ledger::leaf_hash(std::to_string(i));
    tree.append(leaf);
    if (i >= first && i <= last) leaves.push_back(leaf);
  }
  const auto head = *tree.inclusion_proof(first, size), tail = *tree.inclusion_proof(last, size);
  RC_ASSERT(*range_root(first, size, leaves, head, tail) == tree.root());

  const auto victim = *rc::gen::inRange<std::size_t>(0, leaves.size());
  leaves[victim].bytes[0] ^= 1;
  const auto changed = range_root(first, size, leaves, head, tail);
  RC_ASSERT(!changed || *changed != tree.root());
}

TEST(Range, refuses_text_that_is_cut_or_no_range) {
  const TestWorld world;
  std::string text = render_range(world.range(1, 3));
  text.pop_back();
  EXPECT_FALSE(parse_range(text));
  EXPECT_FALSE(parse_range(""));
  EXPECT_FALSE(parse_range("{}\n"));
}

TEST(Range, an_erased_record_stands_with_its_leaf_and_nothing_else) {
  const TestWorld world;
  OpenedRange range = world.range(3, 9);
  OpenedRecord& gone = range.records[2];
  gone.salt.clear();
  gone.row.clear();
  gone.json = R"({"erased":true,"type":"inference"})";
  const OpenedRange read = parse_range(render_range(range)).value();
  EXPECT_TRUE(check_range(read));
  EXPECT_EQ(erased_in(read), 1U);
  range.records[2].json = R"({"erased":true,"features":{"age":1},"type":"inference"})";
  EXPECT_FALSE(check_range(range)) << "words without a row that vouches for them";
  range.records[2].json = R"({"type":"inference"})";
  EXPECT_FALSE(check_range(range));
  range.records[2].json = R"({"erased":true,"type":"inference"})";
  range.records[2].leaf[20] = static_cast<char>(range.records[2].leaf[20] ^ 1);
  EXPECT_FALSE(check_range(range)) << "its leaf must still stand in the tree";
}

}  // namespace
}  // namespace firebreak::evidence
