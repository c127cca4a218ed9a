#include "world/net/mail.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.h"
#include "world/net/mail_receiver_testing.h"

namespace firebreak::net {
namespace {

using firebreak::testing::MailReceiver;

const std::atomic<bool> kGoOn{false};

Mail mail() { return {"firebreak@example.org", "ana@example.org", "SEV-1 on scores", "Somebody attacks.\nCome.\n", "dlv-7@example.org", parse_time("2026-03-07T04:00:00Z").value()}; }
MailServer at(const MailReceiver& receiver) { return {receiver.url(), "", "", "", false, 5'000'000}; }

std::string body_of(const std::string& data) {
  std::string text = data.substr(data.find("\n\n") + 2), out;
  for (char c : text)
    if (c != '\n') out += c;
  std::string octets;
  for (std::size_t line = 0; line < out.size(); line += 76) octets += from_base64(out.substr(line, 76)).value();
  return octets;
}

TEST(Mail, arrives_as_it_was_written) {
  MailReceiver receiver;
  const auto receipt = send_mail(at(receiver), mail(), kGoOn);
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->status, 250);
  EXPECT_EQ(receipt->answer, "250 queued as T1");
  ASSERT_EQ(receiver.got().size(), 1U);
  const auto got = receiver.got()[0];
  EXPECT_EQ(got.to, "<ana@example.org>");
  EXPECT_NE(got.data.find("Subject: SEV-1 on scores\n"), std::string::npos) << got.data;
  EXPECT_NE(got.data.find("Message-ID: <dlv-7@example.org>\n"), std::string::npos);
  EXPECT_NE(got.data.find("Date: Sat, 07 Mar 2026 04:00:00 +0000\n"), std::string::npos);
  EXPECT_EQ(body_of(got.data), mail().text);
}

TEST(Mail, tells_later_from_never_and_from_silence) {
  MailReceiver receiver;
  receiver.reply("RCPT", "451 come again");
  EXPECT_EQ(send_mail(at(receiver), mail(), kGoOn)->status, 451);
  receiver.reply("RCPT", "550 nobody here");
  EXPECT_EQ(send_mail(at(receiver), mail(), kGoOn)->status, 550);
  receiver.reply("RCPT", "250 ok");
  receiver.reply(".", "554 no");
  EXPECT_EQ(send_mail(at(receiver), mail(), kGoOn)->status, 554);
  receiver.reply(".", "drop");
  EXPECT_EQ(send_mail(at(receiver), mail(), kGoOn).error().code, Code::kUnavailable) << "nobody knows whether it was taken";
  EXPECT_TRUE(receiver.got().empty());
  MailServer nowhere = at(receiver);
  nowhere.url = "smtp://127.0.0.1:1";
  EXPECT_EQ(send_mail(nowhere, mail(), kGoOn).error().code, Code::kUnavailable);
}

TEST(Mail, says_nothing_in_the_clear_when_tls_is_required) {
  MailReceiver receiver;
  MailServer server = at(receiver);
  server.tls_required = true;
  server.user = "u";
  server.password = "secret";
  EXPECT_FALSE(send_mail(server, mail(), kGoOn));
  EXPECT_TRUE(receiver.got().empty());
}

TEST(Mail, takes_no_address_that_could_be_more_than_one) {
  for (const std::string& to : {std::string("a@b>\r\nRCPT TO:<eve@example.org"), std::string("a@b, c@d"), std::string("a b@c"), std::string("@c"), std::string("a@"), std::string("a@b@c"), std::string("a@b\n")}) {
    Mail one = mail();
    one.to = to;
    EXPECT_EQ(mail_text(one).error().code, Code::kInvalid) << to;
  }
}

// Whatever stands in subject and text: the same headers, each once, and the text as it was.
RC_GTEST_PROP(Mail, lets_nothing_in_subject_or_text_become_a_header, (const std::string& subject, const std::string& text)) {
  Mail one = mail();
  one.subject = subject + *rc::gen::element<std::string>("", "\r\nBcc: eve@example.org", "\n\n.\r\n", "=?UTF-8?Q?x?=", "\xc3\xa4\xc3\xb6");
  one.text = text + "\r\n.\r\nMAIL FROM:<eve@example.org>";
  const std::string out = mail_text(one).value();
  const std::string head = out.substr(0, out.find("\r\n\r\n"));
  std::vector<std::string> names;
  for (std::size_t from = 0; from < head.size();) {
    const std::size_t end = std::min(head.find("\r\n", from), head.size());
    const std::string line = head.substr(from, end - from);
    RC_ASSERT(line.size() <= 998);
    RC_ASSERT(line.find_first_of("\r\n") == std::string::npos);
    if (!line.starts_with(' ')) names.push_back(line.substr(0, line.find(':')));
    from = end + 2;
  }
  RC_ASSERT(names == (std::vector<std::string>{"Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding"}));
  std::string lines = out.substr(head.size() + 4), data;
  for (std::size_t from = 0; from < lines.size(); from = lines.find("\r\n", from) + 2) data += from_base64(lines.substr(from, lines.find("\r\n", from) - from)).value();
  RC_ASSERT(data == one.text);
}

}  // namespace
}  // namespace firebreak::net
