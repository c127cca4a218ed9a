#include "read/evidence/sealed_notes.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "read/evidence/bundle_files.h"

namespace firebreak::evidence {
namespace {

constexpr std::string_view kAdvice = "Counsel-Lena advises to settle with the Meyer family";

struct Room {
  SimulatedFiles files;
  SystemRandom random;
  std::unique_ptr<SealedNotes> open() { return std::move(*SealedNotes::open(files, random, "data")); }
  // Files that hold these octets.
  std::vector<std::string> with(std::string_view octets) {
    std::vector<std::string> out;
    const auto names = walk(files, "data").value();
    for (const std::string& name : names)
      if (read_all(files, "data/" + name).value().find(octets) != std::string::npos) out.push_back(name);
    return out;
  }
};

TEST(SealedNotes, come_back_for_their_incident_alone_and_stand_nowhere_in_the_clear) {
  Room room;
  const auto notes = room.open();
  const Digest sealed = notes->seal("inc-7", kAdvice).value();
  EXPECT_EQ(notes->text_of("inc-7", sealed).value(), kAdvice);
  EXPECT_EQ(notes->text_of("inc-8", sealed).error().code, Code::kNotFound) << "its key is another's";
  EXPECT_TRUE(room.with("Lena").empty());
  EXPECT_NE(notes->seal("inc-7", kAdvice).value(), sealed) << "equal texts are not seen to be equal";
  EXPECT_EQ(room.open()->text_of("inc-7", sealed).value(), kAdvice) << "after a restart";
}

TEST(SealedNotes, of_another_incident_are_refused_although_the_key_is_there) {
  Room room;
  const auto notes = room.open();
  const Digest sealed = notes->seal("inc-7", kAdvice).value();
  const auto seeds = walk(room.files, "data/keys/epochs/counsel-inc-7").value();
  for (const std::string& name : seeds) {
    ASSERT_TRUE(room.files.make_dir("data/keys/epochs/counsel-inc-8"));
    ASSERT_TRUE(write_atomic(room.files, "data/keys/epochs/counsel-inc-8/" + name, *read_all(room.files, "data/keys/epochs/counsel-inc-7/" + name)));
  }
  EXPECT_EQ(notes->text_of("inc-8", sealed).error().code, Code::kCorrupt);
}

TEST(SealedNotes, that_are_released_lose_their_key_and_their_octets_also_when_that_is_done_again) {
  Room room;
  const auto notes = room.open();
  const Digest first = notes->seal("inc-7", kAdvice).value(), second = notes->seal("inc-7", "another").value();
  const auto before = walk(room.files, "data/keys/epochs/counsel-inc-7").value();
  Entry released;
  released.kind = "privileged_note_released";
  released.body = JsonObject{{"incident", "inc-7"}, {"note", "priv-3"}, {"sealed", first.hex()}};
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(notes->apply(released));
    EXPECT_EQ(notes->text_of("inc-7", first).error().code, Code::kNotFound);
    EXPECT_EQ(walk(room.files, "data/keys/epochs/counsel-inc-7").value().size(), before.size() - 1);
  }
  EXPECT_EQ(notes->text_of("inc-7", second).value(), "another") << "each has a key of its own";
}

TEST(SealedNotes, with_any_octet_changed_are_refused) {
  Room room;
  const auto notes = room.open();
  const Digest sealed = notes->seal("inc-7", "x").value();
  const std::string path = fmt::format("data/sealed/{}/{}", sealed.hex().substr(0, 2), sealed.hex());
  const Bytes whole = read_all(room.files, path).value();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes other = whole;
    other[at] = static_cast<char>(other[at] ^ 1);
    ASSERT_TRUE(write_atomic(room.files, path, other));
    EXPECT_FALSE(notes->text_of("inc-7", sealed)) << at;
  }
}

}  // namespace
}  // namespace firebreak::evidence
