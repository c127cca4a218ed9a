#include "log/ledger/cosignature.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace firebreak::ledger {
namespace {

SigningKey key(std::uint64_t seed, const std::string& name) {
  SeededRandom random(seed);
  return *SigningKey::generate(name, random);
}

Checkpoint checkpoint_of(const SigningKey& log, std::uint64_t size) {
  Checkpoint checkpoint{log.verifier().name, size, sha256("root " + std::to_string(size)), {}};
  checkpoint.signatures.push_back({log.verifier().name, log.sign(checkpoint.body())});
  return checkpoint;
}

const SigningKey kLog = key(1, "example.com/log"), kWitness = key(2, "example.com/witness");

TEST(Cosignature, names_the_second_at_which_the_witness_saw_the_checkpoint) {
  const Checkpoint checkpoint = checkpoint_of(kLog, 7);
  const auto seconds = check_cosignature(checkpoint, {cosign(kWitness, checkpoint, 1'700'000'123)}, cosigner_of(kWitness));
  ASSERT_TRUE(seconds) << seconds.error().message;
  EXPECT_EQ(*seconds, 1'700'000'123u);
}

TEST(Cosignature, of_another_checkpoint_or_witness_or_time_does_not_verify) {
  const Checkpoint checkpoint = checkpoint_of(kLog, 7);
  const NoteSignature line = cosign(kWitness, checkpoint, 5);
  EXPECT_FALSE(check_cosignature(checkpoint_of(kLog, 8), {line}, cosigner_of(kWitness)));
  EXPECT_FALSE(check_cosignature(checkpoint, {line}, cosigner_of(key(3, "example.com/witness"))));
  Bytes raw = *from_base64(line.signature);
  raw[11] = static_cast<char>(raw[11] ^ 1);  // the last octet of the time
  EXPECT_FALSE(check_cosignature(checkpoint, {{line.name, to_base64(raw)}}, cosigner_of(kWitness)));
  EXPECT_FALSE(check_cosignature(checkpoint, {}, cosigner_of(kWitness)));
}

TEST(Cosignature, by_a_log_key_is_none) {
  // The same Ed25519 key under type 01 has another id: a log's signature can never be shown as a witness'.
  const Checkpoint checkpoint = checkpoint_of(kWitness, 7);
  EXPECT_FALSE(check_cosignature(checkpoint, checkpoint.signatures, cosigner_of(kWitness)));
  EXPECT_FALSE(parse_witness_vkey(kWitness.verifier().text()));
  EXPECT_TRUE(parse_witness_vkey(cosigner_of(kWitness).text()));
}

TEST(Cosignature, made_with_openssl_as_the_documentation_shows_it_verifies) {
  const auto request = parse_add_checkpoint(
      "old 0\n\nfirebreak.example/journal\n2\nydT9mzHabfTvXTvr0HXOBVT/HaOMHszq2tPvH+yXSaU=\n\n\xE2\x80\x94 firebreak.example/journal "
      "rXC96/TeXcgbCTjXu4IZyyhIsVyVCNdnJDgYpA7RB9qdHVJDFjDLpDdwlR1PgJFeLNBeyI5dmn3j2rVjXsWNzwivigo=\n");
  ASSERT_TRUE(request) << request.error().message;
  const auto lines = parse_cosignatures(
      "\xE2\x80\x94 example.com/w1 "
      "yn7U5wAAAABprtJgus/mLoSpJS5ahf36v9//Dv7E3wE7v3edvKTIdhmdaHF79MKmUzpTyMGooXhfx1RPf3jSOvIohTAWEPa9EqGiBA==\n");
  ASSERT_TRUE(lines);
  const auto witness = parse_witness_vkey("example.com/w1+ca7ed4e7+BNpEmq+JbFEh4Hl5Yhe9HXxXGeEdrXcIE47t3FhmQTzC");
  ASSERT_TRUE(witness);
  EXPECT_EQ(check_cosignature(request->checkpoint, *lines, *witness).value_or(0), 1'773'064'800u);
}

TEST(Cosignature, lines_of_a_checkpoint_are_kept_beside_the_logs_own) {
  Checkpoint checkpoint = checkpoint_of(kLog, 7);
  checkpoint.signatures.push_back(cosign(kWitness, checkpoint, 5));
  const auto again = parse_checkpoint(checkpoint.text());
  ASSERT_TRUE(again);
  EXPECT_TRUE(check_checkpoint(*again, kLog.verifier()));
  EXPECT_TRUE(check_cosignature(*again, again->signatures, cosigner_of(kWitness)));
}

TEST(Cosignature, request_reads_back_as_it_was_written) {
  const AddCheckpoint request{3, {sha256("a"), sha256("b")}, checkpoint_of(kLog, 7)};
  const auto again = parse_add_checkpoint(request.text());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->text(), request.text());
  EXPECT_EQ(again->old_size, 3u);
  EXPECT_EQ(again->proof.size(), 2u);
}

TEST(Cosignature, request_is_refused_when_any_part_is_not_exact) {
  const std::string note = checkpoint_of(kLog, 7).text(), hash = to_base64(sha256("a").view()) + "\n";
  for (const std::string& bad : {std::string(), std::string("old 3"), "old 3\n" + hash, "old 03\n\n" + note, "old -1\n\n" + note, "new 3\n\n" + note,
                                 "old 3\nQQ==\n\n" + note, "old 3\n" + note, "old 3\n\n" + note + "x"})
    EXPECT_FALSE(parse_add_checkpoint(bad)) << bad;
  std::string many = "old 3\n";
  for (int i = 0; i < 64; ++i) many += hash;
  EXPECT_FALSE(parse_add_checkpoint(many + "\n" + note));
}

TEST(Cosignature, answer_that_is_not_lines_of_signatures_is_refused) {
  for (const char* bad : {"", "ok\n", "\xE2\x80\x94 w\n", "\xE2\x80\x94 w AAAA\n", "\n"}) EXPECT_FALSE(parse_cosignatures(bad)) << bad;
  EXPECT_FALSE(parse_cosignatures(std::string(20'000, 'x')));
}

}  // namespace
}  // namespace firebreak::ledger
