// Mail against aiosmtpd, which test/counterpart/mail/run.sh starts: it wants STARTTLS and AUTH, and Python's parser says what arrived.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "world/net/mail.h"

namespace firebreak::net {
namespace {

const std::atomic<bool> kGoOn{false};

class RealMail : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const file = std::getenv("FIREBREAK_MAIL");
    if (file == nullptr) GTEST_SKIP() << "test/counterpart/mail/run.sh names a server";
    facts_ = parse_json(read_all(files_, file).value()).value();
  }
  MailServer server() const { return {string_or(facts_, "url"), "firebreak", string_or(facts_, "password"), string_or(facts_, "ca_file"), true, 10'000'000}; }
  std::vector<Json> mails() {
    std::vector<Json> out;
    std::istringstream lines{read_all(files_, string_or(facts_, "mails")).value()};
    for (std::string line; std::getline(lines, line);) out.push_back(parse_json(line).value());
    return out;
  }

  PosixFiles files_;
  Json facts_;
};

TEST_F(RealMail, takes_what_we_send_after_starttls_and_auth_and_reads_what_we_wrote) {
  const std::pair<const char*, const char*> cases[] = {{"SEV-1 on scores", "Come.\n"},
                                                       {"Störung: \xE6\xA8\xA1\xE5\x9E\x8B antwortet falsch, und der Betreff ist viel länger als eine Zeile sein darf", "Grüße\n.\n..\nFrom x\n"},
                                                       {"=?UTF-8?Q?forged?=", "a\r\n.\r\nMAIL FROM:<eve@example.org>\r\n"}};
  for (const auto& [subject, text] : cases) {
    const auto receipt = send_mail(server(), {"fb@example.org", "ana@example.org", subject, text, "dlv-7@example.org", parse_time("2026-03-07T04:00:00Z").value()}, kGoOn);
    ASSERT_TRUE(receipt) << receipt.error().message;
    ASSERT_EQ(receipt->status, 250) << receipt->answer;
    const Json got = mails().back();
    EXPECT_TRUE(bool_or(got, "tls"));
    EXPECT_EQ(string_or(got, "user"), "firebreak");
    EXPECT_EQ(canonical_json(got.at("to")), R"(["ana@example.org"])");
    EXPECT_EQ(string_or(got, "subject"), subject);
    EXPECT_EQ(string_or(got, "message_id"), "<dlv-7@example.org>");
    EXPECT_EQ(int_or(got, "headers"), 9);
    EXPECT_EQ(int_or(got, "defects"), 0);
    std::string plain = text;
    for (std::size_t at = plain.find("\r\n"); at != std::string::npos; at = plain.find("\r\n")) plain.erase(at, 1);
    std::string read = string_or(got, "text");
    for (std::size_t at = read.find("\r\n"); at != std::string::npos; at = read.find("\r\n")) read.erase(at, 1);
    EXPECT_EQ(read, plain);
  }
}

TEST_F(RealMail, gets_nothing_with_a_wrong_password_or_from_a_server_that_nobody_vouches_for) {
  const Mail mail{"fb@example.org", "ana@example.org", "x", "y", "dlv-8@example.org", {}};
  const std::size_t before = mails().size();
  MailServer wrong = server();
  wrong.password = "no";
  const auto refused = send_mail(wrong, mail, kGoOn);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnauthorized);
  MailServer strange = server();
  strange.ca_file.clear();
  EXPECT_FALSE(send_mail(strange, mail, kGoOn)) << "its certificate is its own";
  EXPECT_EQ(mails().size(), before);
}

}  // namespace
}  // namespace firebreak::net
