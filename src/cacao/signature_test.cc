#include "cacao/signature.h"

#include <gtest/gtest.h>

#include "cacao/sample.h"

namespace firebreak::cacao {
namespace {

constexpr const char* kPlaybook =
    R"({"type":"playbook","spec_version":"cacao-2.0","id":"playbook--a0777575-5c4c-4710-9f01-15776103837f","name":"Playbook 1",)"
    R"("created_by":"identity--5abe695c-7bd5-4c31-8824-2528696cdbf1","created":"2022-05-18T11:31:31.319Z","modified":"2022-05-18T11:31:31.319Z"})";

// The technical committee's example: oasis-tcs/cacao, Examples/CACAO-2.0/signature-example-rsa.md.
constexpr const char* kOasis =
    R"({"type":"jss","id":"jss--af892292-c4b4-47eb-9be6-4897ff4b9388","created_by":"identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",)"
    R"("created":"2023-01-10T17:39:31.319Z","modified":"2023-01-10T17:39:31.319Z","signee":"ACME Cyber Company",)"
    R"("valid_from":"2023-01-10T17:39:31.319Z","valid_until":"2023-06-10T17:39:31.319Z",)"
    R"("related_to":"playbook--a0777575-5c4c-4710-9f01-15776103837f","related_version":"2022-05-18T11:31:31.319Z",)"
    R"("hash_algorithm":"sha-256","algorithm":"RS256","public_key":")"
    R"(MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAptKZyFPStvmOlb0WihOBhlHUr6wFDHC+tW7hJAudfTQ5mHZQpB8PoMz07udZA+dG8dhUIPkmXlp1)"
    R"(TgREeYTHdhxhuf0y/GhbpZv5JPYHx3watO+HWO2qYkjRMEcrWhPMdaVkS/Xe/liaMcow4jYoWaFm8VobeYsyVD2bWWdyl4joTEETm1Z47RnnfR15kVhVudVr)"
    R"(DzEFmM4nXV/6dmIg184RJE4httwBFxR8qZCQCwTiJmsoyJxfUR0Gs4ePKc5sB0NTkmFZc5klQSitd67RJn2ldhbqE7EpDl4XlIt+UyLJm1guCBltia8Agke7)"
    R"(dXuhpB7hQ6LJwY4EjzthkJ8IPwIDAQAB)"
    R"(","value":")"
    R"(gXyPW--uUKvGXRh_oDC7IYlx13hGmkiQw6XX3YX_V_i4Y39OPilf0q0qf46aO3IrvG-5_fgeQ3dIunmizYneaVJKjsXo-gkJczvGDehlTjS7MBUIGyD9DRd4)"
    R"(1DnaxWWwzU-T4sZCur664_3J0C-WRCDgZxiB_ItFpeSnPJ8rR8GRFO6M9YS-ejEGJl-sd_hfZUqjZOE_S_UWp_Fd9QYlP2cWDvGH8vFhx2ek9KovEob5Bh2L)"
    R"(X_Gaf7t237B34wKeN4B8aqapyTh3Q8v_Z61bDTNLyi6ZA8zcrUOgCVLVMx_EFizx31WIDZrePsSpX4bfRurcvRyvNNVdWLaS96JYog)"
    R"("})";

// Made with Python's cryptography 48 (json.dumps with sorted keys is JCS for this document): a P-256 key, and the Ed25519 key
// whose seed is the octets 0 to 31, once with sha-512.
constexpr const char* kEs256 =
    R"({"type":"jss","id":"jss--af892292-c4b4-47eb-9be6-4897ff4b9388","created":"2023-01-10T17:39:31.319Z","modified":"2023-01-)"
    R"(10T17:39:31.319Z","signee":"Example","related_to":"playbook--a0777575-5c4c-4710-9f01-15776103837f","related_version":"20)"
    R"(22-05-18T11:31:31.319Z","hash_algorithm":"sha-256","algorithm":"ES256","public_key":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA)"
    R"(Exe6KU9ttF/tUyJI+/4AJLBTe5T8r3HbocRzQ6pUo6t93Gp2Ahdj7ZlPhnTJsvuUKyAqB/t6Xf6J9AIUgOXujTg==","value":"d-LDjCDFsWz4Mr8qP3zh)"
    R"(I6X1kCP11s08wHeLg2nc4L4HrRU8GlAIupg2EW4zyvboXJlmcePMPcWHxBbMZyMPGA"})";
constexpr const char* kEd25519Sha512 =
    R"({"type":"jss","id":"jss--af892292-c4b4-47eb-9be6-4897ff4b9388","created":"2023-01-10T17:39:31.319Z","modified":"2023-01-)"
    R"(10T17:39:31.319Z","signee":"Example","related_to":"playbook--a0777575-5c4c-4710-9f01-15776103837f","related_version":"20)"
    R"(22-05-18T11:31:31.319Z","hash_algorithm":"sha-512","algorithm":"Ed25519","public_key":"MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y5)"
    R"(0vAmWfk1jCbpQ1fHdyGZBJVMbg=","value":"wZoJj8w3jd0zjeBSZxSoLeIr3OfhsOJZz8py03XDxdzC5gYB6nmOwSyTpu4B-1trUI04uvP3ajSi7wT811)"
    R"(iEAA"})";
constexpr const char* kEd25519 =
    R"({"type":"jss","id":"jss--af892292-c4b4-47eb-9be6-4897ff4b9388","created":"2023-01-10T17:39:31.319Z","modified":"2023-01-)"
    R"(10T17:39:31.319Z","signee":"Example","related_to":"playbook--a0777575-5c4c-4710-9f01-15776103837f","related_version":"20)"
    R"(22-05-18T11:31:31.319Z","hash_algorithm":"sha-256","algorithm":"Ed25519","public_key":"MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y5)"
    R"(0vAmWfk1jCbpQ1fHdyGZBJVMbg=","value":"DkVNUMKucMqNvKogqgWgIAMVJPZHwbYAwx3gNIEYLZD_vrMmQRuznBPg4z_B3bnKA3vRdvt56ib5-xUSqE)"
    R"(FUAg"})";
