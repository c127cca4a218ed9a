#include "read/evidence/texts.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"

namespace firebreak::evidence {
namespace {

struct Place {
  SimulatedFiles files;
  SeededRandom random{7};
  std::unique_ptr<Texts> texts = *Texts::open(files, random, "data");

  void erase(const std::string& reference) {
    Entry entry;
    entry.kind = "text_erased";
    entry.body = JsonObject{{"text", reference}};
    ASSERT_TRUE(texts->apply(entry));
  }
  std::string file_of(const std::string& reference) { return "data/texts/" + reference.substr(5, 2) + "/" + reference.substr(5); }
};

TEST(Texts, the_same_words_have_another_reference_each_time) {
  Place place;
  const std::string first = *place.texts->keep("yes"), second = *place.texts->keep("yes");
  EXPECT_NE(first, second);
  EXPECT_NE(first, text_reference(sha256("yes")));
  EXPECT_EQ(place.texts->shown(first), "yes");
  EXPECT_EQ(place.texts->shown(second), "yes");
}

TEST(Texts, an_erased_one_is_in_no_file_and_shown_as_erased_also_after_a_start) {
  Place place;
  const std::string gone = *place.texts->keep("Erika M."), other = *place.texts->keep("Otto N.");
  place.erase(gone);
  place.erase(gone);
  EXPECT_FALSE(exists(place.files, place.file_of(gone)));
  EXPECT_FALSE(place.texts->has(gone));
  EXPECT_EQ(place.texts->shown(gone), "[erased]");
  EXPECT_EQ(place.texts->shown(other), "Otto N.");
  place.texts = *Texts::open(place.files, place.random, "data");
  EXPECT_EQ(place.texts->shown(gone), "[not here]") << "until the journal was read";
  place.erase(gone);
  EXPECT_EQ(place.texts->shown(gone), "[erased]");
}

TEST(Texts, what_is_lost_or_damaged_is_told_from_what_is_erased) {
  Place place;
  const std::string lost = text_reference(sha256("never kept"));
  EXPECT_EQ(place.texts->shown(lost), "[not here]");
  const std::string bad = *place.texts->keep("Erika M.");
  ASSERT_TRUE(write_plain(place.files, place.file_of(bad), "something else"));
  EXPECT_EQ(place.texts->shown(bad), "[unreadable]");
  EXPECT_EQ(place.texts->shown_in(JsonObject{{"x", "a " + bad + " b"}}), Json(JsonObject{{"x", "a [unreadable] b"}}));
}

TEST(Texts, an_entry_that_names_no_text_erases_nothing) {
  Place place;
  const std::string kept = *place.texts->keep("Otto N.");
  for (const std::string& name : {std::string(), kept.substr(5), std::string("../../journal"), kept + "x"}) place.erase(name);
  EXPECT_EQ(place.texts->shown(kept), "Otto N.");
}

TEST(Texts, a_document_full_of_references_does_not_grow_without_end) {
  Place place;
  const std::string large = *place.texts->keep(std::string(4 * limits::kMiB, 'x'));
  JsonArray many;
  for (int i = 0; i < 100; ++i) many.emplace_back(large);
  const Json shown = place.texts->shown_in(many);
  EXPECT_LE(canonical_json(shown).size(), Texts::kShownOctets + 100 * 80);
  EXPECT_EQ(shown.as_array().back(), Json(large)) << "the reference is left";
}

TEST(Texts, what_a_power_cut_left_half_written_is_gone_after_the_start) {
  for (std::uint64_t call = 1; call <= 20; ++call) {
    SimulatedFiles files(call);
    SeededRandom random(call);
    auto texts = *Texts::open(files, random, "data");
    files.fail_call(call, true);
    const auto kept = texts->keep("Erika M.");
    files.fail_call(0);
    files.crash();
    auto again = Texts::open(files, random, "data");
    ASSERT_TRUE(again) << "call " << call << ": " << again.error().message;
    texts = std::move(*again);
    if (kept) {
      EXPECT_EQ(texts->shown(*kept), "Erika M.") << call;
    }
    const auto folders = files.list("data/texts");
    ASSERT_TRUE(folders);
    for (const std::string& folder : *folders) {
      const auto names = files.list("data/texts/" + folder.substr(0, 2));
      ASSERT_TRUE(names);
      for (const std::string& name : *names) EXPECT_TRUE(Digest::from_hex(name)) << name;
    }
  }
}

}  // namespace
}  // namespace firebreak::evidence