constexpr const char* kPrivate = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";
constexpr const char* kPublic = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n";

Json with(std::initializer_list<const char*> signatures) {
  Json playbook = *parse_json(kPlaybook);
  JsonArray all;
  for (const char* text : signatures) all.push_back(*parse_json(text));
  playbook.as_object()["signatures"] = std::move(all);
  return playbook;
}

Time at(const char* text) { return *parse_time(text); }
const Time kThen = at("2023-02-01T00:00:00Z");

Verdict only(const Json& playbook, Time now = kThen, const std::vector<std::string>& trusted = {}) {
  const auto verdicts = verify_signatures(playbook, trusted, now);
  FIREBREAK_ASSERT(verdicts.has_value() && verdicts->size() == 1);
  return (*verdicts)[0];
}

TEST(Signature, verifies_the_example_of_the_technical_committee) {
  const Json playbook = with({kOasis});
  EXPECT_EQ(signed_digest(playbook, 0).value_or(""), "973bb6492184e4681b1eab9df1f56926fc1a91582e3529bfd0bfb231e1c51b0a");
  EXPECT_EQ(only(playbook).standing, Standing::kValid) << only(playbook).reason;
  EXPECT_EQ(only(playbook).signee, "ACME Cyber Company");
  const Verdict later = only(playbook, at("2023-06-10T17:39:31.319Z"));
  EXPECT_EQ(later.standing, Standing::kLapsed);
  EXPECT_EQ(later.reason, "it has expired");
}

TEST(Signature, verifies_what_another_library_signed) {
  for (const char* signature : {kEs256, kEd25519, kEd25519Sha512}) EXPECT_EQ(only(with({signature})).standing, Standing::kValid) << signature;
}

TEST(Signature, of_ed25519_is_what_another_library_makes_of_the_same_key) {
  Signer signer{kPrivate, "Example", "", "jss--af892292-c4b4-47eb-9be6-4897ff4b9388", at("2023-01-10T17:39:31.319Z")};
  const auto made = sign_playbook(*parse_json(kPlaybook), signer);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, with({kEd25519}));
}

TEST(Signature, breaks_with_every_change_of_the_playbook_or_of_itself) {
  for (const char* signature : {kOasis, kEs256, kEd25519}) {
    const Json sound = with({signature});
    const Json plain = *parse_json(kPlaybook);
    for (const auto& member : plain.as_object()) {
      Json other = sound;
      other.as_object()[member.key()] = std::string(member.value().as_string()) + "x";
      EXPECT_EQ(only(other).standing, Standing::kBroken) << std::string_view(member.key());
    }
    for (const char* key : {"signee", "created", "related_to", "value"}) {
      Json other = sound;
      Json& value = other.at("signatures").as_array()[0].as_object()[key];
      std::string text(value.as_string());
      text[4] = text[4] == 'A' ? 'B' : 'A';
      value = text;
      EXPECT_EQ(only(other).standing, Standing::kBroken) << key;
    }
  }
}

TEST(Signature, of_one_does_not_hang_on_others) {
  const auto verdicts = verify_signatures(with({kEd25519, kOasis, kEs256}), {kPublic}, kThen);
  ASSERT_TRUE(verdicts);
  ASSERT_EQ(verdicts->size(), 3U);
  for (const Verdict& one : *verdicts) EXPECT_EQ(one.standing, Standing::kValid) << one.algorithm << ": " << one.reason;
  EXPECT_TRUE((*verdicts)[0].trusted);
  EXPECT_FALSE((*verdicts)[1].trusted);
  EXPECT_FALSE((*verdicts)[2].trusted);
}

TEST(Signature, is_never_valid_when_it_was_not_checked) {
  struct Case {
    const char *key, *value, *reason;
  };
  const Case cases[] = {{"algorithm", "\"PS256\"", "algorithm 'PS256' is not supported (RS256, ES256, Ed25519)"},
                        {"public_key", "\"AAAA\"", "it carries no key that can be read (public_key, public_cert_chain)"},
                        {"hash_algorithm", "\"md5\"", "hash algorithm 'md5' is not supported (sha-256, sha-512)"},
                        {"signature", "{}", "countersignatures are not supported"}};
  for (const Case& one : cases) {
    Json playbook = with({kEd25519});
    change(playbook, std::string("/signatures/0/") + one.key, one.value);
    EXPECT_EQ(only(playbook).standing, Standing::kNotChecked) << one.key;
    EXPECT_EQ(only(playbook).reason, one.reason);
  }
  Json mixed = with({kEd25519});
  change(mixed, "/signatures/0/algorithm", "\"RS256\"");
  EXPECT_EQ(only(mixed).standing, Standing::kBroken);
}

TEST(Signature, refuses_what_is_no_key_and_no_playbook) {
  EXPECT_FALSE(verify_signatures(with({kEd25519}), {"no key"}, kThen));
  EXPECT_FALSE(sign_playbook(*parse_json(kPlaybook), {"no key", "x", "", "jss--1", kThen}));
  EXPECT_FALSE(sign_playbook(JsonArray{}, {kPrivate, "x", "", "jss--1", kThen}));
  EXPECT_TRUE(verify_signatures(*parse_json(kPlaybook), {}, kThen)->empty());
  EXPECT_FALSE(signed_digest(with({kEd25519}), 1));
}

}  // namespace
}  // namespace firebreak::cacao
